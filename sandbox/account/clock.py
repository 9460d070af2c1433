"""What time it is in the sandbox. Knows nothing of who asks."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class Clock:
    """The wall clock plus what a test has added to it."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def timestamp(self) -> float:
        """Return seconds since the epoch, sandbox time."""
        return time.time() + self._ahead

    def now(self) -> datetime:
        """Return the sandbox time in UTC, to the millisecond as the services print it."""
        moment = datetime.fromtimestamp(self.timestamp(), UTC)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    def advance(self, seconds: float) -> None:
        """Move forward by `seconds`."""
        self._ahead += seconds
