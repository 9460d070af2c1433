"""What does a worker say of trouble that passes by itself? That it began, and that it is over."""

from __future__ import annotations

from typing import Protocol

from mooring.errors import in_words


class _Log(Protocol):
    def __call__(self, level: str, event: str, **fields: object) -> None: ...


class Trouble:
    """Says at its beginning what it is, however often it comes and however it is put then."""

    def __init__(self, log: _Log) -> None:
        self._log = log
        self._lasts = False

    def began(self, error: Exception) -> None:
        """Say what went wrong, unless it lasts."""
        if not self._lasts:
            self._log("error", "job.worker.trouble", error=in_words(error).partition("\n")[0])
        self._lasts = True

    def is_over(self) -> None:
        """Say that it is over, if there was any."""
        if self._lasts:
            self._log("info", "job.worker.trouble_over")
        self._lasts = False
