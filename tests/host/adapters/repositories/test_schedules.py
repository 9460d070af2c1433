"""When jobs fire."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from mooring.adapters.database import Database
from mooring.adapters.repositories.schedules import Schedules
from mooring.model.run import JobSchedule
from mooring.testing.clock import START, FakeClock

HOURLY = JobSchedule(
    install_id=1,
    job="sync",
    cron="0 * * * *",
    timezone="Europe/Zurich",
    overlap="queue",
    missed="skip",
    next_at=START,
    parameters={"full": False},
    jitter=30,
)
NEXT = START + timedelta(hours=1)


@pytest.fixture
def schedules(database: Database, clock: FakeClock) -> Schedules:
    return Schedules(database, clock=clock)


def test_a_schedule_comes_back_as_it_was_put(schedules: Schedules) -> None:
    schedules.put(HOURLY)
    assert schedules.get(1, "sync") == HOURLY


def test_a_missing_schedule_is_none(schedules: Schedules) -> None:
    assert schedules.get(1, "sync") is None


def test_putting_again_replaces(schedules: Schedules) -> None:
    schedules.put(HOURLY)
    changed = replace(HOURLY, cron="0 0 * * *", next_at=None)
    schedules.put(changed)
    assert schedules.of(1) == [changed]


def test_the_due_ones_come_earliest_first(schedules: Schedules) -> None:
    schedules.put(replace(HOURLY, job="late", next_at=NEXT))
    schedules.put(HOURLY)
    schedules.put(replace(HOURLY, job="off", next_at=None))
    schedules.put(replace(HOURLY, job="future", next_at=NEXT + timedelta(microseconds=1)))
    assert [one.job for one in schedules.due(NEXT)] == ["sync", "late"]
    assert [one.job for one in schedules.due(NEXT, limit=1)] == ["sync"]


def test_of_many_hosts_one_advances_a_schedule(schedules: Schedules) -> None:
    schedules.put(HOURLY)
    with ThreadPoolExecutor(8) as pool:
        moved = list(pool.map(lambda _: schedules.advance(HOURLY, next_at=NEXT), range(8)))
    assert sum(moved) == 1
    assert schedules.get(1, "sync") == replace(HOURLY, next_at=NEXT)


def test_a_schedule_that_was_changed_meanwhile_is_not_advanced(schedules: Schedules) -> None:
    schedules.put(replace(HOURLY, cron="30 * * * *"))
    assert not schedules.advance(HOURLY, next_at=NEXT)


def test_a_schedule_can_be_switched_off_by_advancing_to_never(schedules: Schedules) -> None:
    schedules.put(HOURLY)
    assert schedules.advance(HOURLY, next_at=None)
    assert schedules.due(NEXT) == []


def test_what_one_host_holds_no_other_gets_and_it_is_stored_together(
    schedules: Schedules, database: Database
) -> None:
    schedules.put(HOURLY)
    with schedules.held(START) as due:
        assert due == [HOURLY]
        if database.is_postgresql:
            with ThreadPoolExecutor(1) as other:
                assert other.submit(lambda: _held(schedules)).result(timeout=10) == []
        schedules.advance(HOURLY, next_at=NEXT)
    assert _held(schedules) == []


def _held(schedules: Schedules) -> list[JobSchedule]:
    with schedules.held(START) as due:
        return due


def test_what_is_written_by_a_host_that_fails_while_it_holds_schedules_is_not_stored(
    schedules: Schedules,
) -> None:
    schedules.put(HOURLY)

    def crash() -> None:
        with schedules.held(START):
            assert schedules.advance(HOURLY, next_at=NEXT)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        crash()
    assert _held(schedules) == [HOURLY]


def test_next_times_that_a_clock_found_which_was_ahead_are_told_from_others(
    schedules: Schedules, clock: FakeClock
) -> None:
    schedules.put(HOURLY)
    clock.advance(7200)
    schedules.put(replace(HOURLY, job="ahead", next_at=NEXT + timedelta(hours=2)))
    schedules.put(replace(HOURLY, job="due", next_at=START))
    schedules.put(replace(HOURLY, job="off", next_at=None))
    assert [one.job for one in schedules.reckoned_after(START)] == ["ahead"]
    assert schedules.reckoned_after(clock.now()) == []


def test_an_installations_schedules_are_forgotten_together(schedules: Schedules) -> None:
    schedules.put(HOURLY)
    other = replace(HOURLY, install_id=2)
    schedules.put(other)
    schedules.remove(1)
    assert (schedules.of(1), schedules.of(2)) == ([], [other])


def test_every_change_can_be_noticed(schedules: Schedules, database: Database) -> None:
    seen = [database.revision("schedules")]
    schedules.put(HOURLY)
    seen.append(database.revision("schedules"))
    schedules.remove(1)
    seen.append(database.revision("schedules"))
    assert len(set(seen)) == 3
