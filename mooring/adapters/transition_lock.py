"""Is another process at the lifecycle of an app? A lock that is lifted when its holder dies.

It is a file where the database is one, and an advisory lock of a session in PostgreSQL, where
processes of several machines may be at it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mooring.adapters.database import Database
from mooring.adapters.home_lock import HomeLock


@contextmanager
def transition_lock(
    database: Database, folder: Path, *, app_id: str, account: str
) -> Iterator[bool]:
    """Hold the lock of an app in an account for the length of the block, if it is free."""
    name = f"{app_id}/{account}"
    if database.is_postgresql:
        with database.session_lock(f"transition/{name}") as held:
            yield held
        return
    folder.mkdir(mode=0o700, exist_ok=True)
    lock = HomeLock(folder / f"{hashlib.sha256(name.encode()).hexdigest()[:16]}.lock")
    held = lock.acquire()
    try:
        yield held
    finally:
        if held:
            lock.release()
