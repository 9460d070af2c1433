"""When cron expressions fire, also in the nights in which clocks are changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.engine.schedule import parse_schedule
from mooring.errors import ScheduleInvalid

ZURICH = "Europe/Zurich"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def times(expression: str, start: str, count: int, *, timezone: str = "UTC") -> list[str]:
    """Give the next times after a wall-clock time, as wall-clock times with their offset."""
    zone = ZoneInfo(timezone)
    schedule = parse_schedule(expression, timezone=timezone)
    moment: datetime | None = datetime.fromisoformat(start).replace(tzinfo=zone)
    found = []
    for _ in range(count):
        assert moment is not None
        moment = schedule.next_after(moment)
        found.append(f"{moment.astimezone(zone):%m-%d %H:%M:%S%z}" if moment else "never")
    return found


@pytest.mark.parametrize(
    ("expression", "start", "first", "second"),
    [
        ("*/15 * * * *", "2026-01-01T12:07", "01-01 12:15:00+0000", "01-01 12:30:00+0000"),
        ("5/20 * * * *", "2026-01-01T12:06", "01-01 12:25:00+0000", "01-01 12:45:00+0000"),
        ("0 22-2/2 * * *", "2026-01-01T12:00", "01-01 22:00:00+0000", "01-02 00:00:00+0000"),
        ("0 0 * * 7", "2026-01-01T12:00", "01-04 00:00:00+0000", "01-11 00:00:00+0000"),
        ("0 0 * * 1/3", "2026-01-01T12:00", "01-05 00:00:00+0000", "01-08 00:00:00+0000"),
        ("0 0 * * 7-2/2", "2026-01-01T12:00", "01-04 00:00:00+0000", "01-06 00:00:00+0000"),
        ("0 0 * * fri-mon", "2026-01-04T12:00", "01-05 00:00:00+0000", "01-09 00:00:00+0000"),
        ("0 0 1 jan,JUL *", "2026-01-01T12:00", "07-01 00:00:00+0000", "01-01 00:00:00+0000"),
        ("0 0 3 * * ?", "2026-01-01T12:00", "01-02 03:00:00+0000", "01-03 03:00:00+0000"),
        ("*/20 * * * * ?", "2026-01-01T12:00", "01-01 12:00:20+0000", "01-01 12:00:40+0000"),
        ("0 0 9 ? * 2", "2026-01-01T12:00", "01-05 09:00:00+0000", "01-12 09:00:00+0000"),
        ("0 0 9 ? * SUN", "2026-01-01T12:00", "01-04 09:00:00+0000", "01-11 09:00:00+0000"),
        ("0 0 9 1 3 ? 2028/2", "2026-01-01T12:00", "03-01 09:00:00+0000", "03-01 09:00:00+0000"),
        ("0 0 29 2 *", "2026-01-01T12:00", "02-29 00:00:00+0000", "02-29 00:00:00+0000"),
        ("0 0 9 L * ?", "2026-02-01T12:00", "02-28 09:00:00+0000", "03-31 09:00:00+0000"),
        ("0 0 9 L-3 * ?", "2028-02-01T12:00", "02-26 09:00:00+0000", "03-28 09:00:00+0000"),
        ("0 0 9 LW * ?", "2026-02-01T12:00", "02-27 09:00:00+0000", "03-31 09:00:00+0000"),
        ("0 0 9 1W,15W * ?", "2026-08-02T12:00", "08-03 09:00:00+0000", "08-14 09:00:00+0000"),
        ("0 0 9 15W,20-21 * ?", "2026-08-01T12:00", "08-14 09:00:00+0000", "08-20 09:00:00+0000"),
        ("0 0 9 ? * 6#3", "2026-01-01T12:00", "01-16 09:00:00+0000", "02-20 09:00:00+0000"),
        ("0 0 9 ? * 6#5", "2026-02-01T12:00", "05-29 09:00:00+0000", "07-31 09:00:00+0000"),
        ("0 0 9 ? * 6L,2", "2026-01-24T12:00", "01-26 09:00:00+0000", "01-30 09:00:00+0000"),
        ("0 0 9 ? * L", "2026-01-01T12:00", "01-03 09:00:00+0000", "01-10 09:00:00+0000"),
        ("0 0 9 * * L", "2026-01-01T12:00", "01-03 09:00:00+0000", "01-10 09:00:00+0000"),
        ("0 50-1 9 * * ?", "2026-01-01T09:50", "01-01 09:51:00+0000", "01-01 09:52:00+0000"),
        ("0 0 9 30-1 * ?", "2026-02-01T12:00", "03-01 09:00:00+0000", "03-30 09:00:00+0000"),
    ],
)
def test_an_expression_fires_when_it_says(
    expression: str, start: str, first: str, second: str
) -> None:
    assert times(expression, start, 2) == [first, second]


def test_unix_takes_either_day_field_and_a_star_in_one_leaves_the_other() -> None:
    assert times("0 0 13 * FRI", "2026-02-12T12:00", 3) == [
        "02-13 00:00:00+0000",
        "02-20 00:00:00+0000",
        "02-27 00:00:00+0000",
    ]
    assert times("0 0 13 * *", "2026-02-12T12:00", 1) == ["02-13 00:00:00+0000"]
    assert times("0 0 */2 * FRI", "2026-02-12T12:00", 2) == [
        "02-13 00:00:00+0000",
        "02-27 00:00:00+0000",
    ]


@pytest.mark.parametrize(
    ("expression", "ever"),
    [
        ("0 0 30 2 *", False),
        ("0 0 31 2,4,6,9,11 *", False),
        ("0 0 0 29 2 ? 2025-2027", False),
        ("0 0 0 L-30 2,4 ?", False),
        ("0 0 0 30W 2 ?", False),
        ("0 0 0 1 1 ? 2020-2025", True),
    ],
)
def test_what_never_comes_is_none(expression: str, ever: bool) -> None:
    schedule = parse_schedule(expression)
    assert (schedule.next_after(NOON), schedule.ever_fires) == (None, ever)


@pytest.mark.parametrize(
    ("expression", "first"),
    [
        ("0 0 29 2 MON", "02-01 00:00:00+0000"),
        ("0 0 29 2 */7", "02-29 00:00:00+0000"),
        ("0 0 0 L 2 ? 2096-2099", "02-29 00:00:00+0000"),
    ],
)
def test_a_day_far_away_is_found(expression: str, first: str) -> None:
    assert times(expression, "2026-03-01T12:00", 1) == [first]


def test_the_second_pass_of_an_hour_repeated_years_later_is_found_after_the_first() -> None:
    # 2026 and 2037 put clocks back on the same date.
    assert times("0 */30 * 25 10 ? 2026,2037", "2026-10-25T23:15", 8, timezone=ZURICH)[3:] == [
        "10-25 01:00:00+0200",
        "10-25 01:30:00+0200",
        "10-25 02:00:00+0200",
        "10-25 02:30:00+0200",
        "10-25 02:00:00+0100",
    ]


def test_within_the_repeated_hour_an_interval_goes_on_from_where_it_is() -> None:
    schedule = parse_schedule("*/30 * * * *", timezone=ZURICH)
    second_pass = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)
    assert schedule.next_after(second_pass) == second_pass.replace(minute=30)
    clock = parse_schedule("30 2 * * *", timezone=ZURICH)
    assert clock.next_after(second_pass) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


def test_after_the_last_year_there_is_nothing() -> None:
    last = datetime(2099, 12, 31, 23, 59, tzinfo=UTC)
    schedule = parse_schedule("* * * * *")
    assert schedule.next_after(last - timedelta(minutes=1)) == last
    assert schedule.next_after(last) is None


def test_the_next_time_is_later_than_the_moment_even_by_a_microsecond() -> None:
    schedule = parse_schedule("0 12 * * *")
    assert schedule.next_after(NOON - timedelta(microseconds=1)) == NOON
    assert schedule.next_after(NOON) == NOON + timedelta(days=1)
    assert schedule.next_after(NOON + timedelta(microseconds=1)) == NOON + timedelta(days=1)


# -- the nights in which clocks are changed ------------------------------------------------------


def test_a_time_that_the_spring_night_leaves_out_fires_once_right_after_the_gap() -> None:
    assert times("*/20 2 * * *", "2026-03-28T12:00", 2, timezone=ZURICH) == [
        "03-29 03:00:00+0200",
        "03-30 02:00:00+0200",
    ]


def test_a_time_that_the_autumn_night_repeats_fires_once() -> None:
    assert times("30 2 * * *", "2026-10-24T12:00", 2, timezone=ZURICH) == [
        "10-25 02:30:00+0200",
        "10-26 02:30:00+0100",
    ]


def test_an_interval_makes_nothing_up_for_the_gap() -> None:
    assert times("*/30 * * * *", "2026-03-29T01:00", 3, timezone=ZURICH) == [
        "03-29 01:30:00+0100",
        "03-29 03:00:00+0200",
        "03-29 03:30:00+0200",
    ]


def test_an_interval_goes_on_through_the_repeated_hour() -> None:
    assert times("*/30 * * * *", "2026-10-25T01:45", 5, timezone=ZURICH) == [
        "10-25 02:00:00+0200",
        "10-25 02:30:00+0200",
        "10-25 02:00:00+0100",
        "10-25 02:30:00+0100",
        "10-25 03:00:00+0100",
    ]


def test_a_change_by_half_an_hour_is_no_different() -> None:
    lord_howe = "Australia/Lord_Howe"
    assert times("0/15 * * * *", "2026-10-04T01:40", 2, timezone=lord_howe) == [
        "10-04 01:45:00+1030",
        "10-04 02:30:00+1100",
    ]
    assert times("10 2 * * *", "2026-10-04T01:40", 1, timezone=lord_howe) == ["10-04 02:30:00+1100"]


# -- what means nothing --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("", "has 0 fields. It takes 5"),
        ("* * * *", "has 4 fields"),
        ("* * * * * * * *", "has 8 fields"),
        ("@daily", "has 1 field. Write it out: 0 0 * * *."),
        ("@reboot", "has 1 field. It takes 5"),
        ("0," * 1000 + "0 * * * *", "2009 characters is too long"),
    ],
)
def test_what_is_no_expression_is_refused_as_a_whole(expression: str, said: str) -> None:
    with pytest.raises(ScheduleInvalid) as refused:
        parse_schedule(expression)
    assert (refused.value.field, refused.value.column) == ("expression", 0)
    assert said in str(refused.value)


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "/etc/passwd", "../UTC"])
def test_an_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(ScheduleInvalid, match="no time zone") as refused:
        parse_schedule("* * * * *", timezone=name)
    assert refused.value.field == "timezone"


# -- against brute force -------------------------------------------------------------------------


@st.composite
def fields(draw: st.DrawFn, low: int, high: int) -> tuple[str, set[int]]:
    """Draw a field's text, and what it means."""
    values, texts = set[int](), []
    for _ in range(draw(st.integers(1, 2))):
        first = draw(st.integers(low, high))
        last = draw(st.integers(low, high))
        step = draw(st.integers(1, max(1, min(high, 20))))
        around = [*range(low, high + 1), *range(low, high + 1)]
        length = (last - first) % (high - low + 1) + 1
        text, meant = draw(
            st.sampled_from(
                [
                    (f"{first}", [first]),
                    (f"{first}-{last}", around[first - low : first - low + length]),
                    (f"{first}-{last}/{step}", around[first - low : first - low + length][::step]),
                    (f"{first}/{step}", list(range(first, high + 1, step))),
                    (f"*/{step}", list(range(low, high + 1, step))),
                ]
            )
        )
        texts.append(text)
        values.update(meant)
    return draw(st.sampled_from([(",".join(texts), values), ("*", set(range(low, high + 1)))]))


