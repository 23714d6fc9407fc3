"""The quality of gaze: validations by reader, and the longest gap of a reading."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """One new table, one new column."""
    op.add_column("reading", sa.Column("longest_gap_s", sa.Float()))
    op.create_table(
        "validation",
        sa.Column("number", number, autoincrement=True, nullable=False),
        *(
            sa.Column(name, sa.String(), nullable=False)
            for name in ("id", "session_id", "reader_id", "kind", "utc")
        ),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_validation"),
        sa.UniqueConstraint("id", name="uq_validation_id"),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], name="fk_validation_session_id"),
        sa.ForeignKeyConstraint(["reader_id"], ["reader.id"], name="fk_validation_reader_id"),
    )
    for column in ("session_id", "reader_id"):
        op.create_index(f"ix_validation_{column}", "validation", [column])
