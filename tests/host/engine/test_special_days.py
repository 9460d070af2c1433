"""Which days do L, W and # mean? Compared with other libraries, and with counting."""

from __future__ import annotations

from calendar import Calendar, monthrange
from datetime import UTC, date, datetime, timedelta

import pytest
from apscheduler.triggers.cron import CronTrigger  # type: ignore[import-untyped]  # ships no types
from croniter import croniter  # type: ignore[import-untyped]  # ships no types
from cronsim import CronSim
from hypothesis import given
from hypothesis import strategies as st
from pyawscron import AWSCron  # type: ignore[import-untyped]  # ships no types

from mooring.engine.schedule import parse_schedule
from mooring.engine.special_days import (
    LastDay,
    LastWeekday,
    NearestWorkday,
    NthWeekday,
    SpecialDay,
    weekday_of,
)

NAMES = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
ORDER = ("1st", "2nd", "3rd", "4th", "5th")
WEEKEND = (0, 6)
COUNT = 6

moments = st.datetimes(
    datetime(2015, 1, 1),  # noqa: DTZ001  # the strategy adds the zone
    datetime(2035, 12, 31),  # noqa: DTZ001  # the strategy adds the zone
    timezones=st.just(UTC),
)
weekdays = st.integers(0, 6)
days = st.integers(1, 31)
dates = st.tuples(st.integers(1970, 2099), st.integers(1, 12))


def dates_of(expression: str, start: datetime) -> list[date]:
    schedule, found = parse_schedule(expression), list[date]()
    moment = schedule.next_after(start)
    while moment is not None and len(found) < COUNT:
        found.append(moment.date())
        moment = schedule.next_after(moment)
    return found


# -- against other libraries ---------------------------------------------------------------------


def by_apscheduler(start: datetime, **fields: str) -> list[date]:
    trigger, found = CronTrigger(hour=0, timezone="UTC", **fields), list[date]()
    moment = trigger.get_next_fire_time(start, start + timedelta(seconds=1))
    while len(found) < COUNT:
        found.append(moment.date())
        moment = trigger.get_next_fire_time(moment, moment + timedelta(seconds=1))
    return found


def by_cronsim(expression: str, start: datetime) -> list[date]:
    following = CronSim(expression, start)
    return [next(following).date() for _ in range(COUNT)]


def by_croniter(expression: str, start: datetime) -> list[date]:
    following = croniter(expression, start)
    return [following.get_next(datetime).date() for _ in range(COUNT)]


def by_pyawscron(expression: str, start: datetime) -> list[date]:
    cron, found, moment = AWSCron(expression), list[date](), start
    for _ in range(COUNT):
        moment = cron.occurrence(moment).next()
        found.append(moment.date())
    return found


@given(start=moments)
def test_l_is_the_last_day(start: datetime) -> None:
    found = dates_of("0 0 0 L * ?", start)
    assert found == by_apscheduler(start, day="last")
    assert found == by_cronsim("0 0 L * *", start)
    assert found == by_croniter("0 0 l * *", start)
    assert found == by_pyawscron("0 0 L * ? *", start)


@given(start=moments)
def test_lw_is_the_last_working_day(start: datetime) -> None:
    assert dates_of("0 0 0 LW * ?", start) == by_cronsim("0 0 LW * *", start)


@given(start=moments, weekday=weekdays)
def test_a_number_with_l_is_the_last_of_a_weekday(start: datetime, weekday: int) -> None:
    found = dates_of(f"0 0 0 ? * {weekday + 1}L", start)
    assert found == by_apscheduler(start, day=f"last {NAMES[weekday]}")
    assert found == by_cronsim(f"0 0 * * {weekday}L", start)
    assert found == by_croniter(f"0 0 * * L{weekday}", start)
    assert found == by_pyawscron(f"0 0 ? * {weekday + 1}L *", start)


@given(start=moments, weekday=weekdays, nth=st.integers(1, 5))
def test_a_number_with_hash_is_the_nth_of_a_weekday(
    start: datetime, weekday: int, nth: int
) -> None:
    found = dates_of(f"0 0 0 ? * {weekday + 1}#{nth}", start)
    assert found == by_apscheduler(start, day=f"{ORDER[nth - 1]} {NAMES[weekday]}")
    assert found == by_cronsim(f"0 0 * * {weekday}#{nth}", start)
    assert found == by_croniter(f"0 0 * * {weekday}#{nth}", start)
    assert found == by_pyawscron(f"0 0 ? * {weekday + 1}#{nth} *", start)


