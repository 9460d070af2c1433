"""Which runs does a worker hand to its engine, and how many at a time?

A process that dies takes all its runs with it, and nobody can tell which one killed it. So a run
that has cost ``SUSPECT`` workers is tried alone: the others make way after their present steps, and
come back when it has committed a step. Else it would take them along until all were given up.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime

from mooring.adapters.repositories.runs import DueRun
from mooring.engine.job_engine import JobEngine
from mooring.hosting.host import Host
from mooring.working.places import Places

AGAIN_AFTER = 2.0  # seconds, when handing a run over had no effect
SUSPECT = 2  # so many workers were lost that had the run in hand, and no step was committed
WAITS_FOR = 1.0  # seconds that others make way for a suspect which is not offered again
LOOK_AT = 100  # so many at once


class Dispatch:
    """Hands runs over, never more than ``room`` of them, and none of them twice."""

    def __init__(self, host: Host, *, engine: JobEngine, room: int) -> None:
        self._host = host
        self._engine = engine
        self._room = room
        self.kept_free = 0  # places for runs that were left behind: they were begun first
        self._handed: dict[tuple[str, int], float] = {}
        self._alone: str | None = None  # the suspect that is being tried
        self._waiting: tuple[str, float] | None = None  # the next one, and when it was offered

    def makes_way(self, run_id: str) -> bool:
        """Whether a run has to go after its present step, for a suspect waits to be tried."""
        waiting = self._waiting
        is_suspect = waiting is None or run_id in (waiting[0], self._alone)
        return not is_suspect and self._is_awaited()

    def hand_over(self, now: datetime) -> None:
        """Hand over what is due, as long as there is room."""
        self._look_at_suspect()
        room = self._room - self.kept_free
        if self._engine.busy() >= room:
            return
        self._forget_old()
        places = Places(self._host.jobs.limit, self._host.runs.count_running)
        for run in self._waiting_for(places, now):
            if self._engine.busy() >= room:
                return
            if places.take(run):
                self.hand(run.run_id, run.epoch)

    def _waiting_for(self, places: Places, now: datetime) -> Iterator[DueRun]:
        """Give what is due and was not just handed over; whoever is given one takes its place.

        What follows is looked for without the jobs that are full, however many of them wait.
        """
        seen: set[str] = set()
        while True:
            full, most = places.full, LOOK_AT + len(self._handed)
            due = self._host.runs.claimable(now=now, limit=most, without=full)
            waiting: list[DueRun] = []
            for run in (run for run in due if run.run_id not in seen):
                if self._was_just_handed(run.run_id, run.epoch):
                    places.take(run)  # It has not begun yet, so nobody counted it.
                else:
                    waiting.append(run)
            seen.update(run.run_id for run in due)
            yield from waiting
            if len(due) < most or places.full == full:
                return

    def hand(self, run_id: str, epoch: int, *, cost: int = 0) -> bool:
        """Hand over one run; False when there is no room, or when it was just handed over.

        ``cost`` is how many workers it was in the hand of that died.
        """
        if self._was_just_handed(run_id, epoch) or not self._may_begin(run_id, cost):
            return False
        self._handed[run_id, epoch] = time.monotonic()
        self._engine.submit(run_id, epoch=epoch)
        return True

    def _may_begin(self, run_id: str, cost: int) -> bool:
        busy = self._engine.busy()
        if cost < SUSPECT:
            return busy < self._room and self._alone is None and not self._is_awaited()
        if busy:
            self._waiting = (run_id, time.monotonic())
            return False
        self._alone, self._waiting = run_id, None
        return True

    def _look_at_suspect(self) -> None:
        """Let others in again when the suspect has gone, or has got on."""
        if self._alone is None:
            return
        if not self._engine.busy() or not self._host.runs.get(self._alone).workers_lost:
            self._alone = None

    def _is_awaited(self) -> bool:
        """Whether a suspect waits that was offered a moment ago."""
        waiting = self._waiting
        return waiting is not None and time.monotonic() - waiting[1] < WAITS_FOR

    def _was_just_handed(self, run_id: str, epoch: int) -> bool:
        at = self._handed.get((run_id, epoch))
        return at is not None and time.monotonic() - at < AGAIN_AFTER

    def _forget_old(self) -> None:
        recent = time.monotonic() - AGAIN_AFTER
        self._handed = {key: at for key, at in self._handed.items() if at > recent}
