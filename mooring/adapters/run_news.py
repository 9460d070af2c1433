"""How does a worker hear at once that there may be a run for it?

Over PostgreSQL by a notification that is sent with the commit. Over SQLite the worker looks at the
number that SQLite raises with every commit of others, which costs next to nothing, and then for a
row that was not there before. What is missed is found a little later, for workers also look by
themselves.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, text

from mooring.sdk.ports import LogPort

CHANNEL = "mooring_runs"
LOOK_EVERY = 0.015  # seconds
AFTER_TROUBLE = 1.0


def announce_runs(connection: Connection) -> None:
    """Tell all workers, when this transaction is stored, that there may be runs for them."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"NOTIFY {CHANNEL}"))


class FileWatch:
    """Calls ``on_news`` after a run was added to an SQLite file, for the length of a block."""

    def __init__(
        self,
        file: Path,
        *,
        log: LogPort,
        on_news: Callable[[], object],
        again_after: float = AFTER_TROUBLE,
    ) -> None:
        self._file = file
        self._log = log
        self._on_news = on_news
        self._again_after = again_after
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="run-news", daemon=True)

    def __enter__(self) -> FileWatch:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _watch(self) -> None:
        said = ""
        while not self._stopping.is_set():
            try:
                self._watch_until_trouble()
            except sqlite3.Error as error:
                if str(error) != said:
                    said = str(error)
                    self._log.log("warn", "job.worker.hears_late", {"reason": said})
                self._stopping.wait(self._again_after)

    def _watch_until_trouble(self) -> None:
        with closing(sqlite3.connect(self._file, isolation_level=None)) as connection:
            commits = newest = None
            while not self._stopping.wait(LOOK_EVERY):
                before, commits = commits, _only(connection, "PRAGMA data_version")
                if commits != before:
                    known, newest = newest, _only(connection, "SELECT max(rowid) FROM runs")
                    if newest != known:
                        self._on_news()


def _only(connection: sqlite3.Connection, query: str) -> int | None:
    [value] = connection.execute(query).fetchone()
    return None if value is None else int(value)
