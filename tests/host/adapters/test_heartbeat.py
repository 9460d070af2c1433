"""A run shows that it is alive while a step takes long."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

from mooring.adapters.heartbeat import beating
from mooring.errors import HomeUnusable, LeaseLost
from mooring.model.run import Run, RunStatus
from mooring.testing.clock import START, FakeClock
from mooring.testing.memory import MemoryLog

RUN = Run("r1", 1, "shop", "local", "sync", RunStatus.RUNNING, {}, {}, 0, 1, 0, START, START)
SOON = 0.005


class Beats:
    """Notes heartbeats; fails as told."""

    def __init__(self, *errors: Exception) -> None:
        self.at: list[datetime] = []
        self.enough = threading.Event()
        self._errors = list(errors)

    def beat(self, run: Run, *, now: datetime) -> None:
        assert run is RUN
        self.at.append(now)
        if len(self.at) == 3:
            self.enough.set()
        if self._errors:
            raise self._errors.pop(0)


def beat(beats: Beats, log: MemoryLog, *, wait: float = 5) -> None:
    clock = FakeClock()
    with beating(RUN, repository=beats, clock=clock, log=log, every=SOON):
        beats.enough.wait(wait)
        clock.advance(60)


def test_it_beats_during_the_block_and_not_after() -> None:
    beats = Beats()
    beat(beats, MemoryLog())
    count = len(beats.at)
    assert count >= 3
    assert beats.at[0] == START
    assert not [thread for thread in threading.enumerate() if "heartbeat-r1" in thread.name]
    assert beats.at[-1] <= START + timedelta(seconds=60)


def test_a_lost_run_is_left_alone() -> None:
    beats = Beats(LeaseLost())
    beat(beats, MemoryLog(), wait=0.05)
    assert len(beats.at) == 1


def test_a_database_that_is_away_is_logged_and_tried_again() -> None:
    beats, log = Beats(HomeUnusable("The disk is full.")), MemoryLog()
    beat(beats, log)
    assert len(beats.at) >= 3
    [line] = log.lines
    assert (line.event, line.fields["error"]) == ("job.run.heartbeat_failed", "The disk is full.")
