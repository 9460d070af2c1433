"""Which runs are RUNNING at the moment, and in whose hand? For those who may take them over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

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
    workers_lost: int = 0
    got_nowhere: bool = False  # no step was committed since it was taken

    @property
    def cost(self) -> int:
        """How many workers it has cost, its present one included if that is dead."""
        return self.workers_lost + self.got_nowhere


class RunsInHand:
    """The runs that some worker of this database has in hand."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[RunInHand]:
        """Return them, oldest heartbeat first."""
        got_nowhere = func.coalesce(runs.c.steps_when_taken, runs.c.steps) == runs.c.steps
        columns = (runs.c.run_id, runs.c.epoch, runs.c.worker, runs.c.heartbeat_at)
        query = select(*columns, runs.c.workers_lost, got_nowhere).where(RUNNING)
        query = query.order_by(runs.c.heartbeat_at).limit(MOST)
        with self._database.read() as connection:
            return [RunInHand(*row) for row in connection.execute(query)]


def lock_of(worker: str) -> str:
    """Name the lock that a worker on PostgreSQL holds for as long as it lives."""
    return f"worker/{worker}"
