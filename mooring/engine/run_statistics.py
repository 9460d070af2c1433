"""What did a run cost so far? Counted while it is driven, and kept with every commit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from mooring.model.run import NOTHING_YET

_MILLISECOND = timedelta(milliseconds=1)


class Tally:
    """Goes on counting from what is kept (``Run.statistics``)."""

    __slots__ = ("_attempts", "_longest", "_total", "_waited")

    def __init__(self, kept: Mapping[str, Any]) -> None:
        so_far = {**NOTHING_YET, **kept}
        self._total = float(so_far["step_ms_total"])
        self._longest = float(so_far["step_ms_longest"])
        self._attempts = int(so_far["attempts_total"])
        self._waited = int(so_far["waited_ms"])

    def step(self, took: timedelta) -> float:
        """Count a step, committed or not; return its milliseconds."""
        milliseconds = max(took / _MILLISECOND, 0.0)  # a clock may be set back
        self._total += milliseconds
        self._longest = max(self._longest, milliseconds)
        return milliseconds

    def failed(self, *, waits: float = 0.0) -> None:
        """Count a step that failed, and the seconds that the run is put off for it."""
        self._attempts += 1
        self._waited += round(waits * 1000)

    def kept(self) -> dict[str, Any]:
        """Return what is to be kept."""
        return {
            "step_ms_total": round(self._total, 3),
            "step_ms_longest": round(self._longest, 3),
            "attempts_total": self._attempts,
            "waited_ms": self._waited,
        }
