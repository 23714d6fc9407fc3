"""What one reader is given to read, out of the catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from acquisition.domain import Reader
from acquisition.reading_plan import day_of
from app.read.worklist import Assignment, WorkItem, case_left, worklist

if TYPE_CHECKING:
    from app.read.ports import ReadingCatalogue


@dataclass(frozen=True, slots=True)
class ReaderList:
    """A reader's list as a sitting finds it."""

    assignment: Assignment
    items: tuple[WorkItem, ...]
    first_case_id: str | None
    """With which to go on: the case left, else the next unread one; None where everything is read."""


def readers(catalogue: ReadingCatalogue, are_simulated: bool) -> list[Reader]:
    """The people who can pick themselves. Raises `StoreError` where the catalogue cannot be read."""
    return [reader for reader in catalogue.readers() if reader.is_simulated == are_simulated]


def reader_list(catalogue: ReadingCatalogue, reader: Reader, today: date | None = None) -> ReaderList:
    """The list of a reader by the plan of the store; today by the calendar of this computer.

    Raises:
        StoreError: the catalogue cannot be read.
    """
    assignment = Assignment(
        catalogue.reading_plan(), reader.pseudonym, today or datetime.now(UTC).astimezone().date()
    )
    sessions = {session.id: session for session in catalogue.sessions()}
    readings = [reading for reading in catalogue.readings() if reading.reader_id == reader.id]
    days = {
        reading.id: day_of(reading, sessions[reading.session_id])
        for reading in readings
        if reading.session_id in sessions
    }
    items = worklist(catalogue.cases(), catalogue.images(), readings, catalogue.assessment, assignment, days)
    return ReaderList(assignment, items, case_left(items, readings[-1].case_id if readings else None))
