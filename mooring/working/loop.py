"""What does one worker do, turn by turn?

It fires schedules, hands runs to the engine as long as it has room, and takes over what others left
behind. Over SQLite a home has one worker, which holds the home's lock; over PostgreSQL any number
of them may join in, from anywhere, each with a name and a lock of its own.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta

from mooring.adapters.dbos_engine import DbosEngine
from mooring.adapters.executor_locks import ExecutorLocks, Locks, LocksOfHome
from mooring.adapters.home_lock import Holder, HomeLock
from mooring.adapters.repositories.delivery_shelf import DeliveryShelf
from mooring.adapters.repositories.runs_in_hand import RunsInHand
from mooring.adapters.repositories.waiting_runs import WaitingRuns
from mooring.adapters.run_news import FileWatch
from mooring.engine.failures import OUR_DATABASE
from mooring.engine.scheduler import Scheduler
from mooring.errors import LeaseLost, in_words
from mooring.hosting.host import Host
from mooring.working.dispatch import Dispatch
from mooring.working.intervals import Every
from mooring.working.reconciling import forget_left_behind
from mooring.working.take_over import LeftBehind
from mooring.working.trouble import Trouble

CONCURRENCY = 4
LOOK_EVERY = 0.2  # seconds; news of runs come sooner
TAKE_OVER_EVERY = 0.4
RECOVER_EVERY = 2.0
RECONCILE_EVERY = 2.0
MEND_EVERY = 5.0
SWEEP_EVERY = 3600.0
HANDLED_STAY = timedelta(days=30)  # deliveries; those that were set aside stay for good
AFTER_TROUBLE = 1.0
STEP_MAY_TAKE = 10.0  # seconds to finish the steps in hand when stopped


@dataclass(frozen=True, slots=True)
class AtWork:
    """A worker that is ready for runs."""

    name: str
    concurrency: int


def work(
    host: Host,
    *,
    stop: threading.Event,
    concurrency: int = CONCURRENCY,
    on_ready: Callable[[AtWork], object] = lambda ready: None,
    on_wait: Callable[[Holder], object] = lambda holder: None,
) -> int:
    """Run jobs until ``stop`` is set. With SQLite, wait first until this home's lock is free.

    ``on_wait`` is told once who has it instead.

    Return how many runs were given back in the middle of a step that did not end in its time; a
    thread of this process is still in it.
    """
    hanging = 0
    with ExitStack() as closing:
        closing.enter_context(_home_lock(host, stop, on_wait))
        closing.enter_context(host.log.libraries())
        if not stop.is_set():
            awake = threading.Event()
            name = worker_name(host)
            locks = closing.enter_context(_locks(host, name, awake))
            worker = _Worker(host, AtWork(name, concurrency), locks=locks, awake=awake, stop=stop)
            hanging = worker.run(on_ready)
    return hanging


def worker_name(host: Host) -> str:
    """Name this process among all that work on the database.

    Over SQLite each process is the same worker, so that it goes on with what the last one left.
    """
    place = f"{socket.gethostname()}:{host.home.path}"
    if not host.config.uses_postgresql:
        return place
    return f"{place}:{os.getpid()}-{secrets.token_hex(3)}"


@contextmanager
def _home_lock(
    host: Host, stop: threading.Event, on_wait: Callable[[Holder], object]
) -> Iterator[None]:
    """Hold the home's lock; over PostgreSQL others may go on without it."""
    postgresql = host.config.uses_postgresql
    lock = HomeLock(host.home.lock, command="mooring worker" if postgresql else "mooring serve")
    held, told = lock.acquire(), False
    while not (held or postgresql or stop.wait(LOOK_EVERY)):
        held = lock.acquire()
        if not (held or told) and (holder := lock.holder()):
            told = True
            host.log.log("warn", "job.worker.waits_for_home", {"holder": str(holder)})
            on_wait(holder)
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _locks(host: Host, name: str, awake: threading.Event) -> Iterator[Locks]:
    """Give the locks of workers, and wake this one when there is news of runs."""
    if url := host.config.database_url if host.config.uses_postgresql else None:
        with ExecutorLocks(url, name=name, log=host.log, on_news=awake.set) as locks:
            yield locks
        return
    assert host.database.sqlite_file is not None, "it is no PostgreSQL"
    with FileWatch(host.database.sqlite_file, log=host.log, on_news=awake.set):
        yield LocksOfHome()


