"""What making a set takes, whatever from: pseudonyms, the parting of patients, a folder that is whole."""

from __future__ import annotations

import hashlib
import hmac
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from acquisition.errors import UserError
from learning.files import TRACES, Entry, Lineage, Part, SetManifest, Traces, save_set, save_traces
from learning.storage import file_hash, full_disk_told, refusal_told

EVALUATE_SHARE = 0.3
"""Of the patients, where nobody says otherwise."""


class Pseudonyms:
    """Names under a key: the same thing has the same name under the same key, and nobody can go back."""

    def __init__(self, key: bytes) -> None:
        """Take the key that stays behind."""
        self._key = key

    def of(self, kind: str, name: str) -> str:
        """16 hexadecimal digits for an `image`, `patient` or `reader`."""
        return hmac.new(self._key, f"{kind}:{name}".encode(), hashlib.sha256).hexdigest()[:16]


def part_patients(
    patient_of: Mapping[str, str], *, labelled: Collection[str], read: Collection[str], share: float
) -> dict[str, Part]:
    """Which patients encoders learn from and which they are judged on.

    Args:
        patient_of: image to patient.
        labelled: images with a label; only their patients can be judged.
        read: images with gaze.
        share: of the patients to evaluate; more where more are labelled but unread, and never so many
            that fewer than half of the read ones are left to learn from.
    """
    patients = sorted(set(patient_of.values()))
    can_judge = {patient_of[image] for image in labelled}
    have_gaze = {patient_of[image] for image in read}
    evaluate = [patient for patient in patients if patient in can_judge - have_gaze]
    n_missing = max(0, round(share * len(patients)) - len(evaluate))
    # Pseudonyms are in no order that means anything: the first are as good as any.
    evaluate += sorted(can_judge & have_gaze)[: min(n_missing, len(have_gaze) // 2)]
    return {patient: "evaluate" if patient in set(evaluate) else "pretrain" for patient in patients}


def refuse_taken(out: Path) -> None:
    """Raise `UserError` where something is at the place of a new set already."""
    if out.exists() and (out.is_file() or any(out.iterdir())):
        raise UserError(f"{out} is there already; choose another --out or delete it.")


@contextmanager
def made_whole(out: Path) -> Iterator[Path]:
    """A folder beside `out` that takes its place once all went well, and is gone otherwise.

    Raises `DiskFull` where there is no space for it, `WriteRefused` where nothing can be written.
    """
    building = out.parent / f".{out.name}.building"
    shutil.rmtree(building, ignore_errors=True)
    try:
        with full_disk_told(out):
            with refusal_told(out.parent):
                (building / "images").mkdir(parents=True)
            yield building
            if out.exists():
                out.rmdir()
            building.rename(out)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def write_manifest(
    folder: Path,
    entries: Sequence[Entry],
    traces: Traces,
    lineage: Lineage,
    *,
    gaze_is_simulated: bool,
    gaze_is_ordered: bool = True,
) -> None:
    """Traces and manifest beside the images, which are there already."""
    save_traces(folder / TRACES, traces)
    files = [TRACES, *(entry.file for entry in entries)]
    manifest = SetManifest(
        gaze_is_simulated=gaze_is_simulated,
        gaze_is_ordered=gaze_is_ordered,
        entries=tuple(entries),
        files={name: file_hash(folder / name) for name in files},
        lineage=lineage,
    )
    save_set(folder, manifest)
