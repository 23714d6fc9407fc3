"""The columns of the two tables of the Learn room."""

from __future__ import annotations

from app.learn.state import JobRow, ReadingRow
from app.rows import Column
from app.texts import Text, say


def reading_columns() -> tuple[Column[ReadingRow], ...]:
    """What the room shows of a reading."""
    return (
        Column(say(Text.COLUMN_CASE), lambda row: row.case),
        Column(say(Text.COLUMN_READER), lambda row: row.reader),
        Column(say(Text.COLUMN_STATE), lambda row: row.state),
        Column(say(Text.COLUMN_SAMPLES), lambda row: f"{row.samples:,}", is_number=True),
        Column(say(Text.COLUMN_LOST), lambda row: row.loss, is_number=True),
        Column(say(Text.COLUMN_GAZE), lambda row: row.kind),
    )


def job_columns() -> tuple[Column[JobRow], ...]:
    """What the room shows of a job."""
    return (
        Column(say(Text.COLUMN_JOB), lambda row: row.title),
        Column(say(Text.COLUMN_STATE), lambda row: row.state),
        Column(say(Text.COLUMN_PROGRESS), lambda row: f"{row.percent} %", is_number=True),
        Column(say(Text.COLUMN_DOING), lambda row: row.message),
    )
