"""Who moves SQLite's write-ahead log into its file while webhooks come in? A thread beside them.

Else a commit does it now and then, and everybody who waits for that commit waits many times longer.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

MOVES_EVERY = 0.1  # seconds


@contextmanager
def moving_journal(file: Path | None) -> Iterator[None]:
    """Move the log for the length of the block; there is none without an SQLite file."""
    if file is None:
        yield
        return
    ended = threading.Event()
    mover = threading.Thread(target=_move, args=(file, ended), name="journal-mover", daemon=True)
    mover.start()
    try:
        yield
    finally:
        ended.set()
        mover.join()


def _move(file: Path, ended: threading.Event) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        while not ended.wait(MOVES_EVERY):
            # Busy, or on a full disk: the commit that has to do it at last says what is wrong.
            with suppress(sqlite3.OperationalError):
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)").close()
