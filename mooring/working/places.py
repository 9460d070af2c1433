"""Which due runs are worth submitting, as their jobs have a place left?

It decides nothing: ``RunMoves.take`` does, in the database, whatever several workers counted. This
only spares submissions that would be refused there.
"""

from __future__ import annotations

from collections.abc import Callable

from mooring.adapters.repositories.runs import DueRun


class Places:
    """How many more runs of each job seem to have a place, by the job's own limit."""

    def __init__(
        self, limit: Callable[[DueRun], int | None], count_running: Callable[[int, str], int]
    ) -> None:
        self._limit = limit
        self._count_running = count_running
        self._free: dict[tuple[int, str], int | None] = {}

    @property
    def full(self) -> frozenset[tuple[int, str]]:
        """The jobs that were found to have no place left, by installation and name."""
        return frozenset(job for job, free in self._free.items() if free is not None and free < 1)

    def take(self, run: DueRun) -> bool:
        """Take a place for a run that is to start."""
        job = (run.install_id, run.job)
        if job not in self._free:
            limit = self._limit(run)
            self._free[job] = None if limit is None else limit - self._count_running(*job)
        free = self._free[job]
        if free is None:
            return True
        self._free[job] = free - 1
        return free > 0
