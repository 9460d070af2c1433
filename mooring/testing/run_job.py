"""How does a job run in a test? As on the host, to its end, and without waiting for anything.

The host's own loop drives it: state is committed after every step as JSON, what it raises is
retried or ends the run, postponements and waits move the test's clock on at once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from mooring.model.manifest import RetryPolicy
from mooring.model.run import Run, RunStatus
from mooring.sdk.context import Invocation
from mooring.sdk.ports import Clock, HttpPort, HttpRequest, HttpResponse, LogPort
from mooring.testing.driven_runs import MemoryRun, MemoryWorker, Postponement
from mooring.testing.memory import LogLine

RUN_ID = "run-1"
MOST_STEPS = 10_000


@dataclass(frozen=True, slots=True)
class JobRun:
    """A run that came to its end, and what it did on the way there.

    ``states`` are those that were committed, prepare's first; ``waits`` are the seconds that the
    job itself waited, ``postponements`` what the host made of errors; ``lines`` and ``requests``
    are what was logged and asked of other services meanwhile.
    """

    run: Run
    states: tuple[Mapping[str, Any], ...]
    waits: tuple[float, ...]
    postponements: tuple[Postponement, ...]
    lines: tuple[LogLine, ...]
    requests: tuple[HttpRequest, ...]

    @property
    def status(self) -> RunStatus:
        """COMPLETE, ERROR or TERMINATED."""
        return self.run.status

    @property
    def state(self) -> Mapping[str, Any]:
        """The last state that was committed."""
        return self.run.state

    @property
    def steps(self) -> int:
        """How many steps were committed."""
        return self.run.steps

    @property
    def progress(self) -> Mapping[str, Any] | None:
        """The last progress that was committed: done, total, unit and message."""
        return self.run.progress

    @property
    def error(self) -> str | None:
        """Why it ended in ERROR, as `mooring jobs show` says it."""
        return self.run.error

    def logged(self, event: str) -> list[LogLine]:
        """Return the lines of one event."""
        return [line for line in self.lines if line.event == event]

    def completed(self) -> JobRun:
        """Return this run if it is COMPLETE; fail otherwise, showing its error and where it was."""
        if self.status is not RunStatus.COMPLETE:
            state = json.dumps(self.state, ensure_ascii=False)
            raise AssertionError(
                f"{self.run.job} ended in {self.status} after {self.steps} steps: {self.error}\n"
                f"Its last state is {state}."
            )
        return self


@dataclass(frozen=True, slots=True)
class RunJob:
    """Runs jobs on behalf of one installation; the fixture ``run_job`` is one."""

    invocation: Invocation

    def __call__(
        self,
        job: type[Any],
        parameters: Mapping[str, Any] | None = None,
        *,
        retry: RetryPolicy | None = None,
        run_id: str = RUN_ID,
        most_steps: int = MOST_STEPS,
    ) -> JobRun:
        """Run a job to its end; ``retry`` is that of its entry in app.yml.

        Raises AssertionError when it has not ended after ``most_steps``.
        """
        watched = _Watched(self.invocation)
        app = replace(self.invocation.app, entry_point=f"job:{job.__name__}", run_id=run_id)
        invocation = replace(watched.invocation, app=app)
        run = MemoryRun(job.__name__, parameters or {}, invocation=invocation, run_id=run_id)
        worker = MemoryWorker(
            job,
            invocation,
            retry or RetryPolicy(),
            most_steps,
            wait=self.invocation.services.clock.sleep,
        )
        postponements = worker.drive_to_its_end(run)
        return JobRun(
            run=run.row,
            states=tuple(run.states),
            waits=tuple(watched.clock.waits),
            postponements=postponements,
            lines=tuple(watched.log.lines),
            requests=tuple(watched.http.requests),
        )


class _Watched:
    """The services of an invocation, and what goes through three of them."""

    def __init__(self, invocation: Invocation) -> None:
        services = invocation.services
        self.clock = _WatchedClock(services.clock)
        self.log = _WatchedLog(services.log)
        self.http = _WatchedHttp(services.http)
        watched = replace(services, clock=self.clock, log=self.log, http=self.http)
        self.invocation = replace(invocation, services=watched)


class _WatchedClock:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.waits: list[float] = []

    def now(self) -> datetime:
        return self._clock.now()

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self._clock.sleep(seconds)


class _WatchedLog:
    def __init__(self, log: LogPort) -> None:
        self._log = log
        self.lines: list[LogLine] = []

    def log(self, level: str, event: str, fields: Mapping[str, Any]) -> None:
        self.lines.append(LogLine(level, event, dict(fields)))
        self._log.log(level, event, fields)


class _WatchedHttp:
    def __init__(self, http: HttpPort) -> None:
        self._http = http
        self.requests: list[HttpRequest] = []

    def send(self, request: HttpRequest) -> HttpResponse:
        self.requests.append(request)
        return self._http.send(request)
