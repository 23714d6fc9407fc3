"""The shape of pixels whose size is unknown."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Images imported before keep the squares that they were shown with."""
    op.add_column("image", sa.Column("pixel_aspect", sa.Float(), nullable=False, server_default="1.0"))
