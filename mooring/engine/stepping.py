"""How does one run come to its end? Prepare, then step by step, each committed before the next.

Pure over ports. Heartbeats are the caller's (adapters.heartbeat): while a step runs, nothing here
does. Every write is fenced by the run's epoch; LeaseLost means that another worker owns the run or
somebody ended it, and what this one would have written is not wanted any more.
"""

from __future__ import annotations

import copy
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from mooring.engine.calling import call
from mooring.engine.ports import RunRepository
from mooring.engine.retrying import class_for
from mooring.errors import (
    CredentialsRejected,
    EntryPointInvalid,
    LeaseLost,
    MooringError,
    RateLimited,
)
from mooring.model.manifest import JobEntry, RetryPolicy
from mooring.model.run import Run, RunStatus
from mooring.sdk.context import Invocation
from mooring.sdk.job import Job, JobInvocation, JobStatus
from mooring.sdk.ports import Clock

LONGEST_ERROR = 2000  # characters
LONGEST_NUMBER = 8192  # bits; Python writes numbers of 4,300 digits at most
WORKERS_LOST = 3  # so many workers may be lost over one step before it is taken for the cause


class _StateInvalid(MooringError):
    """What a job returned cannot be kept as its state."""


def drive(
    run: Run,
    *,
    job_class: Callable[[], type[Any]],
    invocation: Invocation,
    policy: JobEntry | None,
    repository: RunRepository,
    clock: Clock,
    hide: Callable[[str], str],
    observe: Callable[[Run], object],
    stopping: Callable[[], bool] = lambda: False,
) -> Run:
    """Drive a run that was just taken to its end, or to where it must wait, and return it.

    When ``stopping`` says yes, the run is given back after the present step.
    """
    retry = policy.retry if policy else RetryPolicy()
    driver = _Driver(invocation, retry, repository, clock, hide, observe, stopping)
    return driver.drive(run, job_class)


@dataclass(slots=True)
class _Driver:
    invocation: Invocation
    retry: RetryPolicy
    repository: RunRepository
    clock: Clock
    hide: Callable[[str], str]
    observe: Callable[[Run], object]
    stopping: Callable[[], bool]

    def drive(self, run: Run, job_class: Callable[[], type[Any]]) -> Run:
        resuming = bool(run.steps or run.state)
        self._log("info", "job.run.started", run, resuming=resuming, attempt=run.attempt + 1)
        self._tell(run)
        try:
            ended = self._ended(run, job_class, resuming=resuming)
        except LeaseLost:
            ended = self.repository.get(run.run_id)
            self._log("info", "job.run.let_go", ended, epoch_was=run.epoch)
            return ended
        took = self.clock.now() - (run.started_at or run.created_at)
        level = "error" if ended.status is RunStatus.ERROR else "info"
        self._log(
            level,
            "job.run.finished" if ended.status.final else "job.run.postponed",
            ended,
            error=ended.error,
            not_before=ended.not_before,
            took_ms=_milliseconds(took),
        )
        self._tell(ended)
        return ended

    def _ended(self, run: Run, job_class: Callable[[], type[Any]], *, resuming: bool) -> Run:
        if run.attempt >= max(WORKERS_LOST, self.retry.attempts):
            return self._end_in_error(
                run,
                f"Step {run.steps + 1} was tried {run.attempt} times and each time its worker was "
                "lost. Does it overrun, exhaust the memory or call os._exit?",
            )
        # One cell, for a failure after some steps has to write under what they left.
        current = [run]
        try:
            return self._steps(current, job_class, resuming=resuming)
        except LeaseLost:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001  # whatever app code raises
            return self._failed(current[0], error)

    def _steps(
        self, current: list[Run], job_class: Callable[[], type[Any]], *, resuming: bool
    ) -> Run:
        """Prepare and perform until complete. Raises whatever the app raises, and LeaseLost."""
        job, status = self._prepared(current, job_class, resuming=resuming)
        while not status.complete:
            if self.stopping():
                return self._given_back(current[0])
            began = self.clock.now()
            status = _checked(call(job.perform, status, invocation=self.invocation), "perform")
            now = self.clock.now()
            commit = self.repository.complete if status.complete else self.repository.commit_step
            current[0] = commit(current[0], copy.deepcopy(status.state), now=now)
            took = _milliseconds(now - began)
            self._log("debug", "job.run.step", current[0], step=current[0].steps, took_ms=took)
        if current[0].status.final:
            return current[0]
        return self.repository.finish(current[0], RunStatus.COMPLETE, now=self.clock.now())

    def _prepared(
        self, current: list[Run], job_class: Callable[[], type[Any]], *, resuming: bool
    ) -> tuple[Job, JobStatus]:
        run = current[0]
        wanted = JobInvocation(run.run_id, run.scheduled_at, run.parameters)
        made = class_for(job_class(), run.parameters)
        job: Job = call(made, wanted, invocation=self.invocation)
        before = JobStatus(state=copy.deepcopy(dict(run.state))) if resuming else None
        answer = call(job.prepare, run.parameters, before, resuming, invocation=self.invocation)
        status = _checked(answer, "prepare")
        # So that a crash in the first step resumes from here.
        state = copy.deepcopy(status.state)
        current[0] = self.repository.commit_prepared(run, state, now=self.clock.now())
        return job, status

    def _failed(self, run: Run, error: BaseException) -> Run:
        """End the run in ERROR or put it off, as the error asks."""
        said = self._said(error)
        if isinstance(error, CredentialsRejected):
            # Before the run ends: whoever sees it ended finds what to do.
            self.invocation.on_rejected(error)
        if not isinstance(error, MooringError):
            trace = "".join(traceback.format_exception(error))
            self._log("error", "job.run.raised", run, traceback=trace)
        if isinstance(error, RateLimited):
            # Waiting as asked is no failure, so it costs no attempt.
            wait = max(error.retry_after, 0)
            return self._postponed(run, said, seconds=wait, attempt=run.attempt)
        attempt = run.attempt + 1
        if _is_worth_retrying(error) and attempt < self.retry.attempts:
            seconds = self.retry.backoff_seconds * 2.0 ** min(run.attempt, 60)
            seconds = min(seconds, self.retry.max_backoff_seconds)
            return self._postponed(run, said, seconds=seconds, attempt=attempt)
        return self._end_in_error(run, said)

    def _postponed(self, run: Run, error: str, *, seconds: float, attempt: int) -> Run:
        until = self.clock.now() + timedelta(seconds=seconds)
        return self.repository.postpone(run, until=until, error=error, attempt=attempt)

    def _given_back(self, run: Run) -> Run:
        now = self.clock.now()
        return self.repository.postpone(run, until=now, error=run.error, attempt=run.attempt)

    def _end_in_error(self, run: Run, error: str) -> Run:
        return self.repository.finish(run, RunStatus.ERROR, now=self.clock.now(), error=error)

    def _said(self, error: BaseException) -> str:
        if isinstance(error, MooringError):
            text = str(error)
        else:
            text = f"{type(error).__name__}: {error}".removesuffix(": ")
        return self.hide(text)[:LONGEST_ERROR]

    def _tell(self, run: Run) -> None:
        try:
            self.observe(run)
        except Exception as error:  # noqa: BLE001  # an observer must not cost the run
            said = self.hide(f"{type(error).__name__}: {error}")
            self._log("error", "job.run.observer_failed", run, error=said)

    def _log(self, level: str, event: str, run: Run, **fields: Any) -> None:
        about = {
            "run_id": run.run_id,
            "job": run.job,
            "status": run.status.value,
            "steps": run.steps,
            "epoch": run.epoch,
        }
        line = {**self.invocation.log_fields, **about, **fields}
        self.invocation.services.log.log(level, event, line)


