"""The worklist of one reader, computed from what the store holds. Pure; knows no Qt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from acquisition.domain import Assessment, Case, Image, Reading, ReadingState


class Progress(StrEnum):
    """How far a reader is with a case."""

    NEW = "new"
    DRAFT = "draft"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One line of the worklist. Its number, not its title, is shown: a title may tell the truth."""

    number: int
    case_id: str
    n_images: int
    progress: Progress
    birads: int | None
    is_simulated: bool


def worklist(
    cases: Sequence[Case],
    images: Sequence[Image],
    readings: Sequence[Reading],
    assessment_of: Callable[[str], Assessment | None],
) -> tuple[WorkItem, ...]:
    """All cases in their order, each with the newest commit, else the draft, among these readings."""
    n_images = Counter(image.case_id for image in images)
    committed = {r.case_id: r for r in readings if r.state is ReadingState.COMMITTED}
    begun = {r.case_id: r for r in readings}
    items = []
    for number, case in enumerate(cases, start=1):
        reading = committed.get(case.id)
        assessment = assessment_of(reading.id) if reading else None
        progress = Progress.DONE if reading else Progress.DRAFT if case.id in begun else Progress.NEW
        birads = assessment.birads if assessment else None
        items.append(WorkItem(number, case.id, n_images[case.id], progress, birads, case.is_simulated))
    return tuple(items)


def updated(
    items: Sequence[WorkItem], case_id: str, progress: Progress, birads: int | None
) -> tuple[WorkItem, ...]:
    """After a reading of one case; what is done stays done when it is only looked at again."""
    return tuple(
        replace(item, progress=progress, birads=birads)
        if item.case_id == case_id and (progress is Progress.DONE or item.progress is not Progress.DONE)
        else item
        for item in items
    )


def step(items: Sequence[WorkItem], current_case_id: str | None, by: int) -> str | None:
    """The case `by` lines further; the first one where none is current, None beyond the ends."""
    index = _index(items, current_case_id)
    target = index + by if index is not None else 0
    return items[target].case_id if 0 <= target < len(items) else None


def next_unread(items: Sequence[WorkItem], after_case_id: str | None) -> str | None:
    """The next case that is not done, searched from the line after the one given, then from the top."""
    index = _index(items, after_case_id)
    start = 0 if index is None else index + 1
    around = [*items[start:], *items[:start]]
    return next((item.case_id for item in around if item.progress is not Progress.DONE), None)


def _index(items: Sequence[WorkItem], case_id: str | None) -> int | None:
    return next((i for i, item in enumerate(items) if item.case_id == case_id), None)
