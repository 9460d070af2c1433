"""Which workers live? Whoever holds the lock of its name, on a session of its own."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import TypeAlias

import psycopg
import pytest

from mooring.adapters.database import Database
from mooring.adapters.executor_locks import ExecutorLocks, LocksOfHome
from mooring.adapters.run_news import announce_runs
from mooring.testing.engine_contract import until
from mooring.testing.memory import MemoryLog

SOON = 20.0
HOLDER = """
import sys, time
from mooring.adapters.executor_locks import ExecutorLocks
from mooring.testing.engine_contract import until
from mooring.testing.memory import MemoryLog
with ExecutorLocks(sys.argv[1], name="holder", log=MemoryLog(), on_news=int) as locks:
    until(lambda: locks.is_held, seconds=20)
    print("held", flush=True)
    time.sleep(60)
"""
Holding: TypeAlias = Callable[[str], ExecutorLocks]


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog()


@pytest.fixture
def holding(postgresql_url: str, log: MemoryLog) -> Iterator[Holding]:
    """Hold the lock of a worker of this name until the test ends."""
    with ExitStack() as closing:

        def held(name: str) -> ExecutorLocks:
            locks = ExecutorLocks(postgresql_url, name=name, log=log, on_news=int)
            closing.enter_context(locks)
            until(lambda: locks.is_held, seconds=SOON)
            return locks

        yield held


def dead(locks: ExecutorLocks, *names: str) -> frozenset[str]:
    with locks.free(names) as found:
        return found


def end_sessions(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_a_worker_lives_as_long_as_it_holds_its_lock(holding: Holding) -> None:
    one, another = holding("one"), holding("another")
    assert dead(one, "one", "another", "nobody") == {"nobody"}
    assert dead(another, "one", "another", "nobody") == {"nobody"}
    another.__exit__()
    until(lambda: dead(one, "another") == {"another"})


def test_a_worker_that_is_killed_is_dead_at_once(holding: Holding, postgresql_url: str) -> None:
    one = holding("one")
    command = [sys.executable, "-c", HOLDER, postgresql_url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        assert dead(one, "holder") == set()
        process.kill()
    until(lambda: dead(one, "holder") == {"holder"})


def test_one_alone_is_told_of_a_dead_worker_at_a_time(holding: Holding) -> None:
    one, another = holding("one"), holding("another")
    with one.free(["nobody"]) as found:
        assert found == {"nobody"}
        assert dead(another, "nobody") == set()
    assert dead(another, "nobody") == {"nobody"}


def test_news_of_runs_wake_the_worker(postgresql_url: str, log: MemoryLog) -> None:
    heard = threading.Event()
    database = Database.open(postgresql_url)
    with ExecutorLocks(postgresql_url, name="one", log=log, on_news=heard.set) as locks:
        until(lambda: locks.is_held, seconds=SOON)
        assert heard.wait(SOON), "what came before it listened may be news as well"
        for _ in range(3):
            heard.clear()
            with database.write() as connection:
                announce_runs(connection)
            assert heard.wait(SOON)
    database.close()


def test_a_worker_whose_session_ends_holds_nothing_until_it_has_another(
    holding: Holding, postgresql_url: str, log: MemoryLog
) -> None:
    one = holding("one")
    end_sessions(postgresql_url)
    until(lambda: [line.event for line in log.lines] == ["job.worker.lock_lost"])
    until(lambda: one.is_held, seconds=SOON)
    until(lambda: log.lines[-1].event == "job.worker.lock_regained")
    another = holding("another")
    assert dead(another, "one") == set()


@pytest.mark.parametrize(("seconds", "found"), [(3600.0, set()), (0.0, {"nobody"})])
def test_nobody_is_dead_until_all_had_time_to_come_back_from_an_outage(
    holding: Holding,
    postgresql_url: str,
    monkeypatch: pytest.MonkeyPatch,
    log: MemoryLog,
    seconds: float,
    found: set[str],
) -> None:
    one = holding("one")
    monkeypatch.setattr("mooring.adapters.executor_locks.SETTLED_AFTER", seconds)
    end_sessions(postgresql_url)
    until(lambda: log.lines and log.lines[-1].event == "job.worker.lock_regained")
    until(lambda: one.is_held, seconds=SOON)
    assert dead(one, "nobody") == found


def test_an_outage_is_told_once(
    postgresql_url: str, log: MemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mooring.adapters.executor_locks.AGAIN_AFTER", 0.01)
    nobody = postgresql_url.replace("mooring_test_", "no_such_")
    with ExecutorLocks(nobody, name="one", log=log, on_news=int) as locks:
        until(lambda: log.lines)
        time.sleep(0.3)
        assert not locks.is_held
        assert dead(locks, "nobody") == set()
    assert [line.event for line in log.lines] == ["job.worker.lock_lost"]
    assert "does not exist" in log.lines[0].fields["reason"]


def test_the_server_shows_whose_session_it_is(holding: Holding, postgresql_url: str) -> None:
    holding("one")
    with psycopg.connect(postgresql_url) as connection:
        found = connection.execute(
            "SELECT application_name FROM pg_stat_activity WHERE application_name = %s",
            ["mooring one"],
        ).fetchall()
    assert found == [("mooring one",)]


def test_over_sqlite_nobody_else_lives() -> None:
    locks = LocksOfHome()
    assert locks.is_held
    found: AbstractContextManager[frozenset[str]] = locks.free(["a", "b"])
    with found as names:
        assert names == {"a", "b"}
