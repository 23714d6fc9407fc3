"""What hangs an image: its study's date, its body part, its view in full, and what its millimetres mean."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """New columns of images; those imported before know nothing of them."""
    for name in ("study_date", "body_part", "laterality_from", "view_from"):
        op.add_column("image", sa.Column(name, sa.String(), nullable=False, server_default=""))
    for column in (
        sa.Column("spacing_basis", sa.String(), nullable=False, server_default="unknown"),
        sa.Column("is_upside_down", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("n_frames", sa.BigInteger(), nullable=False, server_default="1"),
        sa.Column("view_modifiers", sa.JSON(), nullable=False, server_default="[]"),
    ):
        op.add_column("image", column)
