"""When do jobs fire? The rows behind the scheduler; reading cron is not done here."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, bindparam, delete, select, update

from mooring.adapters.clock import SystemClock
from mooring.adapters.database import Database, bump, insert
from mooring.adapters.tables import schedules
from mooring.model.run import JobSchedule
from mooring.sdk.ports import Clock

SCHEDULES = "schedules"
KEY = (schedules.c.install_id, schedules.c.job)
COLUMNS = tuple(column for column in schedules.c if column.name != "reckoned_at")

# Built once, for on the hour thousands move on.
UNCHANGED = ("install_id", "job", "next_at", "cron", "timezone", "jitter")
ADVANCE = (
    update(schedules)
    .where(*(schedules.c[name] == bindparam(f"known_{name}") for name in UNCHANGED))
    .values(next_at=bindparam("next_at"), reckoned_at=bindparam("reckoned_at"))
)


class Schedules:
    """The schedules of one host (engine.ports.ScheduleRepository)."""

    def __init__(self, database: Database, *, clock: Clock | None = None) -> None:
        self._database = database
        self._clock = clock or SystemClock()

    def put(self, schedule: JobSchedule) -> None:
        """Insert or replace the schedule of one installation's job."""
        values = {column.name: getattr(schedule, column.name) for column in COLUMNS}
        values["reckoned_at"] = self._clock.now()
        with self._database.write() as connection:
            row = insert(connection, schedules).values(values)
            others = {name: row.excluded[name] for name in values if name not in _names(KEY)}
            connection.execute(row.on_conflict_do_update(index_elements=list(KEY), set_=others))
            bump(connection, SCHEDULES)

    def get(self, install_id: int, job: str) -> JobSchedule | None:
        """Return one."""
        found = self._all(select(*COLUMNS).where(_is(install_id, job)))
        return found[0] if found else None

    def of(self, install_id: int) -> list[JobSchedule]:
        """Return an installation's schedules, by job."""
        query = select(*COLUMNS).where(schedules.c.install_id == install_id)
        return self._all(query.order_by(schedules.c.job))

    def due(self, now: datetime, *, limit: int = 100) -> list[JobSchedule]:
        """Return the schedules whose time has come, earliest first."""
        return self._all(_due(now, limit))

    @contextmanager
    def held(self, now: datetime, *, limit: int = 100) -> Iterator[list[JobSchedule]]:
        """Give schedules whose time has come, which no other host gets until the block ends.

        What is written inside of it is stored together, or not at all.
        """
        if not self.due(now, limit=1):
            yield []  # Looking costs no turn at writing.
            return
        with self._database.write():
            # PostgreSQL locks rows, and passes over those that others hold; SQLite has one writer.
            yield self._all(_due(now, limit).with_for_update(skip_locked=True))

    def reckoned_after(self, moment: datetime, *, limit: int = 1000) -> list[JobSchedule]:
        """Return what is due only after ``moment``, as found when a clock showed a later time."""
        later = (schedules.c.next_at > moment) & (schedules.c.reckoned_at > moment)
        return self._all(select(*COLUMNS).where(later).order_by(*KEY).limit(limit))

    def advance(self, schedule: JobSchedule, *, next_at: datetime | None) -> bool:
        """Move on from ``schedule.next_at``; False when another host did it first.

        Also False when the schedule was changed meanwhile: ``next_at`` came of the old one.
        """
        known = {f"known_{name}": getattr(schedule, name) for name in UNCHANGED}
        after = {"next_at": next_at, "reckoned_at": self._clock.now()}
        with self._database.write() as connection:
            return connection.execute(ADVANCE, {**known, **after}).rowcount == 1

    def remove(self, install_id: int, *, jobs: Collection[str] | None = None) -> None:
        """Forget an installation's schedules, or only those of some jobs."""
        ours = schedules.c.install_id == install_id
        if jobs is not None:
            ours &= schedules.c.job.in_(list(jobs))
        with self._database.write() as connection:
            connection.execute(delete(schedules).where(ours))
            bump(connection, SCHEDULES)

    def _all(self, query: Select[Any]) -> list[JobSchedule]:
        with self._database.read() as connection:
            return [_schedule(row) for row in connection.execute(query)]


def _due(now: datetime, limit: int) -> Select[Any]:
    query = select(*COLUMNS).where(schedules.c.next_at <= now)
    return query.order_by(schedules.c.next_at, *KEY).limit(limit)


def _is(install_id: int, job: str) -> ColumnElement[bool]:
    found: ColumnElement[bool] = (schedules.c.install_id == install_id) & (schedules.c.job == job)
    return found


def _names(columns: tuple[Any, ...]) -> frozenset[str]:
    return frozenset(column.name for column in columns)


def _schedule(row: Row[Any]) -> JobSchedule:
    return JobSchedule(**row._mapping)
