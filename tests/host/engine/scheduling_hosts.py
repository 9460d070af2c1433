"""Three hosts on one database for the scheduler's tests: they tick together, and crash."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Self

from sqlalchemy import text

from mooring.adapters.database import Database
from mooring.adapters.repositories.installations import Installations
from mooring.adapters.repositories.runs import Runs
from mooring.adapters.repositories.schedules import Schedules
from mooring.engine.scheduler import Scheduler
from mooring.model.installation import Installation, InstallationState
from mooring.model.run import JobSchedule, Run
from mooring.testing.clock import FakeClock
from mooring.testing.memory import MemoryLog

HOSTS = 3
CRASHES = ("before moving on", "before storing", "after storing")


class Crash(Exception):
    """A process ends here; nothing of it goes on."""


class _CrashingSchedules(Schedules):
    """Schedules of a host that crashes once, where it was told to."""

    crash: str | None = None

    @contextmanager
    def held(self, now: datetime, *, limit: int = 100) -> Iterator[list[JobSchedule]]:
        with super().held(now, limit=limit) as due:
            yield due
            if due and self.crash == "before storing":
                raise Crash
        if due and self.crash == "after storing":
            raise Crash

    def advance(self, schedule: JobSchedule, *, next_at: datetime | None) -> bool:
        if self.crash == "before moving on":
            raise Crash
        return super().advance(schedule, next_at=next_at)


class Host:
    """One process on the database: connections and a scheduler of its own."""

    def __init__(self, address: str, clock: FakeClock) -> None:
        self.database = Database.open(address)
        self.clock = clock
        self.log = MemoryLog()
        self.schedules = _CrashingSchedules(self.database, clock=clock)
        self.runs = Runs(self.database, clock=clock)
        self.installations = Installations(self.database, clock=clock)
        self.scheduler = Scheduler(
            self.schedules, runs=self.runs, installations=self.installations, log=self.log
        )

    def tick(self) -> list[Run]:
        return self.scheduler.tick(self.clock.now())


class Hosts:
    """Hosts that share a database and a clock; ``chance`` says which crashes and restarts."""

    def __init__(self, database: Database, clock: FakeClock, *, count: int = HOSTS) -> None:
        url = database._engine.url
        self._address = url.render_as_string(hide_password=False)
        self.clock = clock
        self.all = [Host(self._address, clock) for _ in range(count)]
        self.events: list[str] = []
        self._pool = ThreadPoolExecutor(count)
        with database.write() as connection:
            for table in ("runs", "schedules", "installations"):
                connection.execute(text(f"DELETE FROM {table}"))  # noqa: S608  # names from above

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._pool.shutdown()
        for host in self.all:
            host.database.close()

    @property
    def one(self) -> Host:
        return self.all[0]

    def install(self, *schedules: JobSchedule) -> Installation:
        """Install an app with these schedules."""
        made = self.one.installations.create(
            app_id="shop", account="local", version="1.0.0", root="/apps/shop"
        )
        self.one.installations.set_state(made.install_id, InstallationState.INSTALLED)
        for schedule in schedules:
            self.one.schedules.put(schedule)
        return made

    def tick(self) -> list[Run]:
        """Let all hosts look at the same moment, again while one crashes; return what they wrote.

        What a host was at when it crashed is there for the next look.
        """
        written = list(self._pool.map(self._look(), range(len(self.all))))
        found = [run for runs in written if runs is not None for run in runs]
        return found if None not in written else found + self.tick()

    def _look(self) -> Callable[[int], list[Run] | None]:
        barrier = threading.Barrier(len(self.all))

        def together(place: int) -> list[Run] | None:
            barrier.wait(timeout=30)
            try:
                return self.all[place].tick()
            except Crash:
                self.events.append("crash")
                self._restart(place)
                return None

        return together

    def restart(self) -> None:
        """End all hosts, and start others on the same database."""
        for place in range(len(self.all)):
            self._restart(place)

    def _restart(self, place: int) -> None:
        self.all[place].database.close()
        self.all[place] = Host(self._address, self.clock)

    def disturb(self, chance: random.Random) -> None:
        """Restart some hosts, and let others crash the next time that they fire something."""
        for place, host in enumerate(self.all):
            if host.schedules.crash or chance.random() < 0.2:
                self._restart(place)
                self.events.append("restart")
            elif chance.random() < 0.6:
                host.schedules.crash = chance.choice(CRASHES)

    def fired(self, job: str) -> list[datetime]:
        """Return for which times a job got runs."""
        found = self.one.runs.recent(job=job, limit=1000)
        return sorted(run.scheduled_at for run in found)

    def next_at(self, install_id: int, job: str) -> datetime | None:
        found: Any = self.one.schedules.get(install_id, job)
        next_at: datetime | None = found.next_at
        return next_at
