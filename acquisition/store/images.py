"""Cases, images and labels: statements within a transaction that the catalogue holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from acquisition.domain import Case, Image, Label, Laterality, SpacingBasis
from acquisition.errors import StoreError
from acquisition.store import schema
from acquisition.store.engine import insert, insert_new


def add_case(connection: sa.Connection, case: Case) -> bool:
    """False if a case with this id is there."""
    return insert_new(connection, schema.case, asdict(case))


def add_image(connection: sa.Connection, image: Image) -> bool:
    """False if this frame of this content (or this id) is there."""
    return insert_new(connection, schema.image, asdict(image))


def add_labels(connection: sa.Connection, labels: Sequence[Label]) -> None:
    """A label of the same subject, name and origin is replaced."""
    if not labels:
        return
    statement = insert(connection, schema.label)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["subject_id", "name", "origin"], set_={"value": statement.excluded.value}
        ),
        [asdict(label) for label in labels],
    )


def cases(connection: sa.Connection) -> list[Case]:
    """In worklist order."""
    table = schema.case
    statement = sa.select(table).order_by(table.c.order, table.c.number)
    return [_case(row) for row in connection.execute(statement).mappings()]


def case(connection: sa.Connection, case_id: str) -> Case:
    """Raises `StoreError` where there is none."""
    row = connection.execute(sa.select(schema.case).where(schema.case.c.id == case_id)).mappings().first()
    if row is None:
        raise StoreError(f"The store holds no case {case_id}: import its images first")
    return _case(row)


def images(connection: sa.Connection, case_id: str | None) -> list[Image]:
    """Of one case or of all, in the order of their import."""
    statement = sa.select(schema.image).order_by(schema.image.c.number)
    if case_id is not None:
        statement = statement.where(schema.image.c.case_id == case_id)
    return [_image(row) for row in connection.execute(statement).mappings()]


def image(connection: sa.Connection, image_id: str) -> Image:
    """Raises `StoreError` where there is none."""
    row = connection.execute(sa.select(schema.image).where(schema.image.c.id == image_id)).mappings().first()
    if row is None:
        raise StoreError(f"The store holds no image {image_id}: import it first")
    return _image(row)


def labels(connection: sa.Connection, subject_id: str | None) -> list[Label]:
    """Of one image or case, or all."""
    table = schema.label
    statement = sa.select(table).order_by(table.c.subject_id, table.c.name, table.c.origin)
    if subject_id is not None:
        statement = statement.where(table.c.subject_id == subject_id)
    return [Label(**row) for row in connection.execute(statement).mappings()]


def fields(row: sa.RowMapping) -> dict[str, Any]:
    """The row without its number, ready for a domain type."""
    return {name: value for name, value in row.items() if name != "number"}


def _case(row: sa.RowMapping) -> Case:
    return Case(**fields(row))


def _image(row: sa.RowMapping) -> Image:
    values = fields(row)
    values["laterality"] = Laterality(values["laterality"])
    values["box_px"] = tuple(values["box_px"])
    values["spacing_mm"] = tuple(values["spacing_mm"]) if values["spacing_mm"] else None
    values["spacing_basis"] = SpacingBasis(values["spacing_basis"])
    values["view_modifiers"] = tuple(values["view_modifiers"])
    return Image(**values)
