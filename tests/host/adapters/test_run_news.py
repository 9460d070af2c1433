"""How does a worker hear at once that there may be a run for it?"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DataError

from mooring.adapters.database import Database
from mooring.adapters.repositories.installations import Installations
from mooring.adapters.repositories.runs import Runs
from mooring.adapters.run_news import CHANNEL, FileWatch, announce_runs
from mooring.testing.engine_contract import until
from mooring.testing.memory import MemoryLog

SOON = 20.0


@pytest.fixture
def file(sqlite_database: Database) -> Path:
    assert sqlite_database.sqlite_file is not None
    return sqlite_database.sqlite_file


@pytest.fixture
def add(sqlite_database: Database) -> Callable[[], object]:
    """Add a run."""
    runs = Runs(sqlite_database)
    installation = Installations(sqlite_database).create(
        app_id="counting", account="default", version="1.0.0", root="/"
    )
    return lambda: runs.create(installation, "pages", {}, scheduled_at=datetime.now(UTC))


def test_a_new_run_is_news(file: Path, add: Callable[[], object]) -> None:
    add()
    heard = threading.Event()
    with FileWatch(file, log=MemoryLog(), on_news=heard.set):
        assert heard.wait(SOON), "what came before is news as well"
        for _ in range(3):
            heard.clear()
            add()
            assert heard.wait(SOON)


def test_other_commits_are_no_news(
    file: Path, sqlite_database: Database, add: Callable[[], object]
) -> None:
    add()
    heard: list[int] = []
    with FileWatch(file, log=MemoryLog(), on_news=lambda: heard.append(1)):
        until(lambda: heard)
        for number in range(20):
            sqlite_database.record("key", str(number))
            time.sleep(0.002)
        add()
        until(lambda: len(heard) > 1)
    assert len(heard) == 2


def test_a_file_that_cannot_be_read_is_told_once_and_watched_again(
    file: Path, add: Callable[[], object]
) -> None:
    add()
    moved, log, heard = file.parent / "later" / file.name, MemoryLog(), threading.Event()
    with FileWatch(moved, log=log, on_news=heard.set, again_after=0.01):
        until(lambda: log.lines)
        assert not heard.wait(0.05)
        moved.parent.mkdir()
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(moved)) as target:
            source.backup(target)
        assert heard.wait(SOON)
    assert {line.event for line in log.lines} == {"job.worker.hears_late"}
    assert "unable to open" in log.lines[0].fields["reason"]
    assert len(log.lines) == len({line.fields["reason"] for line in log.lines})


@pytest.fixture
def listener(postgresql_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute(f"LISTEN {CHANNEL}".encode())
        yield connection


@pytest.fixture
def postgresql(postgresql_url: str) -> Iterator[Database]:
    opened = Database.open(postgresql_url)
    yield opened
    opened.close()


def test_postgresql_tells_everybody_with_the_commit(
    postgresql: Database, listener: psycopg.Connection
) -> None:
    with postgresql.write() as connection:
        announce_runs(connection)
        assert list(listener.notifies(timeout=0.05)) == []
    assert len(list(listener.notifies(timeout=SOON, stop_after=1))) == 1


def test_postgresql_tells_nobody_of_what_is_not_stored(
    postgresql: Database, listener: psycopg.Connection
) -> None:
    def fail() -> None:
        with postgresql.write() as connection:
            announce_runs(connection)
            connection.execute(text("SELECT 1 / 0"))

    with pytest.raises(DataError):
        fail()
    with postgresql.write() as connection:
        announce_runs(connection)
    assert len(list(listener.notifies(timeout=SOON, stop_after=1))) == 1
    assert list(listener.notifies(timeout=0.05)) == []
