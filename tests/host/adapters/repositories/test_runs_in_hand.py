"""Which runs are RUNNING, and in whose hand?"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from mooring.adapters.database import Database
from mooring.adapters.repositories.runs import Runs
from mooring.adapters.repositories.runs_in_hand import RunInHand, RunsInHand, lock_of
from mooring.model.installation import Installation, InstallationState
from mooring.model.run import Run, RunStatus, Standing
from mooring.testing.clock import START

SHOP = Installation(
    1, "shop", "local", "1.0.0", Path("/apps"), InstallationState.INSTALLED, START, START
)
SOON = START + timedelta(minutes=1)


@pytest.fixture
def in_hand(database: Database) -> RunsInHand:
    return RunsInHand(database)


def taken(runs: Runs, worker: str) -> Run:
    made = runs.create(SHOP, "sync", {}, scheduled_at=START)
    assert made is not None
    return runs.take(made.run_id, worker=worker, now=START)


def test_only_what_runs_is_in_a_hand(runs: Runs, in_hand: RunsInHand) -> None:
    assert runs.create(SHOP, "sync", {}, scheduled_at=START)
    ended = taken(runs, "one")
    runs.finish(ended, RunStatus.COMPLETE, now=SOON)
    first, second = taken(runs, "one"), taken(runs, "another")
    runs.beat_all([first], now=SOON)
    assert [(run.run_id, run.worker, run.heartbeat_at) for run in in_hand.all()] == [
        (second.run_id, "another", START),
        (first.run_id, "one", SOON),
    ]


def test_each_take_and_each_beat_is_another_hold(runs: Runs, in_hand: RunsInHand) -> None:
    run = taken(runs, "one")
    seen: set[RunInHand] = {*in_hand.all()}
    runs.beat_all([run], now=SOON)
    seen |= {*in_hand.all()}
    runs.take(run.run_id, worker="one", now=SOON)
    seen |= {*in_hand.all()}
    assert len(seen) == 3


def test_a_worker_that_dies_counts_unless_a_step_was_committed(
    runs: Runs, in_hand: RunsInHand
) -> None:
    run = taken(runs, "one")
    assert [each.cost for each in in_hand.all()] == [1]
    run = runs.take(run.run_id, worker="another", now=SOON)
    assert [each.cost for each in in_hand.all()] == [2]
    runs.commit_step(run, Standing({}, "{}"), now=SOON)
    assert [each.cost for each in in_hand.all()] == [0]


def test_workers_have_locks_apart_from_others() -> None:
    assert lock_of("runs/1/sync") != "runs/1/sync"
