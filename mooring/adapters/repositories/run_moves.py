"""Who may write to a run, what does its worker write, and what does it count if a worker is lost?

Every worker that takes a run raises its ``epoch``; all it writes afterwards names that epoch, so a
worker that lost the run finds no row to change and learns it from LeaseLost.

**Workers that are lost** are counted in ``workers_lost``, which a committed step sets back to 0; a
run that has cost three ends in ERROR, for its step is taken for the cause. One is counted

* when a run is taken that its worker left RUNNING (SIGKILL, ``os._exit``, a machine that is gone,
  no heartbeat) and had committed no step of since it took it. A process that dies takes all of its
  runs with it, and nobody can tell which one killed it; one that gets on is never condemned;
* when a worker is given up because a step does not end (adapters.watchdog): for that run alone, the
  others of the worker are given back first.

A run that is given back (a worker that stops, a postponement) costs nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Row,
    Text,
    Update,
    bindparam,
    case,
    func,
    literal,
    literal_column,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from mooring.adapters.clock import SystemClock
from mooring.adapters.columns import to_micros
from mooring.adapters.database import Database, hold
from mooring.adapters.tables import RUNNING, runs
from mooring.errors import LeaseLost, NotFound
from mooring.model.run import Run, RunStatus, Standing
from mooring.sdk.ports import Clock

ACTIVE = tuple(status.value for status in RunStatus if not status.final)
BESIDES = frozenset(  # no part of a Run
    {"due_key", "steps_when_taken", "traceparent", "counted", "counted_epoch"}
)
COLUMNS = tuple(column for column in runs.c if column.name not in BESIDES)


class RunMoves:
    """How runs move on; ``Runs`` is the whole."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock | None = None,
        trace: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._database = database
        self._clock = clock or SystemClock()
        self._trace = trace

    def get(self, run_id: str) -> Run:
        """Return one. Raises NotFound."""
        with self._database.read() as connection:
            row = connection.execute(select(*COLUMNS).where(runs.c.run_id == run_id)).one_or_none()
        if row is None:
            raise NotFound(f"There is no run {run_id}.", hint="`mooring jobs list` shows them.")
        return run_of(row)

    def take(
        self,
        run_id: str,
        *,
        worker: str,
        now: datetime,
        epoch: int | None = None,
        limit: int | None = None,
    ) -> Run:
        """Raise the epoch and mark RUNNING; with ``epoch`` only if that is still the run's.

        Taken from another worker while RUNNING, that one may count as lost (see above). A run that
        would be one more than ``limit`` of its job is not begun, whichever workers run the others.
        Raises NotFound, and LeaseLost if the run waits, is final or somebody else took it since.
        """
        free = [runs.c.run_id == run_id, runs.c.status.in_(ACTIVE)]
        if epoch is not None:
            free.append(runs.c.epoch == epoch)
        # Also a refusal raises the epoch, so that the run can be handed to an engine anew.
        change = update(runs).where(*free).values(epoch=runs.c.epoch + 1)
        with self._database.write() as connection:
            may_begin = limit is None or _has_place(connection, run_id, limit)
            if may_begin:
                change = change.values(**_taking(worker, now))
            row = connection.execute(change.returning(*COLUMNS)).one_or_none()
        if row is not None and may_begin:
            return run_of(row)
        found = self.get(run_id)
        said = f"is {found.status.value} already"
        if not may_begin:
            said = f"waits for a place: its job may have {limit} running"
        raise LeaseLost(f"The run {said} (epoch {found.epoch}).", where=run_id)

    def commit_prepared(self, run: Run, stands: Standing, *, now: datetime) -> Run:
        """Store where it begins, which is no step yet. Raises LeaseLost."""
        return self._commit(_PREPARED, run, stands, now, steps=run.steps)

    def commit_step(self, run: Run, stands: Standing, *, now: datetime) -> Run:
        """Store where it stands after a step, which makes good what failed and was lost before.

        Raises LeaseLost when the epoch moved or the run is final.
        """
        return self._commit(_STEPPED, run, stands, now, **_made_good(run))

    def complete(self, run: Run, stands: Standing, *, now: datetime) -> Run:
        """Store where it stands after the last step and end it in one. Raises LeaseLost."""
        done = {"status": RunStatus.COMPLETE, "completed_at": now}
        return self._commit(_COMPLETED, run, stands, now, **_made_good(run), **done)

    def beat_all(self, held: Collection[Run], *, now: datetime) -> set[str]:
        """Renew the heartbeats of those that are still owned; return their ids."""
        change = update(runs).where(_all_owned(held)).values(heartbeat_at=now)
        with self._database.write() as connection:
            return set(connection.scalars(change.returning(runs.c.run_id)))

    def owned(self, held: Collection[Run]) -> set[str]:
        """Return the ids of those that are still RUNNING under the epoch that is given."""
        with self._database.read() as connection:
            return set(connection.scalars(select(runs.c.run_id).where(_all_owned(held))))

    def warn(self, run: Run, warning: str) -> None:
        """Note on a RUNNING run what its next commit takes off again. Raises LeaseLost."""
        self._fenced(run, error=warning)

    def give_up(self, run: Run, *, now: datetime, error: str, most: int) -> Run:
        """Take a run away from a worker that hangs in it, which counts as one that was lost.

        It waits for another worker then, or has ended in ERROR if it cost ``most``. Raises
        LeaseLost.
        """
        lost = runs.c.workers_lost + 1
        is_last = lost >= most
        moment = literal(now, runs.c.completed_at.type)
        return self._fenced(
            run,
            status=case((is_last, RunStatus.ERROR.value), else_=RunStatus.PENDING.value),
            completed_at=case((is_last, moment), else_=None),
            workers_lost=lost,
            epoch=runs.c.epoch + 1,
            error=error,
            not_before=now,
            worker=None,
            heartbeat_at=now,
        )

    def finish(
        self,
        run: Run,
        status: RunStatus,
        *,
        now: datetime,
        error: str | None = None,
        statistics: Mapping[str, Any] | None = None,
    ) -> Run:
        """End the run. Raises LeaseLost."""
        ended = {"status": status.value, "completed_at": now, "error": error}
        return self._fenced(run, **ended, **_counted(statistics))

    def postpone(
        self,
        run: Run,
        *,
        until: datetime,
        error: str | None,
        attempt: int,
        statistics: Mapping[str, Any] | None = None,
    ) -> Run:
        """Give the run back as PENDING, not before ``until``. Raises LeaseLost.

        Its heartbeat says when that was, should the clock be set back (see ``waiting_runs``).
        """
        return self._fenced(
            run,
            status=RunStatus.PENDING.value,
            not_before=until,
            error=error,
            attempt=attempt,
            worker=None,
            heartbeat_at=self._clock.now(),
            **_counted(statistics),
        )

    def _commit(
        self, statement: Update, run: Run, stands: Standing, now: datetime, **changed: Any
    ) -> Run:
        """Write a commit by a statement that was compiled once: it is the cost of every step."""
        values = {
            "of_run": run.run_id,
            "of_epoch": run.epoch,
            "of_steps": run.steps,
            "new_state": stands.encoded,
            "new_progress": _json(stands.progress),
            "new_statistics": _json(stands.statistics),
            "moment": to_micros(now),
        }
        if self._database.write_one(_sql(statement, self._database.is_postgresql), values) != 1:
            raise _lost(run)
        return replace(
            run,
            state=stands.state,
            progress=stands.progress,
            statistics=stands.statistics,
            heartbeat_at=now,
            **changed,
        )

    def _fenced(self, run: Run, **values: Any) -> Run:
        """Change the run if this worker still owns it."""
        changed = self._changed(update(runs).where(_owned(run.run_id, run.epoch)).values(**values))
        if changed is None:
            raise _lost(run)
        return changed

    def _changed(self, change: Update) -> Run | None:
        with self._database.write() as connection:
            row = connection.execute(change.returning(*COLUMNS)).one_or_none()
        return None if row is None else run_of(row)


