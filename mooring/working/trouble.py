"""What does a worker say of trouble that passes by itself? That it began, and that it is over."""

from __future__ import annotations

from typing import Protocol

from mooring.errors import MooringError


class _Log(Protocol):
    def __call__(self, level: str, event: str, **fields: object) -> None: ...


class Trouble:
    """Says the same once, however often it comes."""

    def __init__(self, log: _Log) -> None:
        self._log = log
        self._said = ""

    def began(self, error: Exception) -> None:
        """Say what went wrong, unless it was said."""
        named = isinstance(error, MooringError)
        said = str(error) if named else f"{type(error).__name__}: {error}"
        if said != self._said:
            self._said = said
            self._log("error", "job.worker.trouble", error=said)

    def is_over(self) -> None:
        """Say that it is over, if there was any."""
        if self._said:
            self._said = ""
            self._log("info", "job.worker.trouble_over")
