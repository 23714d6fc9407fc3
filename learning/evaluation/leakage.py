"""What must not reach an encoder before it is judged: the patients it is judged on, and their images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from acquisition.errors import UserError
from learning.evaluation.entrants import Arm
from learning.files import RunRecord, SetManifest, load_run
from learning.labels import Labelled


def check_leakage(
    arms: Sequence[Arm], manifest: SetManifest, held_out: Labelled, *, is_declared: bool
) -> bool:
    """Whether an encoder learnt from patients or images it is judged on.

    Args:
        arms: the arms; encoders without a run are taken at their word.
        manifest: the set to judge on.
        held_out: its images that are judged.
        is_declared: somebody said that they know.

    Raises:
        UserError: it did, and that was not declared.
    """
    runs = [(folder, load_run(folder)) for arm in arms for folder in arm.runs]
    found = False
    for folder, record in runs:
        said = _shared_patients(folder, record, held_out) or _shared_images(
            folder, record, manifest, held_out
        )
        if said and not is_declared:
            raise UserError(
                f"{said}; evaluate on the set it was made from, or declare the overlap with "
                "--may-share-patients."
            )
        found = found or bool(said)
    return found


def _shared_patients(folder: Path, record: RunRecord, held_out: Labelled) -> str:
    shared = set(held_out.patients.tolist()) & set(record.patients)
    return f"{folder} learnt from {len(shared)} of the patients it would be judged on" if shared else ""


def _shared_images(folder: Path, record: RunRecord, manifest: SetManifest, held_out: Labelled) -> str:
    """The same picture under two patients, where the encoder learnt from this set."""
    if record.set_sha256 != manifest.sha256:
        return ""
    learnt = {manifest.files.get(entry.file) for entry in manifest.of_part("pretrain")} - {None}
    shared = [entry.id for entry in held_out.entries if manifest.files.get(entry.file) in learnt]
    if not shared:
        return ""
    return (
        f"{folder} learnt from {len(shared)} pictures that it would be judged on, there under another "
        f"patient (for instance {shared[0]})"
    )
