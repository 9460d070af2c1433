"""Which runs that are RUNNING did their worker leave behind?"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mooring.adapters.executor_locks import AGAIN_AFTER
from mooring.adapters.repositories.runs_in_hand import RunInHand
from mooring.working.take_over import ABANDONED_AFTER, COME_FIRST, SURE_AFTER, LeftBehind, Why

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
MINE = RunInHand("mine", 1, "me", NOW)
THEIRS = RunInHand("theirs", 1, "them", NOW)
BEAT = timedelta(seconds=5)


@pytest.fixture
def left_behind() -> LeftBehind:
    return LeftBehind("me")


def found(
    left_behind: LeftBehind,
    *runs: RunInHand,
    at: float,
    free: Collection[str] = (),
    driven: Collection[str] = ("mine",),
) -> Mapping[RunInHand, Why]:
    return left_behind.found(runs, free=free, driven=driven, at=at)


def test_what_live_workers_drive_is_left_to_them(left_behind: LeftBehind) -> None:
    for at in range(20):
        moved = [replace(run, heartbeat_at=NOW + at * BEAT) for run in (MINE, THEIRS)]
        assert found(left_behind, *moved, at=at * 5.0) == {}


def test_the_runs_of_a_worker_whose_lock_is_free_are_left_behind(left_behind: LeftBehind) -> None:
    another = replace(THEIRS, run_id="another")
    runs = (MINE, THEIRS, another, replace(THEIRS, run_id="live", worker="alive"))
    assert found(left_behind, *runs, free={"them"}, at=0) == {}, "it may get its lock again"
    assert found(left_behind, *runs, free={"them"}, at=SURE_AFTER) == {
        THEIRS: "worker_is_gone",
        another: "worker_is_gone",
    }


def test_a_busy_worker_has_time_for_several_attempts_to_get_its_lock_again(
    left_behind: LeftBehind,
) -> None:
    for at in (0.0, AGAIN_AFTER, 2 * AGAIN_AFTER, 4 * AGAIN_AFTER):
        assert found(left_behind, THEIRS, free={"them"}, at=at) == {}


def test_a_worker_that_gets_its_lock_again_keeps_its_runs(left_behind: LeftBehind) -> None:
    found(left_behind, THEIRS, free={"them"}, at=0)
    assert found(left_behind, THEIRS, at=0.2) == {}
    assert found(left_behind, THEIRS, free={"them"}, at=SURE_AFTER) == {}, "it counts anew"


@pytest.mark.parametrize("hours", [-5, 0, 5])
def test_a_heartbeat_that_stands_still_is_judged_by_how_long_it_was_watched(
    left_behind: LeftBehind, hours: int
) -> None:
    run = replace(THEIRS, heartbeat_at=NOW + timedelta(hours=hours))
    assert found(left_behind, run, at=100) == {}
    assert found(left_behind, run, at=100 + ABANDONED_AFTER - 0.1) == {}
    found(left_behind, run, at=100 + ABANDONED_AFTER)
    late = found(left_behind, run, at=100 + ABANDONED_AFTER + SURE_AFTER)
    assert late == {run: "heartbeat_stands_still"}


def test_a_run_that_somebody_took_is_watched_anew(left_behind: LeftBehind) -> None:
    found(left_behind, THEIRS, at=0)
    taken = replace(THEIRS, epoch=2)
    for at in (ABANDONED_AFTER, 2 * ABANDONED_AFTER - 0.1):
        assert found(left_behind, taken, at=at) == {}


def test_a_run_of_our_own_that_nobody_drives_is_left_behind(left_behind: LeftBehind) -> None:
    assert found(left_behind, MINE, driven=(), at=0) == {}, "it may have ended meanwhile"
    assert found(left_behind, MINE, driven=(), at=SURE_AFTER) == {MINE: "not_driven_here"}


def test_our_own_run_is_never_taken_from_ourselves(left_behind: LeftBehind) -> None:
    for at in (0, ABANDONED_AFTER, 2 * ABANDONED_AFTER):
        assert found(left_behind, MINE, free={"me"}, at=at) == {}


def test_what_is_not_running_any_more_is_forgotten(left_behind: LeftBehind) -> None:
    found(left_behind, THEIRS, free={"them"}, at=0)
    assert found(left_behind, at=1) == {}
    assert found(left_behind, THEIRS, free={"them"}, at=2) == {}


def test_places_are_kept_for_what_was_left_behind_before_it_is_certain(
    left_behind: LeftBehind,
) -> None:
    assert found(left_behind, MINE, THEIRS, free={"them"}, at=0) == {}
    assert left_behind.waiting(0) == 1
    found(left_behind, MINE, THEIRS, free={"them"}, at=COME_FIRST)
    assert left_behind.waiting(COME_FIRST) == 0, "it may be that nobody can take it"
    found(left_behind, MINE, at=COME_FIRST)
    assert left_behind.waiting(COME_FIRST) == 0
