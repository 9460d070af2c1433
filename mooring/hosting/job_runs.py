"""How do runs of jobs begin on this host, and how is one driven to its end in this process?"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

from mooring.adapters.executor_locks import somebody_works
from mooring.adapters.home_lock import HomeLock
from mooring.adapters.interruptible_clock import interruptible
from mooring.adapters.repositories.runs_in_hand import lock_of
from mooring.adapters.repositories.runs import DueRun
from mooring.adapters.running_apart import Left, run_apart
from mooring.adapters.watchdog import Limits, Watch, Watchdog
from mooring.engine.stepping import WORKERS_LOST, drive
from mooring.errors import Conflict, LeaseLost, MooringError, NotFound
from mooring.model.installation import Installation, InstallationState
from mooring.model.manifest import JobEntry, Manifest
from mooring.model.run import Run, RunStatus
from mooring.sdk.interruption import Interrupted

if TYPE_CHECKING:
    from mooring.hosting.host import Host

LOOK_EVERY = 0.1  # seconds between looks at a run that another worker has
GIVEN_UP = 70  # what a process ends with whose step does not end


class JobRuns:
    """The runs of one host, triggered and executed."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self.limits = Limits()
        self.leave: Callable[[str], object] = leave

    def trigger(
        self,
        installation: Installation,
        job: str,
        parameters: Mapping[str, Any],
        *,
        reserved: Mapping[str, Any] | None = None,
    ) -> Run:
        """Write a run of a job; ``reserved`` are the host's parameters for it. Raises NotFound."""
        with self._host.tracing.trigger(installation, job):
            jobs = self._host.jobs_of(installation)
            detail = jobs.trigger(job, parameters, reserved=reserved)
        return self._host.runs.get(detail.job_id)

    def resume(self, run_id: str) -> Run:
        """Let a run go on from its last state that failed or was ended.

        Raises NotFound, and Conflict where there is nothing to resume, or the app has gone.
        """
        host, before = self._host, self._host.runs.get(run_id)
        installation = host.installations.get(before.install_id)
        if installation.state is InstallationState.UNINSTALLED:
            raise Conflict(f"{before.app_id} is not installed any more.", where=run_id)
        run = host.runs.resume(run_id, now=host.clock.now())
        was = f"{before.status.value} after {before.steps} steps"
        said = f": {host.masker.hide(before.error)}" if before.error else ""
        host.history.record(
            installation, "resume", message=f"{run.job} {run_id}, which was {was}{said}"
        )
        return run

    def execute(
        self,
        run_id: str,
        *,
        worker: str,
        epoch: int | None = None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> Run:
        """Take a run and drive its job to the end, or to where it must wait. Raises LeaseLost.

        With ``epoch`` only if nobody took it since. When ``stopping`` says yes, the run is given
        back after the present step, or in the middle of it if its job is interruptible.
        """
        host = self._host
        run = host.runs.take(
            run_id,
            worker=worker,
            now=host.clock.now(),
            epoch=epoch,
            limit=self.limit(host.runs.get(run_id)),
        )
        with self.watchdog.watching(run, stopping=stopping) as watch:
            try:
                return run_apart(
                    lambda: self._drive(run, watch, stopping), name=f"run-{run_id}", over=watch.over
                )
            except (Left, Interrupted):
                return self._left(watch)
            except KeyboardInterrupt:  # Ctrl-C at a command; the app's own comes as its failure
                self._left(watch)
                raise

    def limit(self, run: Run | DueRun) -> int | None:
        """Return how many runs of a run's job may be active at once; None for any number."""
        try:
            definition = self._host.definition(self._host.installations.get(run.install_id))
        except MooringError:
            return None  # Executing it says what is wrong, in the run.
        entry = definition.manifest.jobs.get(run.job)
        if entry is None:
            return None
        return entry.concurrency or (1 if entry.overlap == "queue" else None)

    def execute_until_final(
        self, run_id: str, *, waiting: Callable[[Run], object] = lambda run: None
    ) -> Run:
        """Drive a run to its end; where it has to wait, tell ``waiting`` and wait."""
        clock = self._host.clock
        worker = f"here:{socket.gethostname()}:{os.getpid()}"
        run = self._host.runs.get(run_id)
        with self._alive(worker):
            while not run.status.final:
                pause = (run.not_before or clock.now()) - clock.now()
                if pause.total_seconds() > 0:
                    waiting(run)
                    clock.sleep(pause.total_seconds())
                run = self._executed_or_followed(run, worker)
        return run

    @contextmanager
    def stand_in(self) -> Iterator[bool]:
        """Take the place of ``serve`` on this home if none runs; tell whether it was free."""
        lock = HomeLock(self._host.home.lock)
        free = lock.acquire()
        try:
            yield free
        finally:
            if free:
                lock.release()

    @property
    def has_worker(self) -> bool:
        """Whether a process runs the jobs of this host, on whichever machine."""
        with self.stand_in() as free:
            return not free or somebody_works(self._host.database)

    @cached_property
    def watchdog(self) -> Watchdog:
        """What watches the runs of this process; ``limits`` are read when it is first used."""
        host = self._host
        return Watchdog(
            host.runs,
            clock=host.clock,
            log=host.log,
            most_lost=WORKERS_LOST,
            leave=lambda reason: self.leave(reason),
            limits=self.limits,
        )

    def _left(self, watch: Watch) -> Run:
        """Give back the run of a job that was interrupted, unless it has ended elsewhere."""
        runs, run = self._host.runs, watch.run
        try:
            left = runs.postpone(
                run, until=self._host.clock.now(), error=run.error, attempt=run.attempt
            )
        except LeaseLost:
            left = runs.get(run.run_id)
        fields = {"run_id": run.run_id, "app_id": run.app_id, "job": run.job, "steps": left.steps}
        self._host.log.log("info", "job.run.interrupted", {**fields, "status": left.status.value})
        return left

    def _drive(self, run: Run, watch: Watch, stopping: Callable[[], bool]) -> Run:
        host = self._host
        try:
            installation = host.versions.with_job(host.installations.get(run.install_id), run.job)
            invocation = host.invocation(
                installation, entry_point=f"job:{run.job}", run_id=run.run_id
            )
            invocation = interruptible(invocation, watch.interruption)
            invocation, made = host.plans.watched(run, invocation)
            policy = _declared(host.definition(installation).manifest, run.job)
        except MooringError as error:
            said = host.masker.hide(str(error))
            return host.runs.finish(run, RunStatus.ERROR, now=host.clock.now(), error=said)
        tracing = host.tracing

        def work() -> Run:
            return drive(
                run,
                job_class=lambda: made(host.job_class(installation, run.job)),
                invocation=invocation,
                policy=policy,
                repository=host.runs,
                clock=host.clock,
                hide=host.masker.hide,
                observe=lambda changed: host.plugins.hook.mooring_run_changed(run=changed),
                stopping=stopping,
                watch=tracing.steps(run, watch),
            )

        with host.mounted.in_use(installation):
            return tracing.run(run, work, caused_by=lambda: host.runs.traceparent(run.run_id))

    def _alive(self, worker: str) -> AbstractContextManager[object]:
        """Keep the workers on other machines from taking over what this process drives."""
        if not self._host.database.is_postgresql:
            return nullcontext()
        return self._host.database.session_lock(lock_of(worker))

    def _executed_or_followed(self, run: Run, worker: str) -> Run:
        """Execute a run that waits; one that another worker has is left to it."""
        runs = self._host.runs
        if run.status is RunStatus.RUNNING:
            self._host.clock.sleep(LOOK_EVERY)
            return runs.get(run.run_id)
        try:
            return self.execute(run.run_id, worker=worker, epoch=run.epoch)
        except LeaseLost:
            # Somebody ended it meanwhile, or took it, or it waits; its row says which.
            self._host.clock.sleep(LOOK_EVERY)
            return runs.get(run.run_id)


def leave(reason: str) -> NoReturn:
    """End this process, in which a step hangs that nothing else can end."""
    print(f"Given up: {reason}", file=sys.stderr, flush=True)  # noqa: T201  # the last words
    os._exit(GIVEN_UP)


def _declared(manifest: Manifest, job: str) -> JobEntry:
    """Return a job of the manifest. Raises NotFound when it has gone since the run was written."""
    if entry := manifest.jobs.get(job):
        return entry
    app = manifest.meta
    raise NotFound(
        f"{app.app_id} has no job {job} any more (version {app.version}).",
        hint=f"It has: {', '.join(sorted(manifest.jobs)) or 'none'}.",
    )
