"""Where are runs kept, and which are there?

What the worker that has a run does to it is in ``run_moves``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Update, func, or_, select, tuple_, update

from mooring.adapters.database import insert
from mooring.adapters.repositories.run_moves import ACTIVE, COLUMNS, RunMoves, run_of
from mooring.adapters.repositories.short_ids import row_called, too_short
from mooring.adapters.run_news import announce_runs
from mooring.adapters.tables import PENDING, RUNNING, runs
from mooring.errors import Conflict, NotFound
from mooring.model.installation import Installation
from mooring.model.run import Run, RunStatus

NOT_YET = datetime(9999, 1, 1, tzinfo=UTC)  # for runs that wait until they are released
RESUMABLE = (RunStatus.ERROR.value, RunStatus.TERMINATED.value)


@dataclass(frozen=True, slots=True)
class DueRun:
    """As much of a run that waits to be begun as says whether, and in which epoch, it can be."""

    run_id: str
    epoch: int
    install_id: int
    job: str


class Runs(RunMoves):
    """The runs of one host (engine.ports.RunRepository)."""

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
            "traceparent": self._trace(),
        }
        with self._database.write() as connection:
            added = insert(connection, runs).values(values)
            once = added.on_conflict_do_nothing(index_elements=[runs.c.due_key])
            row = connection.execute(once.returning(*COLUMNS)).one_or_none()
            announce_runs(connection)
        return None if row is None else run_of(row)

    def traceparent(self, run_id: str) -> str | None:
        """Return what names the work that triggered a run, to whoever follows traces."""
        query = select(runs.c.traceparent).where(runs.c.run_id == run_id)
        with self._database.read() as connection:
            return connection.scalar(query)

    def named(self, text: str) -> Run:
        """Return the run whose id begins or ends so.

        Raises NotFound, and UsageError for several.
        """
        query = select(*COLUMNS).order_by(runs.c.created_at.desc())
        row = row_called(self._database, query, runs.c.run_id, text, many="runs")
        if row is not None:
            return run_of(row)
        try:
            return self.get(text)
        except NotFound as error:
            error.hint = f"{too_short(text)}{error.hint}"
            raise

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
            return [run_of(row) for row in connection.execute(query.limit(limit))]

    def claimable(
        self, *, now: datetime, limit: int = 50, without: Collection[tuple[int, str]] = ()
    ) -> list[DueRun]:
        """Return runs that are PENDING and due, longest due first, of other jobs than ``without``.

        What was due when it was written is due, also by a clock that has been set back since. All
        that is read is in the index ``runs_pending``: a state may have megabytes.
        """
        due = or_(runs.c.scheduled_at <= now, runs.c.scheduled_at <= runs.c.created_at)
        ready = or_(runs.c.not_before.is_(None), runs.c.not_before <= now)
        columns = (runs.c.run_id, runs.c.epoch, runs.c.install_id, runs.c.job)
        pending = select(*columns).where(PENDING, due, ready)
        if without:
            of_job = tuple_(runs.c.install_id, runs.c.job)
            pending = pending.where(of_job.not_in(list(without)))
        first = pending.order_by(runs.c.scheduled_at).limit(limit)
        with self._database.read() as connection:
            return [DueRun(*row) for row in connection.execute(first)]

    def count_running(self, install_id: int, job: str) -> int:
        """Return how many runs of an installation's job are RUNNING."""
        of_job = (runs.c.install_id == install_id) & (runs.c.job == job)
        with self._database.read() as connection:
            count = select(func.count()).select_from(runs).where(RUNNING, of_job)
            return int(connection.scalar(count) or 0)

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
            announce_runs(connection)

    def resume(self, run_id: str) -> Run:
        """Let a run go on from its last state that ended in ERROR or was TERMINATED.

        Raises NotFound, and Conflict for one that has not ended, or has ended well.
        """
        again = update(runs).where(runs.c.run_id == run_id, runs.c.status.in_(RESUMABLE))
        # Due as it was, and not from now on: a clock may be set back.
        anew = dict.fromkeys(("error", "worker", "heartbeat_at", "completed_at", "not_before"))
        with self._database.write() as connection:
            resumed = self._changed(
                again.values(
                    status=RunStatus.PENDING.value,
                    epoch=runs.c.epoch + 1,
                    attempt=0,
                    workers_lost=0,
                    **anew,
                )
            )
            announce_runs(connection)
        if resumed is not None:
            return resumed
        found = self.get(run_id)
        if found.status is RunStatus.COMPLETE:
            raise Conflict(
                "The run is COMPLETE: there is nothing left to do in it.",
                where=run_id,
                hint=f"`mooring jobs trigger {found.app_id} {found.job}` starts a new one.",
            )
        raise Conflict(
            f"The run is {found.status.value}: it goes on by itself.",
            where=run_id,
            hint="Only a run that is ERROR or TERMINATED can be resumed.",
        )


def _termination(now: datetime, reason: str | None) -> Update:
    values = {"status": RunStatus.TERMINATED.value, "epoch": runs.c.epoch + 1, "completed_at": now}
    if reason is not None:
        values["error"] = reason
    return update(runs).where(runs.c.status.in_(ACTIVE)).values(values)
