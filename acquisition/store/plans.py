"""The plan of readings: statements within a transaction. Earlier plans stay; the newest one holds."""

from __future__ import annotations

from dataclasses import asdict

import sqlalchemy as sa

from acquisition.reading_plan import ReadingPlan
from acquisition.store import schema

_plan = schema.reading_plan


def add(connection: sa.Connection, plan: ReadingPlan, utc: str) -> None:
    """From now on this one holds."""
    connection.execute(sa.insert(_plan).values(**asdict(plan), created_utc=utc))


def newest(connection: sa.Connection) -> ReadingPlan:
    """Where none was made, every reader reads all cases once, in the order of the import."""
    row = connection.execute(sa.select(_plan).order_by(_plan.c.number.desc()).limit(1)).mappings().first()
    if row is None:
        return ReadingPlan()
    return ReadingPlan(**{name: row[name] for name in ReadingPlan.__dataclass_fields__})
