"""Which runs that are RUNNING did their worker leave behind?

Those of a worker whose lock is free; those whose heartbeat stands still, whatever became of their
worker; and those of our own that we do not drive. No clock of another machine has a say: a
heartbeat stands still when it was the same all the time that we watched it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from mooring.adapters.repositories.runs_in_hand import RunInHand

ABANDONED_AFTER = 30.0  # seconds that a heartbeat stands still
COME_FIRST = 300.0  # seconds; then runs that wait to begin may have the places, too
SURE_AFTER = 1.0  # A worker that lost its session gets its lock again in less, also if it is busy.

Why: TypeAlias = Literal["worker_is_gone", "heartbeat_stands_still", "not_driven_here"]


@dataclass(slots=True)
class LeftBehind:
    """What one worker knows of the runs of all; looked at again and again."""

    name: str
    sure_after: float = SURE_AFTER
    _seen: dict[RunInHand, float] = field(default_factory=dict)
    _suspected: dict[tuple[str, int], float] = field(default_factory=dict)

    def found(
        self,
        runs: Iterable[RunInHand],
        *,
        free: Collection[str],
        driven: Collection[str],
        at: float,
    ) -> Mapping[RunInHand, Why]:
        """Return the runs to take over, of all that are RUNNING, and why.

        ``free`` names the workers whose locks are free, ``driven`` the runs that this worker
        drives; ``at`` is a time that no clock change moves.
        """
        self._seen = {run: self._seen.get(run, at) for run in runs}
        why = {run: self._why(run, free, driven, at) for run in self._seen}
        suspected = {run: reason for run, reason in why.items() if reason is not None}
        self._suspected = {
            (run.run_id, run.epoch): self._suspected.get((run.run_id, run.epoch), at)
            for run in suspected
        }
        return {
            run: reason
            for run, reason in suspected.items()
            if at - self._suspected[run.run_id, run.epoch] >= self.sure_after
        }

    def waiting(self, at: float) -> int:
        """Return how many were left behind and come before what has not begun."""
        return sum(at - since < COME_FIRST for since in self._suspected.values())

    def _why(
        self, run: RunInHand, free: Collection[str], driven: Collection[str], at: float
    ) -> Why | None:
        if run.worker == self.name:
            return None if run.run_id in driven else "not_driven_here"
        if run.worker in free:
            return "worker_is_gone"
        return "heartbeat_stands_still" if at - self._seen[run] >= ABANDONED_AFTER else None
