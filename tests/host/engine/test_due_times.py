"""Exactly one run per due time: changes of clocks, missed times, overlaps, restarts, three hosts.

The times to expect are written out; nothing in the tables is computed by what they test.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from mooring.adapters.database import Database
from mooring.engine.scheduler import first_due
from mooring.model.run import JobSchedule, RunStatus
from mooring.testing.clock import START, FakeClock
from tests.host.engine.scheduling_hosts import Hosts

STEP = timedelta(minutes=5)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Change:
    """What clocks do in a zone, and what schedules do then, in local time and offset."""

    zone: str
    start: str
    hours: float
    expected: dict[str, str]


CHANGES = (
    Change(
        "Europe/Berlin",  # forward, 02:00 to 03:00
        "2026-03-29T00:45+01:00",
        4,
        {
            "30 2 * * *": "03-29T03:00+02:00",
            "0 3 * * *": "03-29T03:00+02:00",
            "0 30 2 * * ?": "03-29T03:00+02:00",
            "*/30 * * * *": "03-29T01:00+01:00 03-29T01:30+01:00 03-29T03:00+02:00 "
            "03-29T03:30+02:00 03-29T04:00+02:00 03-29T04:30+02:00 03-29T05:00+02:00 "
            "03-29T05:30+02:00",
        },
    ),
    Change(
        "Europe/Berlin",  # back, 03:00 to 02:00
        "2026-10-25T01:15+02:00",
        4,
        {
            "30 2 * * *": "10-25T02:30+02:00",
            "0 3 * * *": "10-25T03:00+01:00",
            "0 0 2 * * ?": "10-25T02:00+02:00",
            "0 * * * *": "10-25T02:00+02:00 10-25T02:00+01:00 10-25T03:00+01:00 10-25T04:00+01:00",
            "30 * * * *": "10-25T01:30+02:00 10-25T02:30+02:00 10-25T02:30+01:00 10-25T03:30+01:00",
        },
    ),
    Change(
        "America/New_York",  # forward, 02:00 to 03:00
        "2026-03-08T01:15-05:00",
        3,
        {
            "15 2 * * *": "03-08T03:00-04:00",
            "0 0 2 ? * SUN": "03-08T03:00-04:00",
            "15 * * * *": "03-08T03:15-04:00 03-08T04:15-04:00 03-08T05:15-04:00",
        },
    ),
    Change(
        "America/New_York",  # back, 02:00 to 01:00
        "2026-11-01T00:45-04:00",
        3,
        {
            "15 1 * * *": "11-01T01:15-04:00",
            "0 2 * * *": "11-01T02:00-05:00",
            "0 0 * * * ?": "11-01T01:00-04:00 11-01T01:00-05:00 11-01T02:00-05:00",
        },
    ),
    Change(
        "Australia/Lord_Howe",  # forward by half an hour, 02:00 to 02:30
        "2026-10-04T01:45+10:30",
        2,
        {
            "15 2 * * *": "10-04T02:30+11:00",
            "0 2 * * *": "10-04T02:30+11:00",
            "45 2 * * *": "10-04T02:45+11:00",
            "0 * * * *": "10-04T03:00+11:00 10-04T04:00+11:00",
        },
    ),
    Change(
        "Australia/Lord_Howe",  # back by half an hour, 02:00 to 01:30
        "2026-04-05T01:15+11:00",
        2,
        {
            "45 1 * * *": "04-05T01:45+11:00",
            "0 2 * * *": "04-05T02:00+10:30",
            "45 * * * *": "04-05T01:45+11:00 04-05T01:45+10:30 04-05T02:45+10:30",
        },
    ),
    Change(
        "Asia/Kathmandu",  # forward by a quarter of an hour for good, 00:00 to 00:15
        "1985-12-31T23:45+05:30",
        2,
        {
            "10 0 * * *": "01-01T00:15+05:45",
            "0 1 * * *": "01-01T01:00+05:45",
            "*/20 * * * *": "01-01T00:20+05:45 01-01T00:40+05:45 01-01T01:00+05:45 "
            "01-01T01:20+05:45 01-01T01:40+05:45 01-01T02:00+05:45",
        },
    ),
    Change(
        "Antarctica/Troll",  # forward by two hours, 01:00 to 03:00
        "2026-03-29T00:30+00:00",
        3,
        {"30 2 * * *": "03-29T03:00+02:00", "30 1 * * *": "03-29T03:00+02:00"},
    ),
    Change(
        "Pacific/Apia",  # a day left out, 30 December 2011
        "2011-12-29T23:00-10:00",
        14,
        {"0 12 * * *": "12-31T00:00+14:00 12-31T12:00+14:00"},
    ),
)


@pytest.mark.parametrize(
    "change", CHANGES, ids=[f"{change.zone} {change.start[:7]}" for change in CHANGES]
)
def test_when_clocks_are_changed_three_hosts_fire_each_due_time_once(
    change: Change, database: Database
) -> None:
    start = datetime.fromisoformat(change.start).astimezone(UTC)
    chance = random.Random(change.start)  # noqa: S311  # reproducible
    with Hosts(database, FakeClock(start)) as hosts:
        app = hosts.install()
        for cron in change.expected:
            made = JobSchedule(app.install_id, cron, cron, timezone=change.zone, overlap="allow")
            next_at = first_due(made, start)
            hosts.one.schedules.put(replace(made, next_at=next_at))
        for _ in range(int(change.hours * HOUR / STEP)):
            hosts.disturb(chance)
            hosts.clock.advance(STEP.total_seconds())
            hosts.tick()
        fired = {cron: hosts.fired(cron) for cron in change.expected}
    assert fired == {cron: _times(change, said) for cron, said in change.expected.items()}


def _times(change: Change, said: str) -> list[datetime]:
    """Read month, day, time and offset; the year is that in which the start's next month lies."""
    begin = datetime.fromisoformat(change.start)
    times = []
    for each in said.split():
        year = begin.year + (int(each[:2]) < begin.month)
        times.append(datetime.fromisoformat(f"{year}-{each}").astimezone(UTC))
    return times


