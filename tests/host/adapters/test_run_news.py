"""How does a worker hear at once that there may be a run for it?"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DataError

from mooring.adapters.database import Database
from mooring.adapters.run_news import CHANNEL, FileWatch, announce_runs
from mooring.testing.memory import MemoryLog

SOON = 20.0


def test_a_commit_of_another_connection_is_news(sqlite_database: Database) -> None:
    file = sqlite_database.sqlite_file
    assert file is not None
    heard = threading.Event()
    with FileWatch(file, log=MemoryLog(), on_news=heard.set):
        assert heard.wait(SOON), "what came before is news as well"
        for number in range(3):
            heard.clear()
            sqlite_database.record("key", str(number))
            assert heard.wait(SOON)


def test_reading_is_no_news(sqlite_database: Database) -> None:
    file = sqlite_database.sqlite_file
    assert file is not None
    sqlite_database.record("key", "value")
    looks: list[int] = []
    looked = threading.Event()

    def note() -> None:
        looks.append(1)
        looked.set()

    with FileWatch(file, log=MemoryLog(), on_news=note):
        assert looked.wait(SOON)
        for _ in range(20):
            sqlite_database.recorded("key")
        before = len(looks)
        sqlite_database.record("key", "another")
        while len(looks) == before:
            looked.clear()
            assert looked.wait(SOON)
    assert len(looks) == 2


def test_a_file_that_cannot_be_read_is_told_once_and_watched_again(tmp_path: Path) -> None:
    file, log, heard = tmp_path / "folder" / "mooring.sqlite", MemoryLog(), threading.Event()
    with FileWatch(file, log=log, on_news=heard.set, again_after=0.01):
        assert not heard.wait(0.1)
        file.parent.mkdir()
        with closing(sqlite3.connect(file)):
            pass
        assert heard.wait(SOON)
    assert [line.event for line in log.lines] == ["job.worker.hears_late"]
    assert "unable to open" in log.lines[0].fields["reason"]


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
    assert len(list(listener.notifies(timeout=0.5))) == 1
