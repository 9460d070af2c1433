"""Where are runs kept, and who may write to one?

Every worker that takes a run raises its ``epoch``; all it writes afterwards names that epoch, so a
worker that lost the run finds no row to change and learns it from LeaseLost.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Update,
    case,
    func,
    literal,
    or_,
    select,
    update,
)

from mooring.adapters.clock import SystemClock
from mooring.adapters.database import Database, hold, insert
from mooring.adapters.tables import PENDING, RUNNING, runs
from mooring.errors import LeaseLost, NotFound, UsageError
from mooring.model.installation import Installation
from mooring.model.run import Run, RunStatus
from mooring.sdk.ports import Clock

NOT_YET = datetime(9999, 1, 1, tzinfo=UTC)  # for runs that wait until they are released
ACTIVE = tuple(status.value for status in RunStatus if not status.final)
SHORTEST_PREFIX = 4  # characters of an id that may stand for it
MOST_NAMED = 5
COLUMNS = tuple(column for column in runs.c if column.name != "due_key")


class Runs:
    """The runs of one host (engine.ports.RunRepository)."""

    def __init__(self, database: Database, *, clock: Clock | None = None) -> None:
        self._database = database
        self._clock = clock or SystemClock()

    def create(
        self,
        installation: Installation,
        job: str,
        parameters: Mapping[str, Any],
        *,
        scheduled_at: datetime,
        due_key: str | None = None,
    ) -> Run | None:
        """Write a PENDING run; None when ``due_key`` (one per schedule and due time) exists."""
        values = {
            "run_id": str(uuid4()),
            "install_id": installation.install_id,
            "app_id": installation.app_id,
            "account": installation.account,
            "job": job,
            "status": RunStatus.PENDING.value,
            "parameters": parameters,
            "state": {},
            "steps": 0,
            "epoch": 0,
            "attempt": 0,
            "workers_lost": 0,
            "statistics": {},
            "scheduled_at": scheduled_at,
            "created_at": self._clock.now(),
            "due_key": due_key,
        }
        with self._database.write() as connection:
            added = insert(connection, runs).values(values)
            once = added.on_conflict_do_nothing(index_elements=[runs.c.due_key])
            row = connection.execute(once.returning(*COLUMNS)).one_or_none()
        return None if row is None else _run(row)

    def get(self, run_id: str) -> Run:
        """Return one. Raises NotFound."""
        with self._database.read() as connection:
            row = connection.execute(select(*COLUMNS).where(runs.c.run_id == run_id)).one_or_none()
        if row is None:
            raise NotFound(f"There is no run {run_id}.", hint="`mooring jobs list` shows them.")
        return _run(row)

    def named(self, text: str) -> Run:
        """Return the run whose id begins so. Raises NotFound, and UsageError naming several."""
        if len(text) < SHORTEST_PREFIX:
            return self.get(text)
        begins = runs.c.run_id.startswith(text.lower(), autoescape=True)
        query = select(*COLUMNS).where(begins).order_by(runs.c.created_at.desc())
        with self._database.read() as connection:
            rows = connection.execute(query.limit(MOST_NAMED)).all()
        if not rows:
            return self.get(text)
        if len(rows) > 1:
            raise UsageError(
                f"Several runs begin with {text}.",
                hint=f"Give more of the id: {', '.join(row.run_id for row in rows)}.",
            )
        return _run(rows[0])

    def recent(
        self,
        *,
        app_id: str | None = None,
        account: str | None = None,
        install_id: int | None = None,
        job: str | None = None,
        active: bool = False,
        limit: int = 100,
    ) -> list[Run]:
        """Return runs, newest first."""
        query = select(*COLUMNS).order_by(runs.c.created_at.desc(), runs.c.run_id.desc())
        if active:
            # What waits for a transition may never begin: nobody should count on it.
            query = query.where(runs.c.status.in_(ACTIVE), runs.c.scheduled_at < NOT_YET)
        for column, wanted in (
            (runs.c.app_id, app_id),
            (runs.c.account, account),
            (runs.c.install_id, install_id),
            (runs.c.job, job),
        ):
            if wanted is not None:
                query = query.where(column == wanted)
        with self._database.read() as connection:
            return [_run(row) for row in connection.execute(query.limit(limit))]

    def claimable(self, *, now: datetime, stale_before: datetime, limit: int = 50) -> list[Run]:
        """Return runs to execute, longest due first.

        PENDING and due, or RUNNING with a heartbeat before ``stale_before``. Two queries, for each
        status has an index of its own. What was due when it was written is due, also by a clock
        that has been set back since.
        """
        due = or_(runs.c.scheduled_at <= now, runs.c.scheduled_at <= runs.c.created_at)
        ready = or_(runs.c.not_before.is_(None), runs.c.not_before <= now)
        pending = select(*COLUMNS).where(PENDING, due, ready).order_by(runs.c.scheduled_at)
        stale = select(*COLUMNS).where(RUNNING, runs.c.heartbeat_at < stale_before)
        with self._database.read() as connection:
            rows = [
                *connection.execute(pending.limit(limit)),
                *connection.execute(stale.order_by(runs.c.heartbeat_at).limit(limit)),
            ]
        return sorted(map(_run, rows), key=lambda run: run.scheduled_at)[:limit]

    def count_running(self, install_id: int, job: str) -> int:
        """Return how many runs of an installation's job are RUNNING."""
        of_job = (runs.c.install_id == install_id) & (runs.c.job == job)
        with self._database.read() as connection:
            count = select(func.count()).select_from(runs).where(RUNNING, of_job)
            return int(connection.scalar(count) or 0)

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

        Taken from another worker while RUNNING, it counts as one more failed attempt. A run that
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
            return _run(row)
        found = self.get(run_id)
        said = f"is {found.status.value} already"
        if not may_begin:
            said = f"waits for a place: its job may have {limit} running"
        raise LeaseLost(f"The run {said} (epoch {found.epoch}).", where=run_id)

    def commit_prepared(self, run: Run, state: Mapping[str, Any], *, now: datetime) -> Run:
        """Store the state to begin with, which is no step yet. Raises LeaseLost."""
        return self._fenced(run, state=state, heartbeat_at=now)

    def commit_step(self, run: Run, state: Mapping[str, Any], *, now: datetime) -> Run:
        """Store the state after a step; failed attempts before it are made good.

        Raises LeaseLost when the epoch moved or the run is final.
        """
        return self._fenced(
            run, state=state, steps=runs.c.steps + 1, heartbeat_at=now, attempt=0, error=None
        )

    def complete(self, run: Run, state: Mapping[str, Any], *, now: datetime) -> Run:
        """Store the state after the last step and end the run in one. Raises LeaseLost."""
        return self._fenced(
            run,
            state=state,
            steps=runs.c.steps + 1,
            attempt=0,
            error=None,
            status=RunStatus.COMPLETE.value,
            completed_at=now,
        )

    def beat(self, run: Run, *, now: datetime) -> None:
        """Renew the heartbeat. Raises LeaseLost."""
        self._fenced(run, heartbeat_at=now)

    def finish(
        self, run: Run, status: RunStatus, *, now: datetime, error: str | None = None
    ) -> Run:
        """End the run. Raises LeaseLost."""
        return self._fenced(run, status=status.value, completed_at=now, error=error)

    def postpone(self, run: Run, *, until: datetime, error: str | None, attempt: int) -> Run:
        """Give the run back as PENDING, not before ``until``. Raises LeaseLost."""
        return self._fenced(
            run,
            status=RunStatus.PENDING.value,
            not_before=until,
            error=error,
            attempt=attempt,
            worker=None,
            heartbeat_at=None,
        )

    def terminate(self, run_id: str, *, now: datetime, reason: str | None = None) -> Run:
        """End an active run from outside (raises its epoch); a final one stays. Raises NotFound."""
        ended = self._changed(_termination(now, reason).where(runs.c.run_id == run_id))
        return ended or self.get(run_id)

    def terminate_all(
        self,
        install_id: int,
        *,
        now: datetime,
        reason: str | None = None,
        keep: Collection[str] = (),
    ) -> int:
        """End every active run of an installation, but for jobs in ``keep``; return how many."""
        ours = (runs.c.install_id == install_id) & runs.c.job.not_in(list(keep))
        with self._database.write() as connection:
            return connection.execute(_termination(now, reason).where(ours)).rowcount

    def release(self, run_ids: Collection[str], *, now: datetime) -> None:
        """Let runs begin that were written to wait."""
        waiting = runs.c.run_id.in_(list(run_ids)) & runs.c.status.in_(ACTIVE)
        with self._database.write() as connection:
            connection.execute(update(runs).where(waiting).values(scheduled_at=now))

    def _fenced(self, run: Run, **values: Any) -> Run:
        """Change the run if this worker still owns it."""
        change = update(runs).where(_owned(run)).values(**values)
        changed = self._changed(change)
        if changed is None:
            raise LeaseLost(
                f"Another worker owns this run, or it ended (epoch {run.epoch} is over).",
                where=run.run_id,
            )
        return changed

    def _changed(self, change: Update) -> Run | None:
        with self._database.write() as connection:
            row = connection.execute(change.returning(*COLUMNS)).one_or_none()
        return None if row is None else _run(row)


def _taking(worker: str, now: datetime) -> dict[str, Any]:
    return {
        "status": RunStatus.RUNNING.value,
        "attempt": case((RUNNING, runs.c.attempt + 1), else_=runs.c.attempt),
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


def _owned(run: Run) -> ColumnElement[bool]:
    mine = (runs.c.run_id == run.run_id) & (runs.c.epoch == run.epoch)
    owned: ColumnElement[bool] = mine & (runs.c.status == RunStatus.RUNNING.value)
    return owned


def _termination(now: datetime, reason: str | None) -> Update:
    values = {"status": RunStatus.TERMINATED.value, "epoch": runs.c.epoch + 1, "completed_at": now}
    if reason is not None:
        values["error"] = reason
    return update(runs).where(runs.c.status.in_(ACTIVE)).values(values)


def _run(row: Row[Any]) -> Run:
    values = dict(row._mapping)
    return Run(**{**values, "status": RunStatus(values["status"])})
