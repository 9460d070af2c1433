"""Which runs does a worker hand to its engine, and how many at a time?"""

from __future__ import annotations

import time
from datetime import datetime

from mooring.engine.job_engine import JobEngine
from mooring.hosting.host import Host
from mooring.model.run import Run
from mooring.working.places import Places

AGAIN_AFTER = 2.0  # seconds, when handing a run over had no effect
LOOK_AT = 1000  # so many at once, for those in front may have to wait for others of their job


class Handing:
    """Hands runs over, never more than ``room`` of them, and none of them twice."""

    def __init__(self, host: Host, *, engine: JobEngine, room: int) -> None:
        self._host = host
        self._engine = engine
        self._room = room
        self._handed: dict[tuple[str, int], float] = {}

    def hand_over(self, now: datetime) -> None:
        """Hand over what is due, as long as there is room."""
        if self._engine.busy() >= self._room:
            return
        due = self._host.runs.claimable(now=now, limit=LOOK_AT)
        self._forget_old()
        places = Places(self._host.jobs.limit, self._host.runs.count_running)
        waiting: list[Run] = []
        for run in due:
            if self._was_just_handed(run.run_id, run.epoch):
                places.take(run)  # It has not begun yet, so nobody counted it.
            else:
                waiting.append(run)
        for run in waiting:
            if self._engine.busy() >= self._room:
                return
            if places.take(run):
                self.hand(run.run_id, run.epoch)

    def hand(self, run_id: str, epoch: int) -> bool:
        """Hand over one run; False when there is no room, or when it was just handed over."""
        if self._engine.busy() >= self._room or self._was_just_handed(run_id, epoch):
            return False
        self._handed[run_id, epoch] = time.monotonic()
        self._engine.submit(run_id, epoch=epoch)
        return True

    def _was_just_handed(self, run_id: str, epoch: int) -> bool:
        at = self._handed.get((run_id, epoch))
        return at is not None and time.monotonic() - at < AGAIN_AFTER

    def _forget_old(self) -> None:
        if len(self._handed) > LOOK_AT:
            recent = time.monotonic() - AGAIN_AFTER
            self._handed = {key: at for key, at in self._handed.items() if at > recent}
