"""Do random schedules fire when independent libraries say? In UTC, where nobody disagrees."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice

from apscheduler.triggers.cron import CronTrigger  # type: ignore[import-untyped]  # ships no types
from croniter import croniter  # type: ignore[import-untyped]  # ships no types
from cronsim import CronSim
from hypothesis import assume, given
from hypothesis import strategies as st

from mooring.engine.schedule import parse_schedule

COUNT = 5
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
QUARTZ_TO_THEIRS = {str(number + 1): name.lower() for number, name in enumerate(WEEKDAYS)}

moments = st.datetimes(
    datetime(2015, 1, 1),  # noqa: DTZ001  # the strategy adds the zone
    datetime(2035, 12, 31),  # noqa: DTZ001  # the strategy adds the zone
    timezones=st.just(UTC),
).map(lambda moment: moment.replace(microsecond=0))


def ours(expression: str, start: datetime) -> list[datetime]:
    schedule, found = parse_schedule(expression), list[datetime]()
    moment = schedule.next_after(start)
    while moment is not None and len(found) < COUNT:
        found.append(moment)
        moment = schedule.next_after(moment)
    return found


@st.composite
def plain_field(draw: st.DrawFn, low: int, high: int, *, names: tuple[str, ...] = ()) -> str:
    """Draw a field as every cron reads it: ranges that count up, names alone."""
    number = st.integers(low, high)
    # Of a range of one value, and of steps beyond a range, each library thinks something else.
    pair = draw(st.lists(number, min_size=2, max_size=2, unique=True).map(sorted))
    within = f"{pair[0]}-{pair[1]}"
    items = [
        number.map(str),
        st.just(within),
        st.integers(1, pair[1] - pair[0]).map(lambda step: f"{within}/{step}"),
        st.integers(1, high - low).map(lambda step: f"*/{step}"),
        *([st.sampled_from(names)] if names else []),
    ]
    texts = draw(st.lists(st.one_of(items), min_size=1, max_size=3))
    return draw(st.sampled_from(["*", ",".join(texts)]))


unix = st.tuples(
    plain_field(0, 59),
    plain_field(0, 23),
    # To the 28th: the others give up on days that few months have, each at another point.
    plain_field(1, 28),
    plain_field(1, 12, names=MONTHS),
    plain_field(0, 6, names=WEEKDAYS),
).map(" ".join)


@given(expression=unix, start=moments)
def test_plain_cron_fires_as_croniter_says(expression: str, start: datetime) -> None:
    # Its "bug" is cron's own rule: a day field that begins with * leaves the other one to decide.
    # It also takes a list with */1 in it for a *, which cron does not.
    day, weekday = expression.split()[2], expression.split()[4]
    assume(all(field.startswith("*") or "*" not in field for field in (day, weekday)))
    theirs = croniter(expression, start, implement_cron_bug=True)
    assert ours(expression, start) == [theirs.get_next(datetime) for _ in range(COUNT)]


@given(expression=unix, start=moments)
def test_plain_cron_fires_as_cronsim_says(expression: str, start: datetime) -> None:
    assert ours(expression, start) == list(islice(CronSim(expression, start), COUNT))


@st.composite
def quartz(draw: st.DrawFn) -> tuple[str, dict[str, str]]:
    """Draw an expression with seconds and years, and its fields as APScheduler names them."""
    second, minute, hour = (draw(plain_field(0, high)).split(",")[0] for high in (59, 59, 23))
    second, minute, hour = (
        field if field.startswith("*") else field.partition("/")[0]
        for field in (second, minute, hour)
    )
    month = draw(st.sampled_from(["*", "1-6/2", "3-5", "2", "12,1", "JAN,DEC"]))
    year = draw(st.sampled_from(["*", "2015-2060", "2016-2098/4", "2030,2041"]))
    fields = {"second": second, "minute": minute, "hour": hour, "month": month, "year": year}
    if draw(st.booleans()):
        day = draw(plain_field(1, 28))
        return f"{second} {minute} {hour} {day} {month} ? {year}", {**fields, "day": day}
    weekdays = draw(st.lists(st.sampled_from("1234567"), min_size=1, max_size=3))
    theirs = ",".join(QUARTZ_TO_THEIRS[weekday] for weekday in weekdays)
    expression = f"{second} {minute} {hour} ? {month} {','.join(weekdays)} {year}"
    return expression, {**fields, "day_of_week": theirs}


@given(drawn=quartz(), start=moments)
def test_quartz_with_seconds_and_years_fires_as_apscheduler_says(
    drawn: tuple[str, dict[str, str]], start: datetime
) -> None:
    expression, fields = drawn
    trigger, found = CronTrigger(timezone="UTC", **fields), list[datetime]()
    moment = trigger.get_next_fire_time(None, start + timedelta(seconds=1))
    while moment is not None and moment.year < 2100 and len(found) < COUNT:
        found.append(moment)
        moment = trigger.get_next_fire_time(moment, moment + timedelta(seconds=1))
    assert ours(expression, start) == found
