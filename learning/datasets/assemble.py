"""From what was found in a folder to a pretraining set: the one way that all layouts go."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image as Picture

from acquisition.command_line import Step, say_nothing
from acquisition.errors import UserError
from acquisition.traces import Trace
from learning.datasets.found import FoundImage, NotThisLayout
from learning.datasets.gaze import FoundGaze, NoGaze, match_gaze, on_image
from learning.datasets.parting import Parted, part_whole
from learning.datasets.pixels import Opened, cut, open_image
from learning.files import Entry, Lineage
from learning.graph import Recipe, join_traces, relate_set
from learning.making import (
    EVALUATE_SHARE,
    Pseudonyms,
    made_whole,
    refuse_taken,
    write_manifest,
)
from learning.storage import file_hash

IMAGES_SHARE = 0.7
"""Of the time that a set takes, for the progress bar."""
PSEUDONYMS = "HMAC-SHA256 under a key made of the data set itself: who holds it can go back, nobody else"


@dataclass(frozen=True)
class Assembled:
    """What went into a set."""

    n_images: int
    n_patients: int
    n_evaluate: int
    """Images of the part to evaluate."""
    n_readings: int
    """Traces on images to learn from; gaze on the others stays behind."""
    n_readings_without_image: int
    """Readings whose names fit no image of the data set; they were left out."""
    n_patients_of_both_splits: int
    """Patients whose published splits differ; all their images went to the part to evaluate."""


def assemble(
    images: Sequence[FoundImage],
    out: Path,
    *,
    title: str,
    whole: Sequence[FoundImage] | None = None,
    gaze: Sequence[FoundGaze] | None = None,
    recipe: Recipe | None = None,
    labels: Collection[str] = (),
    evaluate_share: float = EVALUATE_SHARE,
    progress: Step | None = None,
) -> Assembled:
    """Write a pretraining set.

    No patient is in both parts, nor in one part here and in another in a set of other images of `whole`: see
    `learning.datasets.parting`.

    Args:
        images: what was found.
        out: the set's folder; must not be there yet.
        title: of the data set.
        whole: the whole images of the data set, where `images` are crops of them; pseudonyms and parts are
            theirs, so that sets of both have them in common. `images` where left out.
        gaze: readings, joined by the names of images; a set without (None) is for arms without gaze.
        recipe: of the relation graph that a set with gaze gets.
        labels: names of those to take along; all where empty.
        evaluate_share: share of the patients kept for evaluation where no split was published.
        progress: told of the fraction done; whatever it raises stops the work and leaves nothing behind.

    Raises:
        NoGaze: gaze was asked for, and none lies on an image to learn from.
        UserError: for what does not fit together, or a file that is missing or cannot be read.
    """
    refuse_taken(out)
    whole = images if whole is None else whole
    _check(images, whole, labels)
    matched = {} if gaze is None else match_gaze(images, gaze)
    plan = _plan(images, whole, labels, evaluate_share)
    tell = progress or say_nothing
    with made_whole(out) as folder:
        entries, traces = _write_images(folder, images, plan, matched, tell)
        if matched and not traces:
            raise NoGaze(
                "No gaze lies on any image to learn from; compare the split and the frame of the gaze."
            )
        readers = {trace.reader_id for trace in traces}
        lineage = Lineage(
            n_readings=len(traces),
            n_readers=len(readers),
            n_images=len(entries),
            pseudonyms=PSEUDONYMS,
            pixels=f"{title}: 8 bit, DICOM through the display pipeline at the default window of each file",
            split=plan.parted.split,
        )
        joined = join_traces(traces, [t.image_id for t in traces], [t.reader_id for t in traces])
        write_manifest(
            folder,
            entries,
            joined,
            lineage,
            gaze_is_simulated=any(reading.is_simulated for reading in gaze or ()),
            gaze_is_ordered=all(reading.is_ordered for reading in gaze or ()),
        )
        if traces:
            relate_set(
                folder,
                recipe or Recipe(),
                lambda done, message: tell(IMAGES_SHARE + (1 - IMAGES_SHARE) * done, message),
            )
    used = {id(reading) for readings in matched.values() for reading in readings}
    return Assembled(
        n_images=len(entries),
        n_patients=len(set(plan.patients)),
        n_evaluate=sum(entry.part == "evaluate" for entry in entries),
        n_readings=len(traces),
        n_readings_without_image=len(gaze or ()) - len(used),
        n_patients_of_both_splits=len(plan.parted.in_both & set(plan.patients)),
    )


def _check(images: Sequence[FoundImage], whole: Sequence[FoundImage], labels: Collection[str]) -> None:
    needed = {image.path for image in images} | {_first(whole)}
    missing = sorted(path for path in needed if not path.is_file())
    if missing:
        raise NotThisLayout(
            f"{len(missing)} of the images that the data set names are not there, for instance {missing[0]}; "
            "fetch them."
        )
    if strangers := {image.patient for image in images} - {image.patient for image in whole}:
        raise NotThisLayout(
            f"There are crops of patients without a whole image ({len(strangers)}, for instance "
            f"'{min(strangers)}'); check the tables of the data set."
        )
    known = {name for image in images for name in image.labels}
    if unknown := sorted(set(labels) - known):
        told = ", ".join(sorted(known)) or "none"
        raise UserError(f"No image of the data set has a label '{unknown[0]}'; it has {told}.")


@dataclass(frozen=True)
class _Plan:
    """What each image becomes, in their order."""

    pseudonyms: Pseudonyms
    names: tuple[str, ...]
    patients: tuple[str, ...]
    parted: Parted
    labels: tuple[dict[str, str], ...]


def _plan(
    images: Sequence[FoundImage], whole: Sequence[FoundImage], wanted: Collection[str], share: float
) -> _Plan:
    pseudonyms = Pseudonyms(_key(whole))
    return _Plan(
        pseudonyms,
        _names(images, pseudonyms),
        tuple(pseudonyms.of("patient", image.patient) for image in images),
        part_whole(whole, pseudonyms, share),
        tuple(
            {name: value for name, value in image.labels.items() if not wanted or name in wanted}
            for image in images
        ),
    )


def _names(images: Sequence[FoundImage], pseudonyms: Pseudonyms) -> tuple[str, ...]:
    """A pseudonym of each image or crop, wherever the folder lies."""
    above = os.path.commonpath([image.path for image in images])
    seen: Counter[str] = Counter()
    names = []
    for image in images:
        told = f"{image.path.relative_to(above).as_posix()} {image.crop_px}"
        if seen[told] and image.crop_px is None:
            raise UserError(f"{image.path} is listed twice; leave one of the lines out.")
        names.append(pseudonyms.of("image", f"{told} {seen[told]}"))
        seen[told] += 1
    return tuple(names)


def _key(whole: Sequence[FoundImage]) -> bytes:
    """Of the data set itself: the same folder gives the same names, and without it nobody can go back."""
    digest = hashlib.sha256("\n".join(sorted({image.patient for image in whole})).encode())
    digest.update(file_hash(_first(whole)).encode())
    return digest.digest()


def _first(whole: Sequence[FoundImage]) -> Path:
    return min(image.path for image in whole)


def _write_images(
    folder: Path,
    images: Sequence[FoundImage],
    plan: _Plan,
    matched: Mapping[int, Sequence[FoundGaze]],
    tell: Step,
) -> tuple[list[Entry], list[Trace]]:
    entries, traces = [], []
    decoded = lru_cache(maxsize=1)(open_image)
    for index, image in enumerate(images):
        tell(IMAGES_SHARE * index / len(images), f"image {index + 1} of {len(images)}")
        whole = decoded(image.path)
        shown, box_px = whole, whole.frame_px
        if image.crop_px is not None:
            shown, box_px = cut(whole, image.crop_px, image.path)
        entry = _entry(plan, index, shown)
        Picture.fromarray(shown.pixels).save(folder / entry.file)
        entries.append(entry)
        for reading in matched.get(index, ()) if entry.part == "pretrain" else ():
            samples = on_image(reading, whole.size_px, box_px)
            if len(samples):
                reader = plan.pseudonyms.of("reader", reading.reader)
                frames = np.zeros(len(samples), np.int64)
                traces.append(Trace(entry.id, "", reader, samples, shown.size_px, frames))
    return entries, traces


def _entry(plan: _Plan, index: int, shown: Opened) -> Entry:
    name, patient = plan.names[index], plan.patients[index]
    return Entry(
        id=name,
        patient=patient,
        part=plan.parted.parts[patient],
        file=f"images/{name}.png",
        width_px=shown.size_px[0],
        height_px=shown.size_px[1],
        box_px=shown.box_px,
        labels=plan.labels[index],
        is_simulated=shown.is_simulated,
    )
