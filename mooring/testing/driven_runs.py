"""Where does a run stand in a test? In memory, as the host's rows keep it: as JSON, epoch by epoch.

``MemoryRun`` is one run, with what a worker does to it; everything before and after that (queues,
schedules, several hosts) is the host's business. A ``MemoryWorker`` drives it by the host's own
loop.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from mooring.engine.ports import DrivenRuns
from mooring.engine.stepping import drive
from mooring.model.manifest import JobEntry, RetryPolicy
from mooring.model.run import Run, RunStatus, Standing
from mooring.sdk.context import Invocation


@dataclass(frozen=True, slots=True)
class Postponement:
    """How long the host put the run off, and why."""

    seconds: float
    reason: str


class MemoryRun:
    """One run; ``states`` holds every state that was committed, the first is that of prepare."""

    def __init__(
        self, job: str, parameters: Mapping[str, Any], *, invocation: Invocation, run_id: str
    ) -> None:
        now, app = invocation.services.clock.now(), invocation.app
        self.states: list[Mapping[str, Any]] = []
        self.row = Run(
            run_id=run_id,
            install_id=app.install_id,
            app_id=app.app_id,
            account=app.tracker_id,
            job=job,
            status=RunStatus.PENDING,
            parameters=_as_kept(parameters),
            state={},
            steps=0,
            epoch=0,
            attempt=0,
            scheduled_at=now,
            created_at=now,
        )

    def take(self, *, now: datetime) -> Run:
        """Begin an epoch; a worker that was lost counts for nothing, for the test took it away."""
        began = self.row.started_at or now
        return self._write(epoch=self.row.epoch + 1, status=RunStatus.RUNNING, started_at=began)

    def get(self, run_id: str) -> Run:
        """Return the run."""
        assert run_id == self.row.run_id, f"this is the run {self.row.run_id} alone"
        return self.row

    def commit_prepared(self, run: Run, stands: Standing, *, now: datetime) -> Run:
        """Keep where it begins, which is no step yet."""
        return self._commit(stands, heartbeat_at=now)

    def commit_step(self, run: Run, stands: Standing, *, now: datetime) -> Run:
        """Keep where it stands after a step; failed attempts before it are made good."""
        done = {"steps": self.row.steps + 1, "attempt": 0, "error": None}
        return self._commit(stands, heartbeat_at=now, **done)

    def complete(self, run: Run, stands: Standing, *, now: datetime) -> Run:
        """Keep where it stands after the last step and end the run in one."""
        self.commit_step(run, stands, now=now)
        return self.finish(run, RunStatus.COMPLETE, now=now)

    def finish(
        self,
        run: Run,
        status: RunStatus,
        *,
        now: datetime,
        error: str | None = None,
        statistics: Mapping[str, Any] | None = None,
    ) -> Run:
        """End the run."""
        counted = statistics or self.row.statistics
        return self._write(status=status, completed_at=now, error=error, statistics=counted)

    def postpone(
        self,
        run: Run,
        *,
        until: datetime,
        error: str | None,
        attempt: int,
        statistics: Mapping[str, Any] | None = None,
    ) -> Run:
        """Give the run back as PENDING, not before ``until``."""
        return self._write(
            status=RunStatus.PENDING,
            not_before=until,
            error=error,
            attempt=attempt,
            statistics=statistics or self.row.statistics,
        )

    def _commit(self, stands: Standing, **changes: Any) -> Run:
        kept: dict[str, Any] = json.loads(stands.encoded)
        self.states.append(kept)
        return self._write(
            state=json.loads(stands.encoded),
            progress=stands.progress,
            statistics=stands.statistics,
            **changes,
        )

    def _write(self, **changes: Any) -> Run:
        self.row = replace(self.row, **changes)
        return self.row


@dataclass(frozen=True, slots=True)
class MemoryWorker:
    """Drives runs of a job on behalf of an installation; waits cost no time.

    ``wait`` lets the time pass until a postponed run goes on.
    """

    job: type[Any]
    invocation: Invocation
    retry: RetryPolicy
    most_steps: int
    wait: Callable[[float], object]

    def drive(self, run: MemoryRun, *, rows: DrivenRuns | None = None) -> Run:
        """Take the run once, and drive it to its end or to where it must wait.

        ``rows`` is what the loop writes to, if that is not the run itself.
        """
        clock = self.invocation.services.clock
        entry_point = f"{self.job.__module__}.{self.job.__name__}"
        return drive(
            run.take(now=clock.now()),
            job_class=lambda: self.job,
            invocation=self.invocation,
            policy=JobEntry(run.row.job, entry_point, "", retry=self.retry),
            repository=rows or run,
            clock=clock,
            hide=lambda text: text,
            observe=lambda changed: None,
            stopping=lambda: run.row.steps >= self.most_steps,
        )

    def drive_to_its_end(
        self, run: MemoryRun, *, rows: DrivenRuns | None = None
    ) -> tuple[Postponement, ...]:
        """Drive the run until it is final; return how often it was put off on the way.

        Raises AssertionError when it has not ended after ``most_steps``.
        """
        clock, postponed = self.invocation.services.clock, list[Postponement]()
        while not self.drive(run, rows=rows).status.final:
            row = run.row
            if row.steps >= self.most_steps:
                raise AssertionError(
                    f"{row.job} did not end within {self.most_steps} steps; its state is "
                    f"{json.dumps(row.state, ensure_ascii=False)}."
                )
            until = row.not_before or clock.now()
            seconds = max((until - clock.now()).total_seconds(), 0.0)
            postponed.append(Postponement(seconds, row.error or ""))
            self.wait(seconds)
        return tuple(postponed)


def _as_kept(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what comes back from a database that keeps JSON."""
    kept: dict[str, Any] = json.loads(json.dumps(values))
    return kept