def brute_force(
    start: datetime, end: datetime, zone: ZoneInfo, *, matches: set[datetime], interval: bool
) -> list[datetime]:
    """Walk through every minute of time; ``matches`` are the wall-clock times that are meant."""
    minutes = int((end - start).total_seconds() // 60)
    shown = [
        (at := start + timedelta(minutes=number), at.astimezone(zone).replace(tzinfo=None))
        for number in range(minutes + 1)
    ]
    if interval:
        return [at for at, wall in shown if wall in matches]
    found = set()
    for wall in matches:
        exact = next((at for at, seen in shown if seen == wall), None)
        after = next((at for at, seen in shown if seen > wall), None)
        found.add(exact or after)
    return sorted(at for at in found if at is not None)


NIGHTS = {
    "UTC": [datetime(2026, 2, 28, tzinfo=UTC)],
    ZURICH: [datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 10, 24, 12, tzinfo=UTC)],
    "America/St_Johns": [datetime(2026, 3, 7, tzinfo=UTC), datetime(2026, 10, 31, tzinfo=UTC)],
    "Australia/Lord_Howe": [datetime(2026, 4, 4, tzinfo=UTC)],
}


@given(
    data=st.data(),
    minute=fields(0, 59),
    hour=fields(0, 23),
    day=fields(1, 31),
    month=fields(1, 12),
    weekday=fields(0, 6),
    zone_name=st.sampled_from(sorted(NIGHTS)),
)
def test_it_fires_exactly_when_brute_force_says(
    data: st.DataObject,
    minute: tuple[str, set[int]],
    hour: tuple[str, set[int]],
    day: tuple[str, set[int]],
    month: tuple[str, set[int]],
    weekday: tuple[str, set[int]],
    zone_name: str,
) -> None:
    zone = ZoneInfo(zone_name)
    start = data.draw(st.sampled_from(NIGHTS[zone_name]))
    end = start + timedelta(days=2)
    either = not (day[0].startswith("*") or weekday[0].startswith("*"))

    def meant(wall: datetime) -> bool:
        days = (wall.day in day[1], wall.isoweekday() % 7 in weekday[1])
        return (
            wall.minute in minute[1]
            and wall.hour in hour[1]
            and wall.month in month[1]
            and (any(days) if either else all(days))
        )

    first = start.astimezone(zone).replace(tzinfo=None)
    # A little beyond both ends, for a clock that is put back or forward.
    walls = (first + timedelta(minutes=number) for number in range(-120, 2 * 24 * 60 + 240))
    expected = brute_force(
        start - timedelta(hours=2),
        end + timedelta(hours=4),
        zone,
        matches={wall for wall in walls if meant(wall)},
        interval=hour[1] == set(range(24)),
    )

    schedule = parse_schedule(
        f"{minute[0]} {hour[0]} {day[0]} {month[0]} {weekday[0]}", timezone=zone_name
    )
    found, moment = [], schedule.next_after(start - timedelta(microseconds=1))
    while moment is not None and moment < end:
        found.append(moment)
        moment = schedule.next_after(moment)
    assert found == [at for at in expected if start <= at < end]
