"""What did a run cost so far? Counted while it is driven, and kept with every commit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from mooring.model.moment import iso
from mooring.model.run import NOTHING_YET
from mooring.model.step_times import NONE, class_of
from mooring.sdk.job import Progress

COUNTING = ("counting_since", "counting_from")  # what model.progress reckons rates with

_MILLISECOND = timedelta(milliseconds=1)


class Tally:
    """Goes on counting from what is kept (``Run.statistics``, ``Run.progress``)."""

    __slots__ = ("_attempts", "_buckets", "_counted", "_counting", "_longest", "_total", "_waited")

    def __init__(self, kept: Mapping[str, Any], progress: Mapping[str, Any] | None = None) -> None:
        so_far = {**NOTHING_YET, **kept}
        self._total = float(so_far["step_ms_total"])
        self._longest = float(so_far["step_ms_longest"])
        self._attempts = int(so_far["attempts_total"])
        self._waited = int(so_far["waited_ms"])
        self._buckets = list(kept.get("step_buckets", ()))
        self._counting = {name: kept[name] for name in COUNTING if name in kept}
        self._counted = (progress["unit"], progress["done"]) if progress else None

    def step(self, took: timedelta) -> float:
        """Count a step, committed or not; return its milliseconds."""
        milliseconds = max(took / _MILLISECOND, 0.0)  # a clock may be set back
        self._total += milliseconds
        self._longest = max(self._longest, milliseconds)
        if not self._buckets:
            self._buckets = list(NONE)
        self._buckets[class_of(milliseconds)] += 1
        return milliseconds

    def failed(self, *, waits: float = 0.0) -> None:
        """Count a step that failed, and the seconds that the run is put off for it."""
        self._attempts += 1
        self._waited += round(waits * 1000)

    def counts(self, progress: object, *, now: datetime) -> None:
        """Note since when a job has been counting what it counts now: each stage counts anew.

        What is no progress is refused where it is kept (engine.states).
        """
        if not isinstance(progress, Progress) or not isinstance(progress.done, int):
            return
        known = self._counted
        if known is None or known[0] != progress.unit or progress.done < known[1]:
            since = iso(now, timespec="milliseconds")
            self._counting = dict(zip(COUNTING, (since, progress.done), strict=True))
        self._counted = (progress.unit, progress.done)

    def kept(self) -> dict[str, Any]:
        """Return what is to be kept."""
        return {
            "step_ms_total": round(self._total, 3),
            "step_ms_longest": round(self._longest, 3),
            "attempts_total": self._attempts,
            "waited_ms": self._waited,
            **({"step_buckets": list(self._buckets)} if self._buckets else {}),
            **self._counting,
        }
