"""How do runs of jobs begin on this host, and how is one driven to its end in this process?"""

from __future__ import annotations

import os
import secrets
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

from mooring.adapters.executor_locks import (
    COMMAND_OF,
    ExecutorLocks,
    Locks,
    LocksOfHome,
    somebody_works,
)
from mooring.adapters.home_lock import Holder, HomeLock
from mooring.adapters.interruptible_clock import interruptible
from mooring.adapters.repositories.runs import DueRun
from mooring.adapters.running_apart import Left, run_apart
from mooring.adapters.watchdog import Limits, Watch, Watchdog
from mooring.engine.failures import AFTER_OUTAGE, OUR_DATABASE
from mooring.engine.stepping import LOOK_AGAIN, WORKERS_LOST, drive
from mooring.errors import Conflict, HomeUnusable, LeaseLost, MooringError, NotFound
from mooring.model.installation import Installation, InstallationState
from mooring.model.manifest import JobEntry, Manifest
from mooring.model.run import Run, RunStatus
from mooring.sdk.interruption import Interrupted

if TYPE_CHECKING:
    from mooring.hosting.host import Host

LOOK_EVERY = 0.1  # seconds between looks at a run that another worker has, or that waits
ELSEWHERE_WITHIN = 30.0  # seconds; then this machine tries again what it could not begin
WAITING = "mooring jobs … --wait"  # who has a home's lock to execute one run
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
        run = host.runs.resume(run_id)
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
        """Return how many runs of a run's job may be active at once; None for any number.

        Raises DatabaseAway and DatabaseBusy: nothing is to begin then.
        """
        try:
            definition = self._host.definition(self._host.installations.get(run.install_id))
        except OUR_DATABASE:
            raise
        except MooringError:
            return 1  # Executing it says what is wrong, in the run; until then, no more than any.
        entry = definition.manifest.jobs.get(run.job)
        if entry is None:
            return None
        return entry.concurrency or (1 if entry.overlap == "queue" else None)

    def execute_until_final(
        self, run_id: str, *, waiting: Callable[[Run], object] = lambda run: None
    ) -> Run:
        """Follow a run to its end; execute it here when it is due and no other process can.

        Each time that it is put off, ``waiting`` is told; others have this home's lock until then.
        """
        clock, runs = self._host.clock, self._host.runs
        run, told = runs.get(run_id), None
        with self._locks() as (worker, locks):
            while not run.status.final:
                waits = run.not_before is not None and run.not_before > clock.now()
                if waits and told != run.not_before:
                    waiting(run)
                    told = run.not_before
                if not waits and run.status is not RunStatus.RUNNING and locks.is_held:
                    self._executed_here(run, worker)
                run = self._stored(lambda: runs.get(run_id))
                if not run.status.final:
                    clock.sleep(LOOK_EVERY)
        return run

    @contextmanager
    def stand_in(self, *, command: str = "") -> Iterator[bool]:
        """Take the place of ``serve`` on this home if none runs; tell whether it was free.

        Whoever stays for long says with ``command`` who it is.
        """
        lock = HomeLock(self._host.home.lock, command=command)
        free = lock.acquire()
        try:
            yield free
        finally:
            if free:
                lock.release()

    @property
    def has_worker(self) -> bool:
        """Whether a process runs the jobs of this host, on whichever machine."""
        if self._host.database.is_postgresql:
            return somebody_works(self._host.database)
        with self.stand_in() as free:
            return not free

    @property
    def holder(self) -> Holder | None:
        """Who has this home to run jobs on, if somebody has and said so."""
        with self.stand_in() as free:
            return None if free else HomeLock(self._host.home.lock).holder()

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
        self._host.log.log("info", "job.run.interrupted", left.log_fields)
        return left

    def _drive(self, run: Run, watch: Watch, stopping: Callable[[], bool]) -> Run:
        """Drive a run, or put it off if it cannot be begun here at present. Raises LeaseLost."""
        try:
            return self._driven(run, watch, stopping)
        except LeaseLost:
            raise
        except OUR_DATABASE as away:
            return self._put_off(run, away, seconds=AFTER_OUTAGE)
        except MooringError as error:
            if isinstance(error, HomeUnusable) or self._lacks_files(run, error):
                return self._put_off(run, error, seconds=ELSEWHERE_WITHIN)
            host, said = self._host, self._host.masker.hide(str(error))
            return self._stored(
                lambda: host.runs.finish(run, RunStatus.ERROR, now=host.clock.now(), error=said)
            )

    def _lacks_files(self, run: Run, error: MooringError) -> bool:
        """Whether what was not found are the app's files, which another machine may have."""
        if not isinstance(error, NotFound) or not self._host.database.is_postgresql:
            return False
        try:
            return not self._host.installations.get(run.install_id).root.is_dir()
        except NotFound:
            return False

    def _put_off(self, run: Run, error: MooringError, *, seconds: float) -> Run:
        """Give a run back that cannot be begun, which costs no attempt. Raises LeaseLost."""
        host, said = self._host, self._host.masker.hide(str(error))
        fields = {"run_id": run.run_id, "app_id": run.app_id, "job": run.job, "reason": said}
        host.log.log("warn", "job.run.not_begun", fields)

        def postponed() -> Run:
            until = host.clock.now() + timedelta(seconds=seconds)
            return host.runs.postpone(run, until=until, error=said, attempt=run.attempt)

        return self._stored(postponed)

    def _stored(self, act: Callable[[], Run]) -> Run:
        """Write or read a run's row; as long as the database is away, wait. Raises LeaseLost."""
        while True:
            try:
                return act()
            except OUR_DATABASE:
                self._host.clock.sleep(LOOK_AGAIN)

    def _driven(self, run: Run, watch: Watch, stopping: Callable[[], bool]) -> Run:
        host = self._host
        installation = host.versions.with_job(host.installations.get(run.install_id), run.job)
        invocation = host.invocation(installation, entry_point=f"job:{run.job}", run_id=run.run_id)
        invocation = interruptible(invocation, watch.interruption)
        invocation, made = host.plans.watched(run, invocation)
        policy = _declared(host.definition(installation).manifest, run.job)
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

    @contextmanager
    def _locks(self) -> Iterator[tuple[str, Locks]]:
        """Name this process, and keep the workers of other machines from taking it for dead."""
        host = self._host
        worker = f"here:{socket.gethostname()}:{os.getpid()}-{secrets.token_hex(3)}"
        url = host.config.database_url if host.config.uses_postgresql else None
        if url is None:
            yield worker, LocksOfHome()
            return
        with ExecutorLocks(
            url, name=worker, log=host.log, on_news=lambda: None, session_of=COMMAND_OF
        ) as locks:
            yield worker, locks

    def _executed_here(self, run: Run, worker: str) -> None:
        """Execute a run that is due, unless another process has this home's lock, or the run."""
        with self.stand_in(command=WAITING) as free:
            if not free:
                return
            try:
                self.execute(run.run_id, worker=worker, epoch=run.epoch)
            except (LeaseLost, *OUR_DATABASE):
                return  # Somebody ended it meanwhile, or took it, or it waits; its row says which.


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
