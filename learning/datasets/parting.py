"""Which patients of a data set encoders learn from, and which they are judged on.

A patient's part is the same in every set that is made of one data set, of whole images or crops, with gaze
or without, whatever labels are taken along: an encoder of one set can be judged on another. So it hangs on
nothing but the whole images of the data set and, where no split was published, on the patient's pseudonym.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from learning.datasets.found import FoundImage
from learning.files import Part
from learning.making import Pseudonyms

PUBLISHED_SPLIT = "as published; patients in both parts are for evaluation"


@dataclass(frozen=True)
class Parted:
    """The parts of a data set."""

    parts: Mapping[str, Part]
    """By pseudonym of the patient."""
    split: str
    """In words."""
    in_both: frozenset[str]
    """Pseudonyms of patients whose published splits differ; they are for evaluation."""


def part_whole(whole: Sequence[FoundImage], pseudonyms: Pseudonyms, share: float) -> Parted:
    """The part of every patient.

    Args:
        whole: the images of the data set, not their crops.
        pseudonyms: of the data set.
        share: of the patients to evaluate where no split was published; half of them at most.
    """
    patients = [pseudonyms.of("patient", image.patient) for image in whole]
    if any(image.part for image in whole):
        return _published(patients, [image.part for image in whole])
    labelled = {patient for patient, image in zip(patients, whole, strict=True) if image.labels}
    split = f"by patient, whether read or not; evaluate: up to {share:.0%} of the patients, if labelled"
    return Parted(_drawn(set(patients), labelled, share), split, frozenset())


def _published(patients: Sequence[str], published: Sequence[Part | None]) -> Parted:
    evaluate = {name for name, part in zip(patients, published, strict=True) if part == "evaluate"}
    others = {name for name, part in zip(patients, published, strict=True) if part != "evaluate"}
    return Parted(_parts(set(patients), evaluate), PUBLISHED_SPLIT, frozenset(evaluate & others))


def _drawn(patients: Collection[str], labelled: Collection[str], share: float) -> dict[str, Part]:
    n_evaluate = min(round(share * len(patients)), len(patients) // 2)
    # Pseudonyms are in no order that means anything: the first are as good as any.
    return _parts(patients, set(sorted(labelled)[:n_evaluate]))


def _parts(patients: Collection[str], evaluate: Collection[str]) -> dict[str, Part]:
    return {name: "evaluate" if name in evaluate else "pretrain" for name in patients}
