"""Machines that share a database never call more often together than a rate allows."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from mooring.adapters.clock import SystemClock
from mooring.adapters.database import Database
from mooring.adapters.shared_budgets import SharedBudgets, server_time
from mooring.errors import RateLimited
from mooring.sdk.ports import Budget, Rate
from mooring.testing.clock import FakeClock

ROOT = Path(__file__).resolve().parents[3]
TOKEN = "tok-5e2b77c1d0"
SOON = 60.0
FULL = Budget("rest", TOKEN, (Rate(1, 60),))

CALLER = """
import sys
from mooring.adapters.clock import SystemClock
from mooring.adapters.database import Database
from mooring.adapters.shared_budgets import SharedBudgets
from mooring.sdk.ports import Budget, Rate

keeper = SharedBudgets(Database.open(sys.argv[1]), clock=SystemClock())
budget = Budget("rest", "shared", (Rate(5, 0.2), Rate(12, 1.0)))
for _ in range(int(sys.argv[2])):
    keeper.acquire((budget,), within=60)
    print("called", flush=True)
"""


@pytest.fixture
def keeper(postgresql_database: Database) -> SharedBudgets:
    return SharedBudgets(postgresql_database, clock=SystemClock())


@pytest.fixture
def address(postgresql_url: str) -> str:
    Database.open(postgresql_url).close()
    return postgresql_url


def started(address: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CALLER, address, *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )


def logged(database: Database) -> list[int]:
    with database.read() as connection:
        return list(connection.scalars(text("SELECT at FROM budget_calls ORDER BY at")))


def most_in_a_window(times: list[int], microseconds: int) -> int:
    return max(sum(at <= other < at + microseconds for other in times) for at in times)


def test_the_servers_clock_counts_whatever_time_a_machine_has(
    keeper: SharedBudgets, postgresql_database: Database
) -> None:
    keeper.acquire((FULL,), within=0)
    for hours in (-5, 5):
        clock = FakeClock(SystemClock().now() + timedelta(hours=hours))
        another = SharedBudgets(postgresql_database, clock=clock)
        with pytest.raises(RateLimited) as limited:
            another.acquire((FULL,), within=0)
        assert 0 < limited.value.retry_after <= 60


def shifted(connection: Connection, *, at: int) -> int:
    return server_time(connection) + at


def test_old_calls_are_forgotten_now_and_then(
    keeper: SharedBudgets, postgresql_database: Database
) -> None:
    for hours in (-3, -2, 2):
        at = timedelta(hours=hours) // timedelta(microseconds=1)
        then = partial(shifted, at=at)
        another = SharedBudgets(postgresql_database, clock=SystemClock(), now=then)
        another.acquire((FULL,), within=0)
    keeper.acquire((FULL,), within=0)
    assert len(logged(postgresql_database)) == 1


def test_the_table_holds_no_credential(
    keeper: SharedBudgets, postgresql_database: Database
) -> None:
    keeper.acquire((FULL,), within=0)
    with postgresql_database.read() as connection:
        [row] = connection.execute(text("SELECT budget, at FROM budget_calls"))
    assert len(row.budget) == 32
    assert TOKEN.encode() not in bytes(row.budget)


def test_threads_that_want_the_same_budgets_in_any_order_never_lock_each_other_out(
    keeper: SharedBudgets, postgresql_database: Database
) -> None:
    one, two = (Budget(name, TOKEN, (Rate(1000, 60),)) for name in ("one", "two"))
    with ThreadPoolExecutor(8) as threads:
        pairs = [(one, two), (two, one)] * 20
        list(threads.map(lambda pair: keeper.acquire(pair, within=60), pairs))
    assert len(logged(postgresql_database)) == 80


class Held(SystemClock):
    """A clock whose sleep ends when it is told to, and the wait with it."""

    def __init__(self) -> None:
        self.waits, self.go_on = threading.Event(), threading.Event()

    def sleep(self, seconds: float) -> None:
        self.waits.set()
        self.go_on.wait(SOON)
        raise RateLimited("Told to.", status=None, retry_after=seconds)


def test_a_wait_for_one_budget_holds_up_no_other(
    keeper: SharedBudgets, postgresql_database: Database
) -> None:
    clock = Held()
    patient = SharedBudgets(postgresql_database, clock=clock)
    keeper.acquire((FULL,), within=0)

    def call() -> None:
        with suppress(RateLimited):
            patient.acquire((FULL,), within=100)

    waiting = threading.Thread(target=call)
    waiting.start()
    assert clock.waits.wait(SOON)
    for _ in range(5):
        keeper.acquire((Budget("rest", "another", (Rate(100, 60),)),), within=0)
    assert waiting.is_alive()
    clock.go_on.set()
    waiting.join(SOON)


def test_several_processes_never_exceed_the_rates_together(address: str) -> None:
    processes = [started(address, "8") for _ in range(3)]
    said = [process.communicate(timeout=90)[0].split() for process in processes]
    assert [len(lines) for lines in said] == [8] * 3
    database = Database.open(address)
    times = logged(database)
    database.close()
    assert len(times) == 24
    assert most_in_a_window(times, 200_000) <= 5
    assert most_in_a_window(times, 1_000_000) <= 12


def test_a_killed_process_leaves_nothing_locked(address: str) -> None:
    process = started(address, "1000")
    assert process.stdout is not None
    assert process.stdout.readline() == "called\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    database = Database.open(address)
    budget = Budget("rest", "shared", (Rate(5, 0.2), Rate(12, 1.0)))
    SharedBudgets(database, clock=SystemClock()).acquire((budget,), within=60)
    database.close()
