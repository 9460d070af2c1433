"""What does one worker do, turn by turn?

A home has one process that holds its lock and runs jobs; what it finds RUNNING when it starts was
left by one that died, so it goes on with that at once. With PostgreSQL more processes may join in
from anywhere; what one of them leaves behind is taken over when its heartbeat is too old.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from mooring.adapters.dbos_engine import DbosEngine
from mooring.adapters.home_lock import HomeLock
from mooring.adapters.repositories.delivery_shelf import DeliveryShelf
from mooring.engine.ports import JobEngine
from mooring.engine.scheduler import Scheduler
from mooring.errors import LeaseLost
from mooring.hosting.host import Host
from mooring.model.run import Run, RunStatus
from mooring.working.places import Places

CONCURRENCY = 4
LOOK_EVERY = 0.1  # seconds
ABANDONED_AFTER = timedelta(seconds=30)  # without a heartbeat
AGAIN_AFTER = timedelta(seconds=5)  # when handing a run over had no effect
SWEEP_EVERY = timedelta(hours=1)
RECOVER_EVERY = timedelta(seconds=2)
HANDLED_STAY = timedelta(days=30)  # deliveries; those that were set aside stay for good
AFTER_TROUBLE = 1.0
STEP_MAY_TAKE = 10.0  # seconds to finish the steps in hand when stopped
MOST_LEFT_BEHIND = 10_000
LOOK_AT = 1000  # so many at once, for those in front may have to wait for others of their job


def work(host: Host, *, stop: threading.Event, concurrency: int = CONCURRENCY) -> None:
    """Run jobs until ``stop`` is set. With SQLite, wait first until this home's lock is free."""
    with _home_lock(host, stop) as alone, host.log.libraries():
        if not stop.is_set():
            _Worker(host, alone=alone, stop=stop, concurrency=concurrency).run()


@contextmanager
def _home_lock(host: Host, stop: threading.Event) -> Iterator[bool]:
    """Hold the home's lock; with PostgreSQL others may go on without it. Say whether it is held."""
    lock = HomeLock(host.home.lock)
    held = lock.acquire()
    while not (held or host.config.uses_postgresql or stop.wait(LOOK_EVERY)):
        held = lock.acquire()
    try:
        yield held
    finally:
        lock.release()


class _Worker:
    """One job process at work."""

    def __init__(self, host: Host, *, alone: bool, stop: threading.Event, concurrency: int) -> None:
        place = f"{socket.gethostname()}:{host.home.path}"
        self.name = place if alone else f"{place}:{os.getpid()}"
        self._host = host
        self._alone = alone
        self._stop = stop
        self._concurrency = concurrency
        self._handed: dict[tuple[str, int], datetime] = {}
        self._swept = self._recovered = host.clock.now()
        self._scheduler = Scheduler(
            host.schedules, runs=host.runs, installations=host.installations, log=host.log
        )
        postgresql = host.config.uses_postgresql
        self._engine: JobEngine = DbosEngine(
            self._execute,
            executor=self.name,
            file=None if postgresql else host.home.engine,
            database_url=host.config.database_url if postgresql else None,
        )

    def run(self) -> None:
        self._engine.launch()
        self._log("info", "job.worker.started")
        try:
            if self._alone:
                self._resume_left_behind()
            while not self._stop.wait(LOOK_EVERY):
                self._guarded_turn()
        finally:
            self._engine.shutdown(timeout=STEP_MAY_TAKE)
            self._log("info", "job.worker.stopped", unfinished=self._engine.busy())

    def _guarded_turn(self) -> None:
        try:
            self._turn(self._host.clock.now())
        except Exception as error:  # noqa: BLE001  # a database that is away comes back
            self._log("error", "job.worker.trouble", error=f"{type(error).__name__}: {error}")
            self._stop.wait(AFTER_TROUBLE)

    def _turn(self, now: datetime) -> None:
        """Fire schedules, and hand as many runs to the engine as there is room for."""
        if abs(now - self._recovered) > RECOVER_EVERY:  # The clock may have been set back.
            self._recovered = now
            self._host.lifecycle.recover()
        self._scheduler.tick(now)
        room = self._concurrency - self._engine.busy()
        if room > 0:
            self._hand_over(now, room)
        if abs(now - self._swept) > SWEEP_EVERY:
            self._swept = now
            self._engine.sweep()
            DeliveryShelf(self._host.database).sweep(received_before=now - HANDLED_STAY)

    def _hand_over(self, now: datetime, room: int) -> None:
        claimable = self._host.runs.claimable(
            now=now, stale_before=now - ABANDONED_AFTER, limit=LOOK_AT
        )
        present = {(run.run_id, run.epoch) for run in claimable}
        self._handed = {key: at for key, at in self._handed.items() if key in present}
        places = Places(self._host.jobs.limit, self._host.runs.count_running)
        for run in claimable:
            if self._was_just_handed(run, now):
                places.take(run)  # It has not begun yet, so nobody counted it.
        for run in claimable:
            if room > 0 and not self._was_just_handed(run, now) and places.take(run):
                self._submit(run, now)
                room -= 1

    def _was_just_handed(self, run: Run, now: datetime) -> bool:
        at = self._handed.get((run.run_id, run.epoch))
        return at is not None and abs(now - at) < AGAIN_AFTER

    def _submit(self, run: Run, now: datetime) -> None:
        self._handed[(run.run_id, run.epoch)] = now
        self._engine.submit(run.run_id, epoch=run.epoch)

    def _resume_left_behind(self) -> None:
        """Go on with what the process before this one had in hand, without waiting."""
        now = self._host.clock.now()
        everything = self._host.runs.claimable(
            now=now, stale_before=now + timedelta(days=1), limit=MOST_LEFT_BEHIND
        )
        for run in everything:
            mine = run.worker == self.name or not self._host.config.uses_postgresql
            if run.status is RunStatus.RUNNING and mine:
                self._log("info", "job.run.left_behind", run_id=run.run_id, worker_was=run.worker)
                self._submit(run, now)

    def _execute(self, run_id: str, epoch: int) -> None:
        try:
            self._host.jobs.execute(
                run_id, worker=self.name, epoch=epoch, stopping=self._stop.is_set
            )
        except LeaseLost as lost:
            # Another submission took it, or it ended: nothing is left to do here.
            self._log("debug", "job.run.not_taken", run_id=run_id, reason=str(lost))
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
            self._log("error", "job.run.not_executed", run_id=run_id, error=said)
            raise

    def _log(self, level: str, event: str, **fields: object) -> None:
        self._host.log.log(level, event, {"worker": self.name, "pid": os.getpid(), **fields})
