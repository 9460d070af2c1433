"""Who notices that a step takes too long, that a run has ended elsewhere, that this worker hangs?

One thread for all runs of a process, which also keeps their heartbeats. It warns of a step that
overruns; when one does not end at all it gives the worker up, for a thread cannot be ended: the run
is taken away (and counts a lost worker, see ``repositories.run_moves``), the other runs are given
back, and the process ends. A job that is interruptible is not given up. It is told to end as soon
as its run has ended elsewhere, or the worker stops.

A step that holds Python's global lock keeps this thread from running too: for that there is a last
resort outside of Python.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from mooring.adapters.last_resort import last_resort
from mooring.errors import LeaseLost, in_words
from mooring.model.run import Run
from mooring.sdk.interruption import Interruption
from mooring.sdk.job import Job
from mooring.sdk.ports import Clock, LogPort

FORKED = 70  # what a process ends with that an app forked off and let return to the host
AFTER_HANGING = 60.0  # seconds past the limit until the last resort


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds: of a step until a warning and until its worker is given up, and between looks."""

    warn: float = 60.0
    give_up: float = 600.0
    look_every: float = 0.4
    beat_every: float = 5.0


class HeldRuns(Protocol):
    """What is done to runs that this process has in hand (repositories.run_moves)."""

    def beat_all(self, held: Collection[Run], *, now: datetime) -> set[str]:
        """Renew the heartbeats of those that are still owned; return their ids."""

    def owned(self, held: Collection[Run]) -> set[str]:
        """Return the ids of those that are still owned."""

    def warn(self, run: Run, warning: str) -> None:
        """Note a warning on the run. Raises LeaseLost."""

    def give_up(self, run: Run, *, now: datetime, error: str, most: int) -> Run:
        """Take it away from this worker, which counts as lost. Raises LeaseLost."""

    def postpone(self, run: Run, *, until: datetime, error: str | None, attempt: int) -> Run:
        """Give it back. Raises LeaseLost."""


class Watch:
    """One run under watch (engine.ports.StepWatch); told of each step by the thread in it."""

    def __init__(self, run: Run, *, stopping: Callable[[], bool]) -> None:
        self.run = run
        self.interruption = Interruption()
        self.over = threading.Event()  # nobody needs to wait any longer for the thread in the run
        self.is_lost = False
        self.warned = False
        self.since: float | None = None
        self._job: Job | None = None
        self._pid = os.getpid()
        self._stopping = stopping

    def enters(self, run: Run, job: Job | None) -> None:
        """App code is called."""
        self.run, self._job, self.warned = run, job, False
        self.since = time.monotonic()

    def leaves(self) -> None:
        """It has returned or raised; where it forked, only the first process goes on."""
        self.since = None
        if os.getpid() != self._pid:
            os._exit(FORKED)

    @property
    def step(self) -> str:
        """What is being done, in words."""
        return f"Step {self.run.steps + 1}"

    @property
    def is_interruptible(self) -> bool:
        """Whether the job may be stopped right now; what app code says wrongly counts as no."""
        job = self._job
        try:
            return job is not None and self.since is not None and bool(job.is_interruptible)
        except Exception:  # noqa: BLE001  # a property of the app's own
            return False

    def interrupt_if_wanted(self) -> None:
        """Tell the job to end, if there is a reason and it allows it."""
        if self.over.is_set() or not (self.is_lost or self._stopping()):
            return
        with self.interruption.guard:
            if not self.is_interruptible:
                return
            self.interruption.tell()
        self.over.set()


