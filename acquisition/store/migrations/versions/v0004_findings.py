"""What readers say of a finding, and of a case beside its category."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """New columns; of what was marked and concluded before, nothing more was asked."""
    for table, column in (
        ("annotation", sa.Column("descriptors", sa.JSON(), nullable=False, server_default="{}")),
        ("annotation", sa.Column("confidence", sa.Integer())),
        ("annotation", sa.Column("laterality", sa.String(), nullable=False, server_default="")),
        ("annotation", sa.Column("partner_id", sa.String(), nullable=False, server_default="")),
        ("assessment", sa.Column("density", sa.String(), nullable=False, server_default="")),
        ("assessment", sa.Column("answers", sa.JSON(), nullable=False, server_default="{}")),
        ("assessment", sa.Column("template", sa.String(), nullable=False, server_default="")),
    ):
        op.add_column(table, column)
