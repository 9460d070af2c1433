"""Which due runs are worth submitting, as their jobs have a place left?

It decides nothing: ``RunMoves.take`` does, in the database, whatever several workers counted. This
only spares submissions that would be refused there.
"""

from __future__ import annotations

from collections.abc import Callable

from mooring.model.run import Run, RunStatus


class Places:
    """How many more runs of each job seem to have a place, by the job's own limit."""

    def __init__(
        self, limit: Callable[[Run], int | None], count_running: Callable[[int, str], int]
    ) -> None:
        self._limit = limit
        self._count_running = count_running
        self._free: dict[tuple[int, str], int | None] = {}

    def take(self, run: Run) -> bool:
        """Take a place for a run that is to start; one that was started before has its own."""
        if run.status is RunStatus.RUNNING:
            return True
        job = (run.install_id, run.job)
        if job not in self._free:
            limit = self._limit(run)
            self._free[job] = None if limit is None else limit - self._count_running(*job)
        free = self._free[job]
        if free is None:
            return True
        self._free[job] = free - 1
        return free > 0
