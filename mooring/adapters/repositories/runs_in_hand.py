"""Which runs are RUNNING at the moment, and in whose hand? For those who may take them over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from mooring.adapters.database import Database
from mooring.adapters.tables import RUNNING, runs

MOST = 10_000


@dataclass(frozen=True, slots=True)
class RunInHand:
    """What tells one take of a run from the next, and a live one from a dead one."""

    run_id: str
    epoch: int
    worker: str
    heartbeat_at: datetime | None


class RunsInHand:
    """The runs that some worker of this database has in hand."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[RunInHand]:
        """Return them, oldest heartbeat first."""
        columns = (runs.c.run_id, runs.c.epoch, runs.c.worker, runs.c.heartbeat_at)
        query = select(*columns).where(RUNNING).order_by(runs.c.heartbeat_at).limit(MOST)
        with self._database.read() as connection:
            return [RunInHand(*row) for row in connection.execute(query)]


def lock_of(worker: str) -> str:
    """Name the lock that a worker on PostgreSQL holds for as long as it lives."""
    return f"worker/{worker}"