@pytest.mark.parametrize("restarts", [False, True], ids=["", "restarting"])
@pytest.mark.parametrize(
    ("missed", "overlap", "ends", "expected"),
    [
        # On time at 01:00 and 02:00; nobody there from 02:10 to 05:20; 30 s late at 06:00.
        ("run_once", "skip", True, [1, 2, 3, 6]),
        ("run_once", "queue", True, [1, 2, 3, 6]),
        ("run_once", "allow", True, [1, 2, 3, 6]),
        ("skip", "skip", True, [1, 2, 6]),
        ("skip", "queue", True, [1, 2, 6]),
        ("skip", "allow", True, [1, 2, 6]),
        # The first run never ends.
        ("run_once", "skip", False, [1]),
        ("run_once", "queue", False, [1, 2, 3, 6]),
        ("run_once", "allow", False, [1, 2, 3, 6]),
        ("skip", "skip", False, [1]),
        ("skip", "queue", False, [1, 2, 6]),
        ("skip", "allow", False, [1, 2, 6]),
    ],
)
def test_missed_and_overlapping_times_start_what_the_job_says(
    missed: str,
    overlap: str,
    ends: bool,
    expected: list[int],
    restarts: bool,
    database: Database,
) -> None:
    chance = random.Random(f"{missed} {overlap} {ends}")  # noqa: S311  # reproducible
    with Hosts(database, FakeClock(START)) as hosts:
        app = hosts.install()
        hosts.one.schedules.put(
            JobSchedule(
                *(app.install_id, "sync", "0 * * * *"),
                overlap=overlap,
                missed=missed,
                next_at=START + HOUR,
            )
        )
        for minutes in (59, 60, 90, 120, 130, 320, 330, 359, 360.5, 361, 380):
            if restarts:
                hosts.disturb(chance)
            hosts.clock.advance((START - hosts.clock.now() + minutes * HOUR / 60).total_seconds())
            hosts.tick()
            _end(hosts, ends)
        assert hosts.fired("sync") == [START + hour * HOUR for hour in expected]
        assert hosts.next_at(app.install_id, "sync") == START + 7 * HOUR


def _end(hosts: Hosts, ends: bool) -> None:
    if not ends:
        return
    for run in hosts.one.runs.recent(active=True):
        assert run.status is RunStatus.PENDING
        taken = hosts.one.runs.take(run.run_id, worker="w", now=hosts.clock.now())
        hosts.one.runs.finish(taken, RunStatus.COMPLETE, now=hosts.clock.now())


def test_hosts_crashed_and_restarted_in_these_tables(database: Database) -> None:
    chance = random.Random(5)  # noqa: S311  # reproducible
    with Hosts(database, FakeClock(START)) as hosts:
        app = hosts.install()
        hosts.one.schedules.put(
            JobSchedule(
                app.install_id, "sync", "* * * * *", overlap="allow", next_at=START + HOUR / 60
            )
        )
        for _ in range(60):
            hosts.disturb(chance)
            hosts.clock.advance(30)
            hosts.tick()
            # PostgreSQL's hosts pass over what one holds that crashes: they look again in no time.
            while hosts.one.schedules.due(hosts.clock.now()):
                hosts.disturb(chance)
                hosts.tick()
        assert hosts.events.count("crash") >= 3
        assert hosts.events.count("restart") >= 20
        assert hosts.fired("sync") == [START + minute * HOUR / 60 for minute in range(1, 31)]