def run_of(row: Row[Any]) -> Run:
    """Read one."""
    values = dict(row._mapping)
    return Run(**{**values, "status": RunStatus(values["status"])})


def _lost(run: Run) -> LeaseLost:
    return LeaseLost(
        f"Another worker owns this run, or it ended (epoch {run.epoch} is over).",
        where=run.run_id,
    )


def _taking(worker: str, now: datetime) -> dict[str, Any]:
    got_nowhere = or_(runs.c.steps_when_taken.is_(None), runs.c.steps_when_taken == runs.c.steps)
    was_lost = RUNNING & got_nowhere
    return {
        "status": RunStatus.RUNNING.value,
        "workers_lost": case((was_lost, runs.c.workers_lost + 1), else_=runs.c.workers_lost),
        "steps_when_taken": runs.c.steps,
        "worker": worker,
        "heartbeat_at": now,
        "started_at": func.coalesce(runs.c.started_at, literal(now, runs.c.started_at.type)),
        "not_before": None,
    }


def _has_place(connection: Connection, run_id: str, limit: int) -> bool:
    """Say whether a run may begin, and keep others of its job from it until this is decided."""
    found = connection.execute(
        select(runs.c.install_id, runs.c.job, runs.c.status).where(runs.c.run_id == run_id)
    ).one_or_none()
    if found is None or found.status != RunStatus.PENDING.value:
        return True  # There is none to begin, or it had its place before its worker died.
    hold(connection, f"runs/{found.install_id}/{found.job}")
    of_job = (runs.c.install_id == found.install_id) & (runs.c.job == found.job)
    count = select(func.count()).select_from(runs).where(RUNNING, of_job)
    return int(connection.scalar(count) or 0) < limit


