"""How late did schedules fire? From each run's due time until its row was written."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from mooring.adapters.database import Database
from mooring.adapters.tables import runs

MOST = 10_000


class Lateness:
    """The lateness of a database's scheduled runs; what was triggered has none."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def since(self, moment: datetime, *, limit: int = MOST) -> list[float]:
        """Return by how many seconds each was late, of the newest ones written since ``moment``."""
        query = select(runs.c.created_at, runs.c.scheduled_at).where(
            runs.c.created_at >= moment, runs.c.due_key.is_not(None)
        )
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(runs.c.created_at.desc()).limit(limit))
            return [(row.created_at - row.scheduled_at).total_seconds() for row in rows]
