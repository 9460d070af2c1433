"""However many processes share a credential, no window holds more calls than its rate allows."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mooring.adapters.budgets import BudgetKeeper
from mooring.adapters.clock import SystemClock
from mooring.errors import HomeUnusable, RateLimited
from mooring.sdk.ports import Budget, Rate
from mooring.testing.clock import FakeClock

ROOT = Path(__file__).resolve().parents[3]
TOKEN = "tok-5e2b77c1d0"

CALLER = """
import sys, time
from pathlib import Path
from mooring.adapters.budgets import BudgetKeeper
from mooring.adapters.clock import SystemClock
from mooring.sdk.ports import Budget, Rate

keeper = BudgetKeeper(Path(sys.argv[1]), clock=SystemClock())
budget = Budget("rest", "shared", (Rate(5, 0.2), Rate(12, 1.0)))
for _ in range(int(sys.argv[2])):
    keeper.acquire((budget,), within=30)
    print(time.time(), flush=True)
"""

HOLDER = """
import sys, time
from pathlib import Path
from mooring.adapters.budgets import BudgetKeeper
from mooring.adapters.clock import SystemClock

keeper = BudgetKeeper(Path(sys.argv[1]), clock=SystemClock())
with keeper._transaction():
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "budgets.sqlite"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def keeper(path: Path, clock: FakeClock) -> Iterator[BudgetKeeper]:
    opened = BudgetKeeper(path, clock=clock)
    yield opened
    opened.close()


def started(code: str, path: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, str(path), *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )


def most_in_a_window(times: list[int], microseconds: int) -> int:
    return max(sum(at <= other < at + microseconds for other in times) for at in times)


def logged(path: Path) -> list[int]:
    with sqlite3.connect(path) as connection:
        times = [row[0] for row in connection.execute("SELECT at FROM calls ORDER BY at")]
    connection.close()
    return times


def test_no_budget_needs_no_file(keeper: BudgetKeeper, path: Path) -> None:
    keeper.acquire((), within=0)
    assert not path.exists()


def test_budgets_outlive_the_process(keeper: BudgetKeeper, path: Path, clock: FakeClock) -> None:
    budget = Budget("rest", TOKEN, (Rate(1, 60),))
    keeper.acquire((budget,), within=0)
    keeper.close()
    later = BudgetKeeper(path, clock=clock)
    with pytest.raises(RateLimited):
        later.acquire((budget,), within=0)
    later.close()


def test_the_file_is_private_and_holds_no_credential(keeper: BudgetKeeper, path: Path) -> None:
    keeper.acquire((Budget("rest", TOKEN, (Rate(1, 60),)),), within=0)
    files = list(path.parent.glob("budgets.sqlite*"))
    assert all(TOKEN.encode() not in file.read_bytes() for file in files)
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_old_calls_are_forgotten(keeper: BudgetKeeper, path: Path, clock: FakeClock) -> None:
    budget = Budget("rest", TOKEN, (Rate(100, 60),))
    for _ in range(3):
        keeper.acquire((budget,), within=0)
    clock.advance(2 * 3600)
    keeper.acquire((budget,), within=0)
    assert len(logged(path)) == 1


@pytest.mark.parametrize("trouble", ["no folder", "no database"])
def test_a_file_that_cannot_be_used_is_named(path: Path, clock: FakeClock, trouble: str) -> None:
    if trouble == "no folder":
        path = path / "in" / "nowhere"
    else:
        path.write_bytes(b"this is not a database" * 100)
    keeper = BudgetKeeper(path, clock=clock)
    with pytest.raises(HomeUnusable) as unusable:
        keeper.acquire((Budget("rest", TOKEN, (Rate(1, 60),)),), within=0)
    assert str(path) in str(unusable.value)
    keeper.close()


def test_a_wait_for_one_budget_holds_up_no_other(path: Path) -> None:
    keeper = BudgetKeeper(path, clock=SystemClock())
    full = Budget("full", TOKEN, (Rate(1, 2.0),))
    keeper.acquire((full,), within=0)
    waiting = threading.Thread(target=keeper.acquire, args=((full,),), kwargs={"within": 60})
    waiting.start()
    for _ in range(3):
        keeper.acquire((Budget("free", TOKEN, (Rate(100, 60),)),), within=0)
    assert waiting.is_alive(), "they went before it"
    waiting.join(60)
    assert not waiting.is_alive()
    keeper.close()


def test_threads_of_one_process_share_a_budget(path: Path) -> None:
    keeper = BudgetKeeper(path, clock=SystemClock())
    budget = Budget("rest", TOKEN, (Rate(10, 0.3),))
    with ThreadPoolExecutor(10) as threads:
        list(threads.map(lambda _: keeper.acquire((budget,), within=30), range(40)))
    keeper.close()
    assert len(logged(path)) == 40
    assert most_in_a_window(logged(path), 300_000) == 10


def test_several_processes_never_exceed_the_rates_together(path: Path) -> None:
    processes = [started(CALLER, path, "12") for _ in range(4)]
    lines = [line for process in processes for line in process.communicate(timeout=60)[0].split()]
    assert [process.returncode for process in processes] == [0] * 4
    assert len(lines) == len(logged(path)) == 48
    assert most_in_a_window(logged(path), 200_000) <= 5
    assert most_in_a_window(logged(path), 1_000_000) == 12


@pytest.mark.parametrize("code", [CALLER, HOLDER], ids=["calling", "inside a transaction"])
def test_a_killed_process_leaves_nothing_locked(path: Path, code: str) -> None:
    process = started(code, path, "1000")
    assert process.stdout is not None
    assert process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=10)
    keeper = BudgetKeeper(path, clock=SystemClock())
    begun = time.monotonic()
    keeper.acquire((Budget("another", TOKEN, (Rate(1, 60),)),), within=0)
    assert time.monotonic() - begun < 10
    keeper.close()
