"""What came of all runs, by app and job? Counters that only grow, whoever ran them and died.

Rows of runs are the source, so no worker has to report anything. What ended is added up once, by
whoever looks first, and its row is marked with the epoch in which it was counted: a run that is
resumed ends again and counts again, with what it did since. What is still active is added live.
Looking costs what is active and what ended since the last look, never the whole history.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CompoundSelect,
    Connection,
    Row,
    bindparam,
    case,
    func,
    select,
    union_all,
    update,
)

from mooring.adapters.database import Database, hold, insert
from mooring.adapters.tables import PENDING, RUNNING, UNCOUNTED, run_totals, runs
from mooring.model.run import RunStatus
from mooring.model.step_times import NONE, added

MOST_AT_ONCE = 10_000  # ended runs; a host that nobody watched before catches up look by look

Job = tuple[str, str]  # app and job
Ended = tuple[str, str, str]  # and how


@dataclass(frozen=True, slots=True)
class Work:
    """What the steps of a job's runs took, and how many of their attempts failed."""

    buckets: tuple[int, ...] = NONE
    milliseconds: float = 0.0
    failures: int = 0

    def plus(self, other: Work, *, sign: int = 1) -> Work:
        """Add another one to it, or take it away."""
        return Work(
            added(self.buckets, other.buckets, sign=sign),
            self.milliseconds + sign * other.milliseconds,
            self.failures + sign * other.failures,
        )

    @classmethod
    def of(cls, statistics: Mapping[str, Any] | None) -> Work:
        """Read the statistics of a run."""
        told = statistics or {}
        return cls(
            tuple(told.get("step_buckets") or NONE),
            float(told.get("step_ms_total", 0)),
            int(told.get("attempts_total", 0)),
        )

    def to_json(self) -> dict[str, Any]:
        """Write it as statistics are written."""
        return {
            "step_buckets": list(self.buckets),
            "step_ms_total": self.milliseconds,
            "attempts_total": self.failures,
        }


@dataclass(frozen=True, slots=True)
class Totals:
    """All there is to tell."""

    ended: Mapping[Ended, int] = field(default_factory=dict)
    work: Mapping[Job, Work] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Queue:
    """The runs of a job that are not over, and since when the first of them could have begun."""

    app_id: str
    job: str
    pending: int
    running: int
    due_since: datetime | None


class RunTotals:
    """The totals of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def look(self, *, limit: int = MOST_AT_ONCE) -> Totals:
        """Add up what ended since the last look, and return everything."""
        with self._database.write() as connection:
            hold(connection, run_totals.name)
            # One statement, so that a run that ends meanwhile is seen either way, and once.
            rows = connection.execute(_moving(limit)).all()
            over = [row for row in rows if row.completed_at is not None]
            _add(connection, over)
            kept = connection.execute(select(run_totals)).all()
        work: dict[Job, Work] = defaultdict(Work)
        for total in kept:
            job = (total.app_id, total.job)
            work[job] = work[job].plus(Work.of(total.work))
        for row in rows:
            if row.completed_at is None:
                work[row.app_id, row.job] = work[row.app_id, row.job].plus(_since_counted(row))
        return Totals({(t.app_id, t.job, t.status): t.ended for t in kept}, dict(work))

    def queues(self, now: datetime) -> list[Queue]:
        """Return what waits and what runs, job by job."""
        due_at = case(
            (runs.c.not_before > runs.c.scheduled_at, runs.c.not_before), else_=runs.c.scheduled_at
        )
        due = case((due_at <= now, due_at))
        of = (runs.c.app_id, runs.c.job)
        waiting = select(*of, func.count(), func.min(due)).where(PENDING).group_by(*of)
        working = select(*of, func.count()).where(RUNNING).group_by(*of)
        with self._database.read() as connection:
            pending = {(app, job): (n, at) for app, job, n, at in connection.execute(waiting)}
            running = {(app, job): n for app, job, n in connection.execute(working)}
        found = []
        for app_id, job in sorted({*pending, *running}):
            count, due_since = pending.get((app_id, job), (0, None))
            found.append(Queue(app_id, job, count, running.get((app_id, job), 0), due_since))
        return found


def _moving(limit: int) -> CompoundSelect[Any]:
    """Select what is not counted yet, newest first, and what is active and has done something."""
    columns = (
        *(runs.c.run_id, runs.c.app_id, runs.c.job, runs.c.status, runs.c.epoch),
        *(runs.c.completed_at, runs.c.statistics, runs.c.counted),
    )
    newest = select(*columns).where(UNCOUNTED).order_by(runs.c.completed_at.desc()).limit(limit)
    return union_all(
        select(newest.subquery()),
        select(*columns).where(RUNNING),
        select(*columns).where(PENDING, runs.c.epoch > 0),
    )


def _since_counted(row: Row[Any]) -> Work:
    """Return what a run did, apart from what was counted when it ended before."""
    return Work.of(row.statistics).plus(Work.of(row.counted), sign=-1)


def _add(connection: Connection, over: Sequence[Row[Any]]) -> None:
    """Add runs that ended to the totals, and mark them as counted."""
    if not over:
        return
    ended: Counter[Ended] = Counter((row.app_id, row.job, row.status) for row in over)
    work: dict[Ended, Work] = defaultdict(Work)
    for row in over:
        key = (row.app_id, row.job, row.status)
        work[key] = work[key].plus(_since_counted(row))
    before = {(t.app_id, t.job, t.status): t for t in connection.execute(select(run_totals))}
    for key, count in ended.items():
        known = before.get(key)
        _write(
            connection,
            key,
            ended=count + (known.ended if known else 0),
            work=work[key].plus(Work.of(known.work if known else None)),
        )
    # Those who are COMPLETE never go on: nothing has to be remembered of what they did.
    connection.execute(
        update(runs)
        .where(runs.c.run_id == bindparam("of_run"))
        .values(counted_epoch=bindparam("of_epoch"), counted=bindparam("did")),
        [
            {
                "of_run": row.run_id,
                "of_epoch": row.epoch,  # It may have been resumed since, and ends once more.
                "did": None
                if row.status == RunStatus.COMPLETE
                else Work.of(row.statistics).to_json(),
            }
            for row in over
        ],
    )


def _write(connection: Connection, key: Ended, *, ended: int, work: Work) -> None:
    names = ("app_id", "job", "status")
    values = {"ended": ended, "work": work.to_json()}
    total = insert(connection, run_totals).values({**dict(zip(names, key, strict=True)), **values})
    connection.execute(total.on_conflict_do_update(index_elements=list(names), set_=values))
