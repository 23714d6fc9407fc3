"""The worklist of one reader, computed from what the store holds. Pure; knows no Qt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from acquisition.domain import Assessment, Case, Image, Reading, ReadingState
from acquisition.gate import Verdict, must_be_reread, verdict


class Progress(StrEnum):
    """How far a reader is with a case."""

    NEW = "new"
    DRAFT = "draft"
    REREAD = "re-read"
    """Committed, but with too little gaze to be used."""
    DONE = "done"


UNREAD = (Progress.NEW, Progress.DRAFT)
FURTHER = tuple(Progress)
"""From the least to the most: a case never falls behind."""


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One line of the worklist. Its number, not its title, is shown: a title may tell the truth."""

    number: int
    case_id: str
    n_images: int
    progress: Progress
    birads: int | None
    is_simulated: bool
    loss: float | None = None
    """Of the reading that counts: the newest good commit, else the newest."""
    longest_gap_s: float | None = None

    @property
    def verdict(self) -> Verdict:
        """On the gaze of the reading that counts."""
        return verdict(self.loss, self.longest_gap_s)


def worklist(
    cases: Sequence[Case],
    images: Sequence[Image],
    readings: Sequence[Reading],
    assessment_of: Callable[[str], Assessment | None],
) -> tuple[WorkItem, ...]:
    """All cases in their order, each as these readings (oldest first) left it."""
    n_images = Counter(image.case_id for image in images)
    items = {
        case.id: WorkItem(number, case.id, n_images[case.id], Progress.NEW, None, case.is_simulated)
        for number, case in enumerate(cases, start=1)
    }
    for reading in readings:
        assessment = assessment_of(reading.id) if reading.state is ReadingState.COMMITTED else None
        if reading.case_id in items:
            birads = assessment.birads if assessment else None
            items[reading.case_id] = _after(items[reading.case_id], reading, birads)
    return tuple(items.values())


def updated(items: Sequence[WorkItem], reading: Reading, birads: int | None) -> tuple[WorkItem, ...]:
    """After one more reading; a case that is done stays done when it is only looked at again."""
    return tuple(_after(item, reading, birads) if item.case_id == reading.case_id else item for item in items)


def progress_of(reading: Reading) -> Progress:
    """What a reading makes of its case."""
    if reading.state is not ReadingState.COMMITTED:
        return Progress.DRAFT
    return Progress.REREAD if must_be_reread(reading) else Progress.DONE


def n_to_reread(items: Sequence[WorkItem]) -> int:
    """How many cases wait for a second reading."""
    return sum(item.progress is Progress.REREAD for item in items)


def _after(item: WorkItem, reading: Reading, birads: int | None) -> WorkItem:
    """The line of a case after one more reading of it."""
    progress = progress_of(reading)
    if FURTHER.index(progress) < FURTHER.index(item.progress):
        return item
    if progress is Progress.DRAFT:
        return replace(item, progress=progress, birads=birads)
    loss, gap_s = reading.loss, reading.longest_gap_s
    return replace(item, progress=progress, birads=birads, loss=loss, longest_gap_s=gap_s)


def step(items: Sequence[WorkItem], current_case_id: str | None, by: int) -> str | None:
    """The case `by` lines further; the first one where none is current, None beyond the ends."""
    index = _index(items, current_case_id)
    target = index + by if index is not None else 0
    return items[target].case_id if 0 <= target < len(items) else None


def next_unread(items: Sequence[WorkItem], after_case_id: str | None) -> str | None:
    """The next case without a commit, from the line after the one given on and around; then the re-reads.

    A case is never read again right after itself: the eye remembers, and what disturbed it is still there.
    """
    index = _index(items, after_case_id)
    start = 0 if index is None else index + 1
    around = [*items[start:], *items[:start]]
    unread = [item.case_id for item in around if item.progress in UNREAD]
    again = [item.case_id for item in around if item.progress is Progress.REREAD]
    return next(iter([*unread, *(case_id for case_id in again if case_id != after_case_id)]), None)


def _index(items: Sequence[WorkItem], case_id: str | None) -> int | None:
    return next((i for i, item in enumerate(items) if item.case_id == case_id), None)