def _owned(run_id: Any, epoch: Any) -> ColumnElement[bool]:
    mine = (runs.c.run_id == run_id) & (runs.c.epoch == epoch)
    owned: ColumnElement[bool] = mine & (runs.c.status == RunStatus.RUNNING.value)
    return owned


def _all_owned(held: Collection[Run]) -> ColumnElement[bool]:
    mine = tuple_(runs.c.run_id, runs.c.epoch).in_([(run.run_id, run.epoch) for run in held])
    owned: ColumnElement[bool] = RUNNING & mine
    return owned


def _counted(statistics: Mapping[str, Any] | None) -> dict[str, Any]:
    return {} if statistics is None else {"statistics": statistics}


def _made_good(run: Run) -> dict[str, Any]:
    return {"steps": run.steps + 1, "attempt": 0, "workers_lost": 0, "error": None}


# -- the commits, compiled once for each kind of database


def _commit_of(**more: Any) -> Update:
    values = {
        "state": bindparam("new_state", type_=Text()),
        "progress": bindparam("new_progress", type_=Text()),
        "statistics": bindparam("new_statistics", type_=Text()),
        **more,
    }
    mine = (runs.c.run_id == bindparam("of_run")) & (runs.c.epoch == bindparam("of_epoch"))
    unchanged = runs.c.steps == bindparam("of_steps")  # a step is stored once, also if told twice
    return update(runs).where(mine, RUNNING, unchanged).values(**values)


_MOMENT = bindparam("moment", type_=BigInteger())
_NOTHING: ColumnElement[Any] = literal_column("NULL")
_ZERO: ColumnElement[Any] = literal_column("0")
_ONE_MORE = runs.c.steps + literal_column("1")
_STEP = {"steps": _ONE_MORE, "attempt": _ZERO, "workers_lost": _ZERO, "error": _NOTHING}
_PREPARED = _commit_of(heartbeat_at=_MOMENT)
_STEPPED = _commit_of(**_STEP, heartbeat_at=_MOMENT)
_COMPLETED = _commit_of(
    **_STEP,
    heartbeat_at=_MOMENT,
    completed_at=_MOMENT,
    status=literal_column(f"'{RunStatus.COMPLETE.value}'"),
)


@cache
def _sql(statement: Update, is_postgresql: bool) -> str:
    """Compile a statement for the driver, with parameters by name."""
    kind: Any = postgresql.dialect if is_postgresql else sqlite.dialect
    return str(statement.compile(dialect=kind(paramstyle="pyformat" if is_postgresql else "named")))


def _json(value: Mapping[str, Any] | None) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()
