"""How does the host open a SQLite file? Private, in WAL mode, with true write transactions.

``synchronous`` is FULL: what was promised to the outside (a webhook answered with 202, a run that
was written, a state that was committed) survives not only SIGKILL, for which NORMAL would do, but
also a power cut. Many small promises share one sync (see ``repositories.deliveries``).
"""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event

from mooring.errors import HomeUnusable

BUSY_SECONDS = 15.0
WRITING = "mooring_writing"
JOURNAL_PAGES = 4000  # 16 MB, after which a commit moves them; that one takes many times longer


def sqlite_engine(file: Path) -> Engine:
    """Make an engine for the file, which is created with mode 0600 if need be.

    Raises HomeUnusable when the file cannot be opened for writing.
    """
    _create_private(file)
    engine = create_engine(
        URL.create("sqlite", database=str(file)),
        connect_args={
            "isolation_level": None,
            "check_same_thread": False,
            "timeout": BUSY_SECONDS,
            "cached_statements": 512,
        },
        pool_timeout=60.0,
        hide_parameters=True,  # states and settings, which would stand in every error
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def unusable(file: str | Path, reason: str) -> HomeUnusable:
    """Say that the file cannot be used, and what to do."""
    return HomeUnusable(
        f"The database cannot be used: {reason}.",
        where=str(file),
        hint="Make the folder and the file writable and the disk roomy, or choose another home "
        "with --home DIR or MOORING_HOME.",
    )


def _create_private(file: Path) -> None:
    """Make the file before SQLite does, which would let the group and others read it."""
    try:
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise unusable(file, error.strerror or str(error)) from error


def _prepare(connection: sqlite3.Connection, _record: Any) -> None:
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute(f"PRAGMA wal_autocheckpoint = {JOURNAL_PAGES}")
    use_wal(connection)


def use_wal(connection: sqlite3.Connection) -> None:
    """Switch the file to WAL; only the first switch of all costs anything."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            # The first switch to WAL does not wait for others that open the file just now.
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.005)


def _begin(connection: Connection) -> None:
    """Take the write lock at once: a read that turns into a write cannot wait for it."""
    writing = connection.get_execution_options().get(WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
