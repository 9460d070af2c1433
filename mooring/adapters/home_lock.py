"""Does another process work on this home? A lock that the system lifts when its holder dies."""

from __future__ import annotations

from pathlib import Path

from filelock import FileLock, Timeout


class HomeLock:
    """An exclusive lock on a file: one process holds it, and no longer than it lives."""

    def __init__(self, path: Path) -> None:
        # Not per thread: whoever ends the program releases what its start acquired.
        self._lock = FileLock(path, mode=0o600, thread_local=False)

    def acquire(self) -> bool:
        """Take the lock if it is free, without waiting; say whether this process holds it."""
        if self._lock.is_locked:
            return True
        try:
            self._lock.acquire(blocking=False)
        except Timeout:
            return False
        return True

    def release(self) -> None:
        """Let others have it; harmless when it is not held."""
        self._lock.release()
