"""How many requests a credential may still make. Knows limits and time, not services."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from sandbox.account.clock import Clock


@dataclass(frozen=True, slots=True)
class Window:
    """At most `limit` requests in any `seconds`."""

    limit: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What a meter says to one request."""

    allowed: bool
    limit: int
    remaining: int
    reset_seconds: int


class Meter:
    """Exact sliding windows: no stretch of time ever holds more than the limit."""

    def __init__(self, clock: Clock, *windows: Window) -> None:
        self._clock = clock
        self._windows = windows
        self._taken: dict[str, list[deque[float]]] = {}

    def take(self, credential: str) -> Reading:
        """Count one request unless a window is full; say how the tightest stands."""
        now = self._clock.timestamp()
        taken = self._taken.setdefault(credential, [deque() for _ in self._windows])
        for window, times in zip(self._windows, taken, strict=True):
            while times and times[0] <= now - window.seconds:
                times.popleft()
        full = any(
            len(times) >= window.limit for window, times in zip(self._windows, taken, strict=True)
        )
        if not full:
            for times in taken:
                times.append(now)
        return self._reading(taken, now=now, allowed=not full)

    def _reading(self, taken: list[deque[float]], *, now: float, allowed: bool) -> Reading:
        window, times = min(
            zip(self._windows, taken, strict=True),
            key=lambda pair: (pair[0].limit - len(pair[1])) / pair[0].limit,
        )
        left = times[0] + window.seconds - now if times else 0.0
        return Reading(allowed, window.limit, window.limit - len(times), max(1, math.ceil(left)))
