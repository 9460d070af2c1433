"""What does a server say while the database is away? To callers, when to come again; to the log,
that it began and that it is over.
"""

from __future__ import annotations

import threading
import time

from mooring.engine.problems import problem
from mooring.errors import MooringError, in_words
from mooring.sdk.ports import LogPort
from mooring.sdk.webhook import Response

AGAIN_AFTER = 5  # seconds that callers are asked to wait
SETTLED_AFTER = 2.0  # seconds since the last error; what still answers from memory proves nothing


class Outage:
    """Notes for one part of the host whether its database is away; each change is logged once."""

    def __init__(self, log: LogPort, part: str) -> None:
        self._log = log
        self._part = part
        self._guard = threading.Lock()
        self._last: float | None = None

    def began(self, error: MooringError) -> None:
        """Say what went wrong, unless it lasts."""
        with self._guard:
            is_new, self._last = self._last is None, time.monotonic()
        if is_new:
            self._log.log("error", f"{self._part}.database_away", {"error": in_words(error)})

    def is_over(self) -> None:
        """Say that the database answers again, if it was away until a moment ago."""
        last = self._last
        if last is None or time.monotonic() - last < SETTLED_AFTER:
            return
        with self._guard:
            was_away, self._last = self._last is not None, None
        if was_away:
            self._log.log("info", f"{self._part}.database_back", {})


def come_again(error: MooringError) -> Response:
    """Tell a caller of the public port; the log says which database, and what it said."""
    said = "The host cannot reach its database at present, so nothing was done."
    hint = f"Send it again in {AGAIN_AFTER} seconds."
    headers = {"retry-after": str(AGAIN_AFTER)}
    return problem(503, error.code, said, hint=hint, headers=headers)
