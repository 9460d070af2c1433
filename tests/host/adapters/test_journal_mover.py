"""SQLite's journal moves into its file beside the commits, and only where there is one."""

from __future__ import annotations

import threading
import time
from contextlib import closing

from mooring.adapters.database import Database
from mooring.adapters.journal_mover import moving_journal


def test_the_journal_is_moved_while_others_write(sqlite_url: str) -> None:
    with closing(Database.open(sqlite_url)) as database, moving_journal(database.sqlite_file):
        assert database.sqlite_file is not None
        before = database.sqlite_file.stat().st_size
        for number in range(20):
            database.record(f"note {number}", "x" * 10_000)
        deadline = time.monotonic() + 10
        while database.sqlite_file.stat().st_size <= before:
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_a_database_without_a_journal_has_nothing_to_move(postgresql_url: str) -> None:
    with closing(Database.open(postgresql_url)) as database, moving_journal(database.sqlite_file):
        assert "journal-mover" not in {thread.name for thread in threading.enumerate()}
