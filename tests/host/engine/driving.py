"""A bench on which jobs are driven in tests, and a job of three steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mooring.adapters.repositories.runs import Runs
from mooring.engine.stepping import drive
from mooring.model.installation import Installation
from mooring.model.manifest import JobEntry, RetryPolicy
from mooring.model.run import Run, RunStatus
from mooring.sdk import Job, JobStatus
from mooring.testing.clock import START
from mooring.testing.memory import MemoryApp

THREE_TRIES = JobEntry(
    "sync", "Sync", "", retry=RetryPolicy(attempts=3, backoff_seconds=10, max_backoff_seconds=15)
)


class Pages(Job):
    """Three steps; notes what it was called with."""

    calls: list[tuple[Any, ...]] = []  # noqa: RUF012  # emptied before every test

    def prepare(
        self, params: Mapping[str, Any], status: JobStatus | None = None, resuming: bool = False
    ) -> JobStatus:
        self.calls.append(("prepare", dict(params), status and dict(status.state), resuming))
        return status or JobStatus({"page": 0})

    def perform(self, status: JobStatus) -> JobStatus:
        page = status.state["page"] + 1
        self.calls.append(("perform", page))
        self.on_page(page)
        status.state["page"] = page  # in place, as apps do
        status.complete = page == 3
        return status

    def on_page(self, page: int) -> None:
        """What else happens on a page."""


class Bench:
    """Takes runs and drives them, as the host does."""

    def __init__(self, app: MemoryApp, runs: Runs, installation: Installation) -> None:
        self.app = app
        self.runs = runs
        self.installation = installation
        self.observed: list[RunStatus] = []

    def new(self, parameters: Mapping[str, Any] | None = None) -> str:
        made = self.runs.create(self.installation, "sync", parameters or {}, scheduled_at=START)
        assert made is not None
        return made.run_id

    def take(self, run_id: str, *, epoch: int | None = None) -> Run:
        return self.runs.take(run_id, worker="w", now=self.app.clock.now(), epoch=epoch)

    def drive(self, run_id: str, job: type[Any], **more: Any) -> Run:
        return self.drive_taken(self.take(run_id), job, **more)

    def drive_taken(self, run: Run, job: type[Any], **more: Any) -> Run:
        arguments: dict[str, Any] = {
            "job_class": lambda: job,
            "invocation": self.app.invocation,
            "policy": THREE_TRIES,
            "repository": self.runs,
            "clock": self.app.clock,
            "hide": lambda text: text.replace("hunter22", "•••"),
            "observe": lambda run: self.observed.append(run.status),
        }
        return drive(run, **{**arguments, **more})

    def events(self) -> list[str]:
        return [line.event for line in self.app.log.lines]


def failing(*errors: Callable[[], BaseException]) -> type[Pages]:
    """Make a job whose second page fails with these, one after the other."""
    left = list(errors)

    class Failing(Pages):
        def on_page(self, page: int) -> None:
            if page == 2 and left:
                raise left.pop(0)()

    return Failing
