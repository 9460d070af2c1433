"""When is something due that happens again and again? By a clock that nobody sets."""

from __future__ import annotations

import time


class Every:
    """Due every so many seconds, for the first time at once or after them."""

    def __init__(self, seconds: float, *, at_once: bool = True) -> None:
        self._seconds = seconds
        self._next = 0.0 if at_once else time.monotonic() + seconds

    def is_due(self, at: float) -> bool:
        """Tell whether it is due; if so, not again for as long as was said."""
        if at < self._next:
            return False
        self._next = at + self._seconds
        return True
