"""An error of the database becomes one that says what to do, and shows no password."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DatabaseError, OperationalError, ProgrammingError

from mooring.adapters.database_trouble import explanation
from mooring.errors import ConfigurationInvalid, DatabaseAway, DatabaseBusy, HomeUnusable

SERVER = make_url("postgresql+psycopg://mooring:tr0ub4dor@db.example:5432/mooring")


def of_sqlite(file: Path) -> URL:
    return make_url(f"sqlite:///{file}")


def raised(act: Callable[[], object]) -> DatabaseError:
    """Return what SQLAlchemy makes of the error that SQLite raises."""
    with pytest.raises(sqlite3.DatabaseError) as caught:
        act()
    return DatabaseError("INSERT", {}, caught.value)


@pytest.mark.parametrize(
    "reason",
    [
        psycopg.OperationalError("connection refused"),
        psycopg.errors.AdminShutdown("shutting down"),
        psycopg.errors.TooManyConnections("too many clients"),
        psycopg.errors.InvalidPassword("wrong password"),
        psycopg.errors.InvalidCatalogName("no such database"),
    ],
)
def test_a_server_that_cannot_be_worked_with_does_not_answer(reason: psycopg.Error) -> None:
    found = explanation(OperationalError("SELECT 1", {}, reason), SERVER)
    assert isinstance(found, DatabaseAway)
    assert f"does not answer: {reason}." in str(found)
    assert "db.example:5432" in str(found)
    assert "tr0ub4dor" not in str(found)


@pytest.mark.parametrize(
    "reason",
    [
        psycopg.errors.DeadlockDetected("deadlock detected"),
        psycopg.errors.SerializationFailure("could not serialize access"),
        psycopg.errors.LockNotAvailable("lock timeout"),
    ],
)
def test_transactions_in_one_another_s_way_find_the_database_busy(reason: psycopg.Error) -> None:
    found = explanation(OperationalError("UPDATE runs", {}, reason), SERVER)
    assert isinstance(found, DatabaseBusy)
    assert f"is busy: {reason}." in str(found)
    assert "tr0ub4dor" not in str(found)


def test_a_user_without_the_right_is_told_to_own_the_database() -> None:
    reason = psycopg.errors.InsufficientPrivilege("permission denied for table runs\nLINE 1: …")
    found = explanation(ProgrammingError("SELECT 1", {}, reason), SERVER)
    assert isinstance(found, ConfigurationInvalid)
    assert not isinstance(found, DatabaseAway)
    assert "may not do this: permission denied for table runs." in str(found)
    assert "own its database" in str(found)


def test_a_reason_without_words_is_no_answer() -> None:
    found = explanation(OperationalError("SELECT 1", {}, psycopg.OperationalError(" ")), SERVER)
    assert "does not answer: no answer." in str(found)


@pytest.mark.parametrize(
    "reason", [psycopg.errors.UniqueViolation("twice"), psycopg.errors.UndefinedColumn("x")]
)
def test_an_error_of_our_own_is_explained_to_nobody(reason: psycopg.Error) -> None:
    assert explanation(OperationalError("SELECT 1", {}, reason), SERVER) is None


def test_a_file_that_others_write_to_all_the_time_is_busy(tmp_path: Path) -> None:
    file = tmp_path / "busy.sqlite"
    first = sqlite3.connect(file, isolation_level=None)
    second = sqlite3.connect(file, isolation_level=None, timeout=0)
    first.execute("BEGIN IMMEDIATE")
    found = explanation(raised(lambda: second.execute("BEGIN IMMEDIATE")), of_sqlite(file))
    first.close()
    second.close()
    assert isinstance(found, DatabaseBusy)
    assert str(file) in str(found)


def test_a_disk_that_is_full_is_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "full.sqlite"
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE t (x BLOB)")
    connection.execute("PRAGMA max_page_count = 3")
    large = "INSERT INTO t VALUES (zeroblob(100000))"
    found = explanation(raised(lambda: connection.execute(large)), of_sqlite(file))
    connection.close()
    assert isinstance(found, DatabaseAway)
    assert "cannot be used at present: database or disk is full." in str(found)
    assert str(file) in str(found)


def test_a_file_that_is_no_database_is_unusable(tmp_path: Path) -> None:
    file = tmp_path / "text.sqlite"
    file.write_text("no database, but words " * 100)
    connection = sqlite3.connect(file)
    found = explanation(raised(lambda: connection.execute("SELECT * FROM t")), of_sqlite(file))
    connection.close()
    assert isinstance(found, HomeUnusable)
    assert str(file) in str(found)


def test_a_file_that_cannot_be_opened_is_unusable(tmp_path: Path) -> None:
    file = tmp_path / "nowhere" / "x.sqlite"
    found = explanation(raised(lambda: sqlite3.connect(file)), of_sqlite(file))
    assert isinstance(found, HomeUnusable)


def test_an_error_of_our_own_in_a_file_is_explained_to_nobody(tmp_path: Path) -> None:
    file = tmp_path / "x.sqlite"
    connection = sqlite3.connect(file)
    found = explanation(raised(lambda: connection.execute("SELECT * FROM t")), of_sqlite(file))
    connection.close()
    assert found is None
