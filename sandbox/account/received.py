"""What arrived, in order and with sandbox times. Knows nothing of what it means."""

from __future__ import annotations

from typing import Any

from sandbox.account.clock import Clock


class Received:
    """The sandbox's own record of everything that was sent to it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: list[dict[str, Any]] = []

    def add(self, service: str, kind: str, **facts: Any) -> None:  # Any: facts are JSON as sent
        """Append one entry; `kind` names the operation, such as `contact.update`."""
        entry = {
            "sequence": len(self._entries) + 1,
            "at": self._clock.now(),
            "service": service,
            "kind": kind,
        }
        self._entries.append(entry | facts)

    def entries(self, *, service: str = "", kind: str = "", after: int = 0) -> list[dict[str, Any]]:
        """Return entries later than sequence `after`, of one service and kind when given."""
        return [
            entry
            for entry in self._entries[after:]
            if service in ("", entry["service"]) and kind in ("", entry["kind"])
        ]
