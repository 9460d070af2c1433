"""A clock that jumps, forwards or backwards: neither a storm of runs nor a schedule that stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mooring.adapters.database import Database
from mooring.engine.scheduler import CLOCKS_AGREE, LOOK_BACK_EVERY, first_due
from mooring.model.run import JobSchedule
from mooring.testing.clock import START, FakeClock
from tests.conftest import SOAK
from tests.host.engine.scheduling_hosts import Hosts

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
EXAMPLES = 200 if SOAK else 12
LOOKS = 100  # more than the due times that a step backwards repeats here
FAR = timedelta(days=3650)


def hourly(hosts: Hosts) -> JobSchedule:
    """Install an app whose job is due at every full hour, next an hour after START."""
    app = hosts.install()
    schedule = JobSchedule(
        *(app.install_id, "sync", "0 * * * *"), next_at=START + HOUR, overlap="allow"
    )
    hosts.one.schedules.put(schedule)
    return schedule


def turn(hosts: Hosts, shown: datetime) -> int:
    """Let the clock show a time, and all hosts look at it; return how many runs they wrote."""
    hosts.clock.advance((shown - hosts.clock.now()).total_seconds())
    return len(hosts.tick())


def test_after_hours_asleep_one_run_is_made_up_and_the_schedule_goes_on(database: Database) -> None:
    with Hosts(database, FakeClock(START)) as hosts:
        app = hourly(hosts).install_id
        assert turn(hosts, START + 7.5 * HOUR) == 1
        assert hosts.fired("sync") == [START + HOUR]
        assert hosts.next_at(app, "sync") == START + 8 * HOUR


@pytest.mark.parametrize("back", [5 * MINUTE, 2 * HOUR], ids=["5 min", "2 h"])
def test_a_clock_set_back_fires_nothing_again_and_the_next_time_on_time(
    back: timedelta, database: Database
) -> None:
    with Hosts(database, FakeClock(START)) as hosts:
        hourly(hosts)
        for hour in (1, 2, 3):
            assert turn(hosts, START + hour * HOUR) == 1
        shown = START + 3 * HOUR - back
        while shown < START + 4 * HOUR:
            assert turn(hosts, shown) == 0
            shown += 10 * MINUTE
        assert turn(hosts, START + 4 * HOUR) == 1
        assert hosts.fired("sync") == [START + hour * HOUR for hour in (1, 2, 3, 4)]


@pytest.mark.parametrize("restart", [False, True], ids=["", "restarted"])
def test_what_a_clock_far_ahead_put_off_is_due_again_once_it_is_right(
    restart: bool, database: Database
) -> None:
    with Hosts(database, FakeClock(START)) as hosts:
        app = hourly(hosts).install_id
        assert turn(hosts, START + FAR) == 1
        assert hosts.next_at(app, "sync") == START + FAR + HOUR
        if restart:
            hosts.restart()
        assert turn(hosts, START + 10 * MINUTE) == 0
        assert hosts.next_at(app, "sync") == START + HOUR
        lines = [line for host in hosts.all for line in host.log.lines]
        assert [line.fields["schedules"] for line in lines if "clock" in line.event] == [1]
        # The run for 01:00 was made up for while the clock was wrong.
        assert [turn(hosts, START + hour * HOUR) for hour in (1, 2)] == [0, 1]
        assert hosts.fired("sync") == [START + HOUR, START + 2 * HOUR]


def test_a_time_missed_after_a_step_back_is_made_up_though_those_before_it_had_their_runs(
    database: Database,
) -> None:
    with Hosts(database, FakeClock(START)) as hosts:
        hourly(hosts)
        for hour in (1, 2, 3):
            turn(hosts, START + hour * HOUR)
        assert turn(hosts, START + 1.2 * HOUR) == 0
        # Asleep from then on, past 02:00 and 03:00, which were fired, and 04:00 and 05:00.
        assert sum(turn(hosts, START + 5.5 * HOUR) for _ in range(4)) == 1
        assert hosts.fired("sync") == [START + hour * HOUR for hour in (1, 2, 3, 4)]


def test_many_schedules_are_put_right_in_turns(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mooring.engine.scheduler.MOST_AT_ONCE", 10)
    with Hosts(database, FakeClock(START + FAR), count=1) as hosts:
        app = hosts.install()
        for number in range(25):
            put_off = JobSchedule(app.install_id, f"job{number}", "0 * * * *")
            hosts.one.schedules.put(replace(put_off, next_at=START + FAR + HOUR))
        for shown in range(3):
            turn(hosts, START + timedelta(seconds=shown))
        found = {each.next_at for each in hosts.one.schedules.of(app.install_id)}
        assert found == {START + HOUR}


def test_hosts_whose_clocks_differ_by_hours_still_fire_each_due_time_once(
    database: Database,
) -> None:
    with (
        Hosts(database, FakeClock(START), count=1) as right,
        Hosts(database, FakeClock(START + 3 * HOUR), count=1) as ahead,
    ):
        hourly(right)
        for _ in range(100):
            ahead.clock.advance(150)
            right.clock.advance(150)
            ahead.tick()
            right.tick()
        fired = right.fired("sync")
    assert len(set(fired)) == len(fired), "no due time twice"
    # By 04:10 of the clock that is right, what is due by it has been fired.
    assert {START + hour * HOUR for hour in range(1, 5)} <= set(fired)
    assert set(fired) <= {START + hour * HOUR for hour in range(1, 8)}


JUMPS = st.one_of(
    st.floats(0.1, 900),
    st.sampled_from([3600.0, 7200.0, 30000.0, 864000.0]),
    st.sampled_from([-1.0, -30.0, -300.0, -7200.0, -90000.0]),
)


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(jumps=st.lists(JUMPS, min_size=1, max_size=25), jitter=st.sampled_from([0, 0, 600]))
def test_however_a_clock_jumps_there_is_no_storm_and_no_standstill(
    jumps: list[float], jitter: int, database: Database
) -> None:
    with Hosts(database, FakeClock(START), count=2) as hosts:
        app = hosts.install()
        schedule = JobSchedule(
            *(app.install_id, "sync", "*/20 * * * *"), overlap="allow", jitter=jitter
        )
        hosts.one.schedules.put(replace(schedule, next_at=first_due(schedule, START)))
        for jump in jumps:
            hosts.clock.advance(jump)
            _goes_on(hosts, schedule)
        # From now on the clock is right: each due time to come has exactly one run in the end.
        now = hosts.clock.now()
        for _ in range(12):
            hosts.clock.advance(600)
            _goes_on(hosts, schedule)
        fired = hosts.fired("sync")
        assert len(set(fired)) == len(fired)
        assert {at for at in fired if now + MINUTE < at <= hosts.clock.now()} == set(
            _due(schedule, now + MINUTE, hosts.clock.now())
        )


def _goes_on(hosts: Hosts, schedule: JobSchedule) -> None:
    """After at most one run the schedule is due in the future, no later than it says."""
    now, written = hosts.clock.now(), 0
    for _ in range(LOOKS):
        written += len(hosts.tick())
        if (hosts.next_at(schedule.install_id, "sync") or now) > now:
            break
    assert written <= 1
    next_at = hosts.next_at(schedule.install_id, "sync")
    latest = first_due(schedule, now + max(CLOCKS_AGREE, LOOK_BACK_EVERY))
    assert next_at is not None
    assert latest is not None
    assert now < next_at <= latest


def _due(schedule: JobSchedule, after: datetime, until: datetime) -> list[datetime]:
    found, at = [], first_due(schedule, after)
    while at is not None and at <= until:
        found.append(at)
        at = first_due(schedule, at)
    return found
