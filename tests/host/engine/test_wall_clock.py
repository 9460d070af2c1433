"""What do schedules do at every change of clocks of ten zones from 2015 to 2035?

The table of changes is made here, from zoneinfo alone: nothing of the host's takes part in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from mooring.engine.schedule import Schedule, parse_schedule
from mooring.engine.wall_clock import change_on_day_of, repetition_from

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
ZONES = {
    "Europe/Paris": "at 2 or 3 in the night",
    "America/New_York": "a week or more apart from Europe",
    "Australia/Lord_Howe": "by half an hour",
    "America/Sao_Paulo": "at midnight, until 2019",
    "America/Santiago": "at midnight, back to the day before",
    "Asia/Tehran": "at midnight, from an offset of half an hour, until 2022",
    "Africa/Casablanca": "around Ramadan, at other dates every year",
    "Antarctica/Troll": "by two hours",
    "Asia/Pyongyang": "by half an hour, twice, for good",
    "America/Caracas": "by half an hour, once, for good",
}
EXPRESSIONS = (
    *("*/30 * * * *", "7 * * * *", "*/20 * * * * ?", "15,45 0-23 * * *", "0 0/10 * ? * 1-7"),
    *("0 0 * * *", "30 2 * * *", "*/15 0-3 * * *", "0 3 * * *", "59 23 * * *", "0 */2 * * *"),
)


def offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    found = moment.astimezone(zone).utcoffset()
    assert found is not None
    return found


@cache
def changes(name: str) -> list[datetime]:
    """Find the minutes from which on a zone has another offset, day by day, then by halving."""
    zone, found = ZoneInfo(name), []
    day = datetime(2015, 1, 1, tzinfo=UTC)
    while day.year < 2036:
        following = day + timedelta(days=1)
        if offset(day, zone) != offset(following, zone):
            low, high = 0, 24 * 60
            while high - low > 1:
                middle = (low + high) // 2
                same = offset(day + middle * MINUTE, zone) == offset(day, zone)
                low, high = (middle, high) if same else (low, middle)
            found.append(day + high * MINUTE)
        day = following
    return found


def expected(expression: str, zone: ZoneInfo, start: datetime, end: datetime) -> list[datetime]:
    """Walk through time, asking at each tick what the clock shows."""
    tick = timedelta(seconds=20) if expression == "*/20 * * * * ?" else MINUTE
    ticks = [start + tick * number for number in range((end - start) // tick + 1)]
    shown = [(moment, moment.astimezone(zone).replace(tzinfo=None)) for moment in ticks]
    wanted = walls_of(expression)
    if expression in INTERVALS:
        return [moment for moment, wall in shown if wanted(wall)]
    fires: dict[datetime, datetime] = {}  # a wall-clock time -> the first moment that has it
    latest = shown[0][1]
    for moment, wall in shown:
        # Whatever the clock passed over since its highest time so far is due now.
        step = latest + tick
        while step < wall:
            if wanted(step):
                fires.setdefault(step, moment)
            step += tick
        if wanted(wall):
            fires.setdefault(wall, moment)
        latest = max(latest, wall)
    return sorted(set(fires.values()))


INTERVALS = EXPRESSIONS[:5]


def walls_of(expression: str) -> Callable[[datetime], bool]:
    """Give what each expression means, written by hand."""
    meanings: dict[str, Callable[[datetime], bool]] = {
        "*/30 * * * *": lambda w: w.minute % 30 == 0 and w.second == 0,
        "7 * * * *": lambda w: w.minute == 7 and w.second == 0,
        "*/20 * * * * ?": lambda w: w.second % 20 == 0,
        "15,45 0-23 * * *": lambda w: w.minute in (15, 45) and w.second == 0,
        "0 0/10 * ? * 1-7": lambda w: w.minute % 10 == 0 and w.second == 0,
        "0 0 * * *": lambda w: (w.hour, w.minute, w.second) == (0, 0, 0),
        "30 2 * * *": lambda w: (w.hour, w.minute, w.second) == (2, 30, 0),
        "*/15 0-3 * * *": lambda w: w.hour < 4 and w.minute % 15 == 0 and w.second == 0,
        "0 3 * * *": lambda w: (w.hour, w.minute, w.second) == (3, 0, 0),
        "59 23 * * *": lambda w: (w.hour, w.minute, w.second) == (23, 59, 0),
        "0 */2 * * *": lambda w: w.hour % 2 == 0 and w.minute == 0 and w.second == 0,
    }
    return meanings[expression]


def fired(schedule: Schedule, start: datetime, end: datetime) -> Iterator[datetime]:
    moment = schedule.next_after(start - timedelta(microseconds=1))
    while moment is not None and moment <= end:
        yield moment
        moment = schedule.next_after(moment)


@pytest.mark.parametrize("name", ZONES)
def test_the_table_has_all_changes_that_there_were(name: str) -> None:
    counts = {
        "Europe/Paris": 42,
        "America/New_York": 42,
        "Australia/Lord_Howe": 42,
        "America/Sao_Paulo": 9,
        "Asia/Tehran": 16,
        "Asia/Pyongyang": 2,
        "America/Caracas": 1,
    }
    assert len(changes(name)) == counts.get(name, len(changes(name)))
    assert changes(name)


@pytest.mark.parametrize("expression", EXPRESSIONS)
@pytest.mark.parametrize("name", ZONES)
def test_at_every_change_each_schedule_fires_as_it_should(name: str, expression: str) -> None:
    zone = ZoneInfo(name)
    schedule = parse_schedule(expression, timezone=name)
    # What seconds do at a change they do at every change: a few years are enough for them.
    nights = changes(name)[:4] if expression == "*/20 * * * * ?" else changes(name)
    for change in nights:
        start, end = change - 3 * HOUR, change + 3 * HOUR
        assert list(fired(schedule, start, end)) == expected(expression, zone, start, end), change


@pytest.mark.parametrize("name", ZONES)
def test_half_past_two_comes_once_on_every_day_of_a_change(name: str) -> None:
    zone = ZoneInfo(name)
    schedule = parse_schedule("30 2 * * *", timezone=name)
    for change in changes(name):
        day = change.astimezone(zone).date()
        around = fired(schedule, change - timedelta(days=2), change + timedelta(days=2))
        dates = [moment.astimezone(zone).date() for moment in around]
        assert dates.count(day) == 1, change


@pytest.mark.parametrize("name", ZONES)
def test_every_thirty_minutes_is_thirty_minutes_through_every_change(name: str) -> None:
    schedule = parse_schedule("*/30 * * * *", timezone=name)
    for change in changes(name):
        times = list(fired(schedule, change - 5 * HOUR, change + 5 * HOUR))
        pauses = {late - early for early, late in pairwise(times)}
        assert pauses == {timedelta(minutes=30)}, change


@pytest.mark.parametrize("name", ZONES)
def test_a_change_is_found_on_its_day_and_on_no_other(name: str) -> None:
    zone = ZoneInfo(name)
    for change in changes(name):
        found = change_on_day_of(change - MINUTE, zone=zone) or change_on_day_of(change, zone=zone)
        assert found is not None
        assert found.at == change
        assert found.before == offset(change - MINUTE, zone)
        assert found.after == offset(change, zone)
        for days in (-3, 3):
            assert change_on_day_of(change + timedelta(days=days), zone=zone) is None


@pytest.mark.parametrize("name", ZONES)
def test_only_times_that_come_again_are_repeated(name: str) -> None:
    zone = ZoneInfo(name)
    for change in changes(name):
        before, after = offset(change - MINUTE, zone), offset(change, zone)
        repeated = repetition_from(change - MINUTE, zone=zone)
        if after > before:
            assert repeated is None
        else:
            assert repeated is not None
            assert (repeated.at, repeated.forward) == (change, False)
            wall = (change - MINUTE).astimezone(zone).replace(tzinfo=None)
            assert repeated.walls[0] <= wall < repeated.walls[1]
        assert repetition_from(change, zone=zone) is None
        assert repetition_from(change - (before - after) - MINUTE, zone=zone) is None