def _is_worth_retrying(error: BaseException) -> bool:
    """Whether the same step may succeed later: it may, unless the error itself says no."""
    return not isinstance(error, MooringError) or error.reaction in ("retry", "retry_after")


def _checked(status: object, method: str) -> JobStatus:
    """Return what a job answered if it is a status with a state of JSON values."""
    if not isinstance(status, JobStatus):
        raise EntryPointInvalid(
            f"{method} returned {_kind(status)}.",
            hint="It must return a JobStatus.",
        )
    state: object = status.state
    wrong = _not_json(state, "state") if isinstance(state, dict) else f"state is {_kind(state)}"
    if wrong:
        raise _StateInvalid(
            f"{method} returned a status whose {wrong}.",
            hint="A state is a map of JSON values: text, numbers, true, false, null, lists, maps.",
        )
    return status


def _not_json(value: object, path: str) -> str | None:
    """Say which part is no JSON value, or return None."""
    if isinstance(value, int) and value.bit_length() > LONGEST_NUMBER:
        return f"{path} is a number of more than {LONGEST_NUMBER} bits"
    if value is None or isinstance(value, (bool, int, str)):
        return None
    if isinstance(value, float):
        return None if abs(value) < float("inf") else f"{path} is {value}"
    if isinstance(value, Mapping):
        if odd := next((key for key in value if not isinstance(key, str)), None):
            return f"{path} has the key {odd!r}, which is {_kind(odd)}"
        parts = ((part, f"{path}.{key}") for key, part in value.items())
    elif isinstance(value, (list, tuple)):
        parts = ((part, f"{path}[{index}]") for index, part in enumerate(value))
    else:
        return f"{path} is {_kind(value)}"
    return next(filter(None, (_not_json(part, where) for part, where in parts)), None)


def _kind(value: object) -> str:
    name = type(value).__name__
    return "None" if value is None else f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def _milliseconds(span: timedelta) -> int:
    return round(span.total_seconds() * 1000)
