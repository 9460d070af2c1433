"""Which requests go wrong on purpose, and how. Knows paths and counts, not services."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Fault:
    """The next `count` requests below `route` wait `delay` seconds, then answer `status`.

    Without a status they only wait. `method` narrows it to one HTTP method.
    """

    route: str
    status: int | None
    count: int
    delay: float = 0.0
    method: str | None = None
    retry_after: int | None = None

    def hits(self, method: str, path: str) -> bool:
        """Say whether this fault meets the request."""
        return self.count > 0 and path.startswith(self.route) and self.method in (None, method)


class Faults:
    """The faults that wait for their requests, oldest first."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Let `fault` wait for its requests."""
        self._waiting.append(fault)

    def meet(self, method: str, path: str) -> Fault | None:
        """Take one use of the first fault that meets the request."""
        for fault in self._waiting:
            if fault.hits(method, path):
                fault.count -= 1
                return fault
        return None
