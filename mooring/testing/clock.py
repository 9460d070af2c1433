"""What time is it in a test? The one that the test says."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 1, tzinfo=UTC)


class FakeClock:
    """A clock that moves only by ``advance`` and ``sleep``; safe to use from several threads."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._lock = threading.Lock()
        self.slept: list[float] = []

    def now(self) -> datetime:
        """Return the present moment, aware, UTC."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Advance instead of waiting, and note how long the wait would have been."""
        self.slept.append(seconds)
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Move on."""
        with self._lock:
            self._now += timedelta(seconds=seconds)