class Watchdog:
    """Watches the runs of one process for as long as there are some."""

    def __init__(
        self,
        repository: HeldRuns,
        *,
        clock: Clock,
        log: LogPort,
        most_lost: int,
        leave: Callable[[str], object],
        limits: Limits = Limits(),
    ) -> None:
        self._repository = repository
        self._clock = clock
        self._log = log
        self._most_lost = most_lost
        self._leave = leave
        self._limits = limits
        self._watches: list[Watch] = []
        self._guard = threading.Lock()
        self._is_working = False
        self._beaten_at = 0.0
        self._is_blind = False

    @contextmanager
    def watching(
        self, run: Run, *, stopping: Callable[[], bool] = lambda: False
    ) -> Iterator[Watch]:
        """Watch a run that was just taken, for the length of the block."""
        watch = Watch(run, stopping=stopping)
        with self._guard:
            self._watches.append(watch)
            if not self._is_working:
                self._is_working = True
                threading.Thread(target=self._work, name="watchdog", daemon=True).start()
        try:
            yield watch
        finally:
            with self._guard:
                self._watches.remove(watch)

    def give_back_all(self) -> list[Run]:
        """Give back what did not end when this process must; return the runs.

        Their threads may go on: what they still write is refused from now on.
        """
        with self._guard:
            watches = list(self._watches)
        now = self._clock.now()
        for watch in watches:
            self._give_back(watch.run, now)
        return [watch.run for watch in watches]

    def _work(self) -> None:
        limits = self._limits
        self._beaten_at = put_off_at = time.monotonic()  # a run that was just taken has a heartbeat
        with last_resort(limits.give_up + AFTER_HANGING) as put_off:
            while watches := self._present():
                if time.monotonic() - put_off_at > limits.beat_every:
                    put_off_at = time.monotonic()
                    put_off()
                self._turn(watches)
                time.sleep(limits.look_every)

    def _present(self) -> list[Watch]:
        """Return what is watched; when that is nothing, the thread ends."""
        with self._guard:
            self._is_working = bool(self._watches)
            return list(self._watches)

    def _turn(self, watches: list[Watch]) -> None:
        try:
            self._look(watches)
            self._is_blind = False
        except Exception as error:  # noqa: BLE001  # a database that is away comes back
            if not self._is_blind:
                run = watches[0].run
                self._note("warn", "job.run.heartbeat_failed", run, error=in_words(error))
            self._is_blind = True
        for watch in watches:
            watch.interrupt_if_wanted()

    def _look(self, watches: list[Watch]) -> None:
        for watch in watches:
            self._check_limits(watch, watches)
        held, at = [watch.run for watch in watches], time.monotonic()
        if at - self._beaten_at >= self._limits.beat_every:
            owned = self._repository.beat_all(held, now=self._clock.now())
            self._beaten_at = at
        else:
            owned = self._repository.owned(held)
        for watch in watches:
            watch.is_lost = watch.is_lost or watch.run.run_id not in owned

    def _check_limits(self, watch: Watch, watches: list[Watch]) -> None:
        since = watch.since
        if since is None:
            return
        took = time.monotonic() - since
        if took > self._limits.give_up and not watch.is_interruptible:
            self._give_up(watch, watches)
        elif took > self._limits.warn and not watch.warned:
            watch.warned = True
            self._warn(watch, took)

    def _warn(self, watch: Watch, took: float) -> None:
        run, limits = watch.run, self._limits
        said = f"{watch.step} has taken more than {limits.warn:g} s"
        if not watch.is_interruptible:
            said += f"; its worker is given up after {limits.give_up:g} s"
        self._note("warn", "job.run.step_overruns", run, step=run.steps + 1, took_s=round(took))
        try:
            self._repository.warn(run, f"{said}.")
        except LeaseLost:
            watch.is_lost = True

    def _give_up(self, watch: Watch, watches: list[Watch]) -> None:
        run, now = watch.run, self._clock.now()
        reason = (
            f"{watch.step} had not ended after {self._limits.give_up:g} s, so its worker was "
            "given up. Do less in one step, or be interruptible while it waits."
        )
        _unless_lost(
            lambda: self._repository.give_up(run, now=now, error=reason, most=self._most_lost)
        )
        for other in watches:
            if other is not watch:
                self._give_back(other.run, now)
        self._note("error", "job.worker.given_up", run, step=run.steps + 1, reason=reason)
        self._leave(f"The run {run.run_id} of {run.app_id} {run.job}: {reason}")

    def _give_back(self, run: Run, now: datetime) -> None:
        _unless_lost(
            lambda: self._repository.postpone(run, until=now, error=run.error, attempt=run.attempt)
        )

    def _note(self, level: str, event: str, run: Run, **fields: Any) -> None:
        self._log.log(level, event, {**run.log_fields, **fields})


def _unless_lost(write: Callable[[], object]) -> None:
    try:
        write()
    except LeaseLost:
        return  # somebody else has it already
