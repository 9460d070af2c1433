"""A clock that was set back lets no run wait longer than it was to wait."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from mooring.adapters.database import Database
from mooring.adapters.repositories.runs import Runs
from mooring.adapters.repositories.waiting_runs import AT_MOST, WaitingRuns
from mooring.model.installation import Installation, InstallationState
from mooring.model.run import Run
from mooring.testing.clock import START, FakeClock

SHOP = Installation(
    1, "shop", "local", "1.0.0", Path("/apps"), InstallationState.INSTALLED, START, START
)
MINUTE, HOURS = timedelta(minutes=1), timedelta(hours=3)


@pytest.fixture
def waiting(database: Database) -> WaitingRuns:
    return WaitingRuns(database)


def put_off(runs: Runs, clock: FakeClock, by: timedelta) -> Run:
    """Write a run that waits for so long by the present clock."""
    made = runs.create(SHOP, "sync", {}, scheduled_at=clock.now())
    assert made is not None
    taken = runs.take(made.run_id, worker="w1", now=clock.now())
    return runs.postpone(taken, until=clock.now() + by, error="later", attempt=1)


def due(runs: Runs, clock: FakeClock) -> list[str]:
    return [run.run_id for run in runs.claimable(now=clock.now())]


def test_after_a_clock_was_set_back_a_run_waits_as_long_as_it_was_to_wait(
    runs: Runs, waiting: WaitingRuns, clock: FakeClock
) -> None:
    run = put_off(runs, clock, 2 * MINUTE)
    clock.advance(-HOURS.total_seconds())
    assert waiting.mend(clock.now()) == 1
    assert waiting.mend(clock.now()) == 0
    assert runs.get(run.run_id).not_before == clock.now() + 2 * MINUTE
    assert due(runs, clock) == []
    clock.advance(2 * MINUTE.total_seconds())
    assert due(runs, clock) == [run.run_id]


def test_a_run_that_was_given_back_goes_on_at_once(
    runs: Runs, waiting: WaitingRuns, clock: FakeClock
) -> None:
    run = put_off(runs, clock, timedelta(0))
    clock.advance(-HOURS.total_seconds())
    assert due(runs, clock) == []
    waiting.mend(clock.now())
    assert due(runs, clock) == [run.run_id]


def test_a_long_wait_by_a_right_clock_is_left_alone(
    runs: Runs, waiting: WaitingRuns, clock: FakeClock
) -> None:
    run = put_off(runs, clock, HOURS)
    clock.advance(MINUTE.total_seconds())
    assert waiting.mend(clock.now()) == 0
    assert runs.get(run.run_id).not_before == START + HOURS


def test_the_clocks_of_machines_may_be_a_little_apart(
    runs: Runs, waiting: WaitingRuns, clock: FakeClock
) -> None:
    run = put_off(runs, clock, HOURS)
    clock.advance(-AT_MOST.total_seconds())
    assert waiting.mend(clock.now()) == 0
    assert runs.get(run.run_id) == run


def test_what_runs_or_was_never_put_off_is_left_alone(
    runs: Runs, waiting: WaitingRuns, clock: FakeClock
) -> None:
    for _ in range(2):
        assert runs.create(SHOP, "sync", {}, scheduled_at=clock.now())
    [first, second] = runs.recent()
    taken = runs.take(first.run_id, worker="w1", now=clock.now())
    assert waiting.mend(clock.now() - HOURS) == 0
    assert (runs.get(first.run_id), runs.get(second.run_id)) == (taken, second)
