"""In which order and how often readers read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """One new table; without a row in it all is read once, in the order of the import."""
    op.create_table(
        "reading_plan",
        sa.Column("number", number, autoincrement=True, nullable=False),
        sa.Column("seed", sa.BigInteger()),
        sa.Column("n_readings", sa.BigInteger(), nullable=False),
        sa.Column("washout_days", sa.BigInteger(), nullable=False),
        sa.Column("created_utc", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_reading_plan"),
    )