class _Worker:
    """One job process at work."""

    def __init__(
        self,
        host: Host,
        who: AtWork,
        *,
        locks: Locks,
        awake: threading.Event,
        stop: threading.Event,
    ) -> None:
        self._host = host
        self._who = who
        self._locks = locks
        self._awake = awake
        self._stop = stop
        self._driven: set[tuple[str, int]] = set()
        self._in_hand = RunsInHand(host.database)
        self._waiting = WaitingRuns(host.database)
        self._left_behind = LeftBehind(who.name)
        self._trouble = Trouble(self._log)
        self._scheduler = Scheduler(
            host.schedules, runs=host.runs, installations=host.installations, log=host.log
        )
        postgresql = host.config.uses_postgresql
        self._engine = DbosEngine(
            self._execute,
            executor=who.name,
            file=None if postgresql else host.home.engine,
            database_url=host.config.database_url if postgresql else None,
            on_end=awake.set,
        )
        self._dispatch = Dispatch(host, engine=self._engine, room=who.concurrency)
        self._chores = (
            (Every(LOOK_EVERY), lambda: self._scheduler.tick(host.clock.now())),
            (Every(TAKE_OVER_EVERY), self._take_over),
            (Every(RECOVER_EVERY, at_once=False), host.lifecycle.recover),
            (Every(RECONCILE_EVERY), self._reconcile),
            (Every(MEND_EVERY), self._mend),
            (Every(SWEEP_EVERY, at_once=False), self._sweep),
        )

    def run(self, on_ready: Callable[[AtWork], object]) -> int:
        self._engine.launch()
        try:
            while not (self._locks.is_held or self._stop.wait(LOOK_EVERY)):
                pass  # Nobody gives a run to a worker that others cannot tell from a dead one.
            if not self._stop.is_set():
                self._log("info", "job.worker.started", concurrency=self._who.concurrency)
                on_ready(self._who)
            while not self._stop.is_set():
                self._guarded_turn()
                self._awake.wait(LOOK_EVERY)
                self._awake.clear()
        finally:
            self._engine.shutdown(timeout=STEP_MAY_TAKE)
            hanging = self._given_back()
            self._log("info", "job.worker.stopped", unfinished=self._engine.busy())
        return hanging

    def _given_back(self) -> int:
        """Give back what hangs, before the locks go and another worker may take it."""
        if not self._engine.busy():
            return 0
        try:
            runs = self._host.jobs.watchdog.give_back_all()
        except OUR_DATABASE as away:  # Then the lock's end lets others take them over.
            self._log("warn", "job.runs.not_given_back", error=str(away))
        else:
            for run in runs:
                self._log("warn", "job.run.given_back", run_id=run.run_id, app_id=run.app_id)
        return self._engine.busy()

    def _guarded_turn(self) -> None:
        try:
            self._turn()
            self._trouble.is_over()
        except Exception as error:  # noqa: BLE001  # a database that is away comes back
            self._trouble.began(error)
            self._stop.wait(AFTER_TROUBLE)

    def _turn(self) -> None:
        """Do what is due. A worker that lost its lock takes nothing until it holds it again."""
        if not self._locks.is_held:
            return
        at = time.monotonic()
        for every, chore in self._chores:
            if every.is_due(at):
                chore()
        self._dispatch.hand_over(self._host.clock.now())

    def _take_over(self) -> None:
        """Go on with what dead workers left, and with what of our own nobody drives."""
        running = self._in_hand.all()
        workers = {run.worker for run in running} - {self._who.name}
        with self._locks.free(workers) as free:
            driven = {run_id for run_id, _ in self._driven.copy()}
            at = time.monotonic()
            found = self._left_behind.found(running, free=free, driven=driven, at=at)
            self._dispatch.kept_free = self._left_behind.waiting(at)
            for run, why in found.items():
                if self._dispatch.hand(run.run_id, run.epoch, cost=run.cost):
                    fields = {"run_id": run.run_id, "worker_was": run.worker, "why": why}
                    self._log("info", "job.run.left_behind", **fields)

    def _reconcile(self) -> None:
        """Let the engine forget what a dead worker had submitted and not begun."""
        if count := forget_left_behind(self._engine, locks=self._locks, name=self._who.name):
            self._log("info", "job.engine.left_behind_forgotten", submissions=count)

    def _mend(self) -> None:
        """Let nothing wait for a time that was reckoned by a clock which has been set back."""
        if count := self._waiting.mend(self._host.clock.now()):
            self._log("warn", "job.runs.clock_was_set_back", runs=count)

    def _sweep(self) -> None:
        self._engine.sweep()
        before = self._host.clock.now() - HANDLED_STAY
        DeliveryShelf(self._host.database).sweep(received_before=before)
        self._host.lifecycle.tidy()

    def _execute(self, run_id: str, epoch: int) -> None:
        self._driven.add((run_id, epoch))

        def stopping() -> bool:
            return self._stop.is_set() or self._dispatch.makes_way(run_id)

        try:
            self._host.jobs.execute(run_id, worker=self._who.name, epoch=epoch, stopping=stopping)
        except LeaseLost as lost:
            # Another submission took it, or it ended: nothing is left to do here.
            self._log("debug", "job.run.not_taken", run_id=run_id, reason=str(lost))
        except Exception as error:
            self._log("error", "job.run.not_executed", run_id=run_id, error=in_words(error))
            raise
        finally:
            self._driven.discard((run_id, epoch))

    def _log(self, level: str, event: str, **fields: object) -> None:
        about = {"worker": self._who.name, "pid": os.getpid()}
        self._host.log.log(level, event, {**about, **fields})