@given(start=moments, day=days)
def test_a_number_with_w_is_the_nearest_working_day(start: datetime, day: int) -> None:
    assert dates_of(f"0 0 0 {day}W * ?", start) == by_pyawscron(f"0 0 {day}W * ? *", start)


@given(start=moments, before=st.integers(1, 27))
def test_l_with_a_number_is_so_many_days_before_the_last(start: datetime, before: int) -> None:
    found = dates_of(f"0 0 0 L-{before} * ?", start)
    assert found == by_pyawscron(f"0 0 L-{before} * ? *", start)


@given(
    start=moments, items=st.lists(st.tuples(weekdays, st.integers(1, 5)), min_size=1, max_size=3)
)
def test_a_list_means_any_of_its_items(start: datetime, items: list[tuple[int, int]]) -> None:
    ours = ",".join(f"{weekday + 1}#{nth}" for weekday, nth in items)
    theirs = ",".join(f"{weekday}#{nth}" for weekday, nth in items)
    assert dates_of(f"0 0 0 ? * {ours},1", start) == by_cronsim(f"0 0 * * {theirs},0", start)


# -- by counting through the month ---------------------------------------------------------------


def days_by_counting(term: SpecialDay, year: int, month: int) -> list[int]:
    """Find the days of a month that fit what a term says, one by one."""
    month_days = [day for day in Calendar().itermonthdays(year, month) if day]
    workdays = [day for day in month_days if date(year, month, day).isoweekday() < 6]
    match term:
        case LastDay(before):
            return [day for day in month_days if len(month_days) - day == before]
        case NearestWorkday(to):
            meant = [to] if isinstance(to, int) else days_by_counting(to, year, month)
            near = [sorted(workdays, key=lambda day: abs(day - each))[:1] for each in meant]
            return [
                day
                for each, found in zip(meant, near, strict=True)
                for day in found
                if each in month_days
            ]
        case NthWeekday(weekday, nth):
            return [d for d in month_days if is_weekday(year, month, d, weekday)][nth - 1 : nth]
        case LastWeekday(weekday):
            return [d for d in month_days if is_weekday(year, month, d, weekday)][-1:]
    raise AssertionError(term)


def is_weekday(year: int, month: int, day: int, weekday: int) -> bool:
    return date(year, month, day).isoweekday() % 7 == weekday


terms: st.SearchStrategy[SpecialDay] = st.one_of(
    st.builds(LastDay, st.integers(0, 30)),
    st.builds(NearestWorkday, days),
    st.builds(NearestWorkday, st.builds(LastDay, st.integers(0, 30))),
    st.builds(NthWeekday, weekdays, st.integers(1, 5)),
    st.builds(LastWeekday, weekdays),
)


@given(term=terms, when=dates)
def test_every_term_means_the_day_that_counting_finds(
    term: SpecialDay, when: tuple[int, int]
) -> None:
    day = term.in_month(*when)
    assert ([] if day is None else [day]) == days_by_counting(term, *when)


@given(when=dates, day=st.integers(1, 28))
def test_the_weekday_is_that_of_the_calendar(when: tuple[int, int], day: int) -> None:
    assert weekday_of(*when, day) == date(*when, day).isoweekday() % 7


@pytest.mark.parametrize(
    ("term", "month", "day"),
    [
        (NearestWorkday(1), (2026, 8), 3),  # a Saturday, and July is another month
        (NearestWorkday(31), (2026, 5), 29),  # a Sunday, and June is another month
        (NearestWorkday(15), (2026, 8), 14),
        (NearestWorkday(16), (2026, 8), 17),
        (NearestWorkday(31), (2026, 6), None),
        (NearestWorkday(LastDay(30)), (2026, 4), None),
        (LastDay(30), (2026, 8), 1),
        (LastDay(28), (2026, 2), None),
        (NthWeekday(5, 5), (2026, 2), None),
    ],
)
def test_a_term_never_leaves_its_month(
    term: SpecialDay, month: tuple[int, int], day: int | None
) -> None:
    assert term.in_month(*month) == day
    assert day is None or day <= monthrange(*month)[1]
