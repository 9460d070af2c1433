"""Does another process work on this home? A lock that the system lifts when its holder dies.

Who takes it for long says who it is in a file beside it: the lock's own is emptied by everybody who
tries to get it.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from mooring.adapters.home import alive


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that has a lock, and the command it was started with, without its arguments."""

    pid: int
    command: str

    def __str__(self) -> str:
        return f"`{self.command}` (process {self.pid})"


class HomeLock:
    """An exclusive lock on a file: one process holds it, and no longer than it lives.

    With ``command`` the holder tells others that it is this one.
    """

    def __init__(self, path: Path, *, command: str = "") -> None:
        # Not per thread: whoever ends the program releases what its start acquired.
        self._lock = FileLock(path, mode=0o600, thread_local=False)
        self._command = command
        self._told = path.with_name(f"{path.name}.holder")

    def acquire(self) -> bool:
        """Take the lock if it is free, without waiting; say whether this process holds it."""
        if self._lock.is_locked:
            return True
        try:
            self._lock.acquire(blocking=False)
        except Timeout:
            return False
        if self._command:
            self._tell()
        return True

    def release(self) -> None:
        """Let others have it; harmless when it is not held."""
        if self._command and self._lock.is_locked:
            self._told.unlink(missing_ok=True)
        self._lock.release()

    def holder(self) -> Holder | None:
        """Return who has the lock, if that lives and said so; ask when it could not be had."""
        try:
            told = Holder(**json.loads(self._told.read_text("utf-8")))
            return told if alive(told.pid) else None
        except (OSError, ValueError, TypeError, OverflowError):
            return None  # Nobody said anything, or is about to.

    def _tell(self) -> None:
        draft = self._told.with_name(f"{self._told.name}-{os.getpid()}")
        draft.write_text(json.dumps(asdict(Holder(os.getpid(), self._command))), "utf-8")
        draft.replace(self._told)
