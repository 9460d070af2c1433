"""How does one run come to its end? Prepare, then step by step, each committed before the next.

Pure over ports. Heartbeats and limits are the caller's (adapters.watchdog): while a step runs,
nothing here does. Every write is fenced by the run's epoch; LeaseLost means that another worker
owns the run or somebody ended it, and what this one would have written is not wanted any more.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import msgspec

from mooring.engine.calling import call
from mooring.engine.failures import OUR_DATABASE, End, PutOff, SetAside, reaction_to
from mooring.engine.letter_retry import class_for
from mooring.engine.ports import DrivenRuns, StepWatch
from mooring.engine.run_statistics import Tally
from mooring.engine.states import checked, standing
from mooring.errors import (
    CredentialsRejected,
    LeaseLost,
    MooringError,
    RecordRefused,
    in_words,
)
from mooring.model.app_frames import place_in_app
from mooring.model.manifest import JobEntry, RetryPolicy
from mooring.model.run import Run, RunStatus, Standing
from mooring.sdk.context import Invocation
from mooring.sdk.interruption import Interrupted
from mooring.sdk.job import Job, JobInvocation, JobStatus, Progress
from mooring.sdk.ports import Clock

LONGEST_ERROR = 2000  # characters
LOOK_AGAIN = 0.5  # seconds, while the database is away
WORKERS_LOST = 3  # so many workers may be lost over one step before it is taken for the cause


class _Unwatched:
    def enters(self, run: Run, job: Job | None) -> None:
        """Nobody watches."""

    leaves = staticmethod(lambda: None)


UNWATCHED = _Unwatched()


def drive(
    run: Run,
    *,
    job_class: Callable[[], type[Any]],
    invocation: Invocation,
    policy: JobEntry | None,
    repository: DrivenRuns,
    clock: Clock,
    hide: Callable[[str], str],
    observe: Callable[[Run], object],
    stopping: Callable[[], bool] = lambda: False,
    watch: StepWatch = UNWATCHED,
) -> Run:
    """Drive a run that was just taken to its end, or to where it must wait, and return it.

    When ``stopping`` says yes, the run is given back after the present step. Raises Interrupted
    once its code was told to end in the middle of one.
    """
    retry = policy.retry if policy else RetryPolicy()
    tally = Tally(run.statistics, run.progress)
    driver = _Driver(
        invocation, retry, repository, clock, hide, observe, stopping, watch, tally, run
    )
    return driver.drive(job_class)


@dataclass(slots=True)
class _Driver:
    invocation: Invocation
    retry: RetryPolicy
    repository: DrivenRuns
    clock: Clock
    hide: Callable[[str], str]
    observe: Callable[[Run], object]
    stopping: Callable[[], bool]
    watch: StepWatch
    tally: Tally
    run: Run  # as it was committed last
    stands: Standing | None = None  # what that commit kept
    set_aside: int = 0  # records, since the last committed step

    def drive(self, job_class: Callable[[], type[Any]]) -> Run:
        run = self.run
        resuming = bool(run.steps or run.state)
        self._log("info", "job.run.started", run, resuming=resuming, attempt=run.attempt + 1)
        self._tell(run)
        try:
            ended = self._ended(job_class, resuming=resuming)
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
            took_ms=round(took / timedelta(milliseconds=1)),
        )
        self._tell(ended)
        return ended

    def _ended(self, job_class: Callable[[], type[Any]], *, resuming: bool) -> Run:
        if self.run.workers_lost >= WORKERS_LOST:
            return self._end_in_error(lost_with(self.run))
        try:
            return self._steps(job_class, resuming=resuming)
        except (LeaseLost, Interrupted):
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001  # whatever app code raises
            return self._failed(error)

    def _steps(self, job_class: Callable[[], type[Any]], *, resuming: bool) -> Run:
        """Prepare and perform until complete. Raises whatever the app raises, and LeaseLost."""
        job, status = self._prepared(job_class, resuming=resuming)
        while not status.complete:
            if self.stopping():
                return self._given_back()
            began = self.clock.now()
            try:
                status = checked(self._call(job, job.perform, status), "perform")
            except RecordRefused as refused:
                status = self._without_record(refused)
                continue
            took = self.tally.step(self.clock.now() - began)
            self._commit(status, "perform")
            fields = {"step": self.run.steps, "took_ms": round(took)}
            self._log("debug", "job.run.step", self.run, **fields)
        if self.run.status.final:
            return self.run
        return self._stored(self.repository.finish, RunStatus.COMPLETE, now=self.clock.now())

    def _prepared(
        self, job_class: Callable[[], type[Any]], *, resuming: bool
    ) -> tuple[Job, JobStatus]:
        run = self.run
        wanted = JobInvocation(run.run_id, run.scheduled_at, run.parameters)
        made = class_for(job_class(), run.parameters)
        job: Job = self._call(None, made, wanted)
        before = self._last_status() if resuming else None
        answer = self._call(job, job.prepare, run.parameters, before, resuming)
        status = checked(answer, "prepare")
        # So that a crash in the first step resumes from here.
        stands = self._standing(status, "prepare")
        self.run = self._stored(self.repository.commit_prepared, stands, now=self.clock.now())
        self.stands = stands
        return job, status

    def _call(self, job: Job | None, method: Callable[..., Any], *given: Any) -> Any:
        self.invocation.log_fields["step"] = self.run.steps + 1  # in every line of the app's
        self.watch.enters(self.run, job)
        try:
            return call(method, *given, invocation=self.invocation)
        finally:
            self.watch.leaves()

    def _commit(self, status: JobStatus, method: str) -> None:
        stands = self._standing(status, method)
        commit = self.repository.complete if status.complete else self.repository.commit_step
        self.run = self._stored(commit, stands, now=self.clock.now())
        self.stands, self.set_aside = stands, 0

    def _standing(self, status: JobStatus, method: str) -> Standing:
        self.tally.counts(status.progress, now=self.clock.now())
        return standing(status, method, statistics=self.tally.kept())

    def _stored(self, write: Callable[..., Run], *given: Any, **options: Any) -> Run:
        """Write to the run's row; as long as the database is away, wait. Raises LeaseLost."""
        was_away = False
        while True:
            try:
                return write(self.run, *given, **options)
            except OUR_DATABASE as away:
                if not was_away:
                    self._log("warn", "job.run.database_away", self.run, error=str(away))
                was_away = True
                self.clock.sleep(LOOK_AGAIN)
            except LeaseLost:
                if was_away and (found := self._stored_unheard()):
                    return found
                raise

    def _stored_unheard(self) -> Run | None:
        """Return the run if its step was stored, and the answer was lost with the connection."""
        found, run = self.repository.get(self.run.run_id), self.run
        is_ours = (found.epoch, found.steps) == (run.epoch, run.steps + 1)
        return found if is_ours else None

    def _last_status(self) -> JobStatus:
        """Make the status that was committed last anew: the job may have changed its own."""
        encoded = self.stands.encoded if self.stands else msgspec.json.encode(dict(self.run.state))
        kept = self.run.progress
        return JobStatus(msgspec.json.decode(encoded), False, Progress(**kept) if kept else None)

    def _without_record(self, refused: RecordRefused) -> JobStatus:
        """Set a record aside that the step refused, and return the status to repeat it with.

        Raises the error again if it is one too many.
        """
        run = self.run
        if not isinstance(self._reaction(refused), SetAside):
            raise refused
        reason = self.hide(str(refused))
        letters = self.invocation.services.dead_letters
        letters.set_aside(
            job=run.job, run_id=run.run_id, key=refused.key, record=refused.record, reason=reason
        )
        self.set_aside += 1
        # By the letter and not by its key, which may be somebody's address: logs are kept long.
        kept = [each.letter_id for each in letters.of(job=run.job, keys=[refused.key]).values()]
        self._log("warn", "job.run.record_set_aside", run, letters=kept, reason=reason)
        return self._last_status()

    def _reaction(self, error: BaseException) -> PutOff | SetAside | End:
        return reaction_to(
            error, retry=self.retry, attempt=self.run.attempt, set_aside=self.set_aside
        )

    def _failed(self, error: BaseException) -> Run:
        """End the run in ERROR or put it off, as the error asks."""
        run, said = self.run, self._said(error)
        if isinstance(error, CredentialsRejected):
            # Before the run ends: whoever sees it ended finds what to do.
            self.invocation.on_rejected(error)
        if not isinstance(error, MooringError):
            trace = "".join(traceback.format_exception(error))
            self._log("error", "job.run.raised", run, error=said, traceback=trace)
        reaction = self._reaction(error)
        if isinstance(reaction, PutOff):
            self.tally.failed(waits=reaction.seconds)
            return self._postponed(said, seconds=reaction.seconds, attempt=reaction.attempt)
        self.tally.failed()
        return self._end_in_error(said + (reaction.because if isinstance(reaction, End) else ""))

    def _postponed(self, error: str, *, seconds: float, attempt: int) -> Run:
        return self._stored(
            self.repository.postpone,
            until=self.clock.now() + timedelta(seconds=seconds),
            error=error,
            attempt=attempt,
            statistics=self.tally.kept(),
        )

    def _given_back(self) -> Run:
        run, now = self.run, self.clock.now()
        return self._stored(
            self.repository.postpone, until=now, error=run.error, attempt=run.attempt
        )

    def _end_in_error(self, error: str) -> Run:
        return self._stored(
            self.repository.finish,
            RunStatus.ERROR,
            now=self.clock.now(),
            error=error,
            statistics=self.tally.kept(),
        )

    def _said(self, error: BaseException) -> str:
        said = self.hide(in_words(error))[:LONGEST_ERROR]
        place = "" if isinstance(error, MooringError) else place_in_app(error)
        return f"{said} ({place})" if place else said

    def _tell(self, run: Run) -> None:
        try:
            self.observe(run)
        except Exception as error:  # noqa: BLE001  # an observer must not cost the run
            said = self.hide(in_words(error))
            self._log("error", "job.run.observer_failed", run, error=said)

    def _log(self, level: str, event: str, run: Run, **fields: Any) -> None:
        line = {**self.invocation.log_fields, **run.log_fields, **fields}
        self.invocation.services.log.log(level, event, line)


def lost_with(run: Run) -> str:
    """Say why a run ends that cost as many workers as any may."""
    times = "3 times" if run.workers_lost == WORKERS_LOST else f"{run.workers_lost} times"
    return (
        f"Step {run.steps + 1} was tried {times} and each time its worker was lost. "
        "Does it overrun, exhaust the memory or call os._exit?"
    )
