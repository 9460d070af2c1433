"""Keep what driving jobs takes: the jitter of schedules, and when they were reckoned."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Move the schema forward."""
    op.add_column("schedules", sa.Column("jitter", sa.Integer, nullable=False, server_default="0"))
    op.add_column("schedules", sa.Column("reckoned_at", sa.BigInteger))
