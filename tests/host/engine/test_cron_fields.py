"""Which expressions are taken, and what is said of the others? OCP's dialect, and plain cron's."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mooring.engine.schedule import parse_schedule
from mooring.errors import ScheduleInvalid

ACCEPTED = {
    "second": ("*", "0", "59", "05", "5,10", "5-10", "50-10", "0,5-10", "5/15", "*/15", "0/59"),
    "minute": ("*", "0", "59", "5,10", "5-10", "0,5-10,20-30", "5/15", "*/59"),
    "hour": ("*", "0", "23", "9,17", "9-17", "22-4", "0/23", "*/2"),
    "day-of-month": (
        *("*", "1", "31", "1,15", "1-5", "25-5", "1/5", "*/5", "*/2,5", "1-15/2", "1-5,10", "1/31"),
        *("L", "l", "LW", "lw", "L-1", "L-30", "L-3W", "15W", "15w", "1W,15W", "15W,20-25"),
    ),
    "month": (
        *("*", "1", "12", "1,6", "3-5", "11-2", "1/3", "1-6/2", "1-3,7", "2/12"),
        *("JAN", "jan", "JAN,Jul", "NOV-FEB"),
    ),
    "day-of-week": (
        *("?", "1", "7", "2,4", "2-6", "6-2", "1/2", "2-6/2", "2-4,7", "6#3", "2#1,4", "6#1,6#3"),
        *("L", "l", "6L", "6l", "6L,2", "SUN", "sat", "MON,WED", "MON-FRI", "FRI-MON"),
    ),
    "year": ("*", "1970", "2099", "2026,2028", "2026-2030", "2026/2", "2026-2030,2032", "2000/129"),
}
REFUSED = {
    "second": {
        "60": "0–59, *, a list, a range or a step",
        "*/60": "A step may be 1–59",
        "5/100": "A step may be 1–59",
        "5/0": "A step may be 1–59",
        "0/15,40": "as a list it is 0,15,30,40,45",
        "10-30/5": "as a list it is 10,15,20,25,30",
        "?": "day fields only",
        "H": "0–59",
        "15xyz": "0–59",
        "-1": "0–59",
        "1.5": "0–59",
        "0x10": "0–59",
        "٣": "0–59",
        "*-5": "0–59",
        "5,*": "stands alone",
        "00005": "0–59",
    },
    "hour": {"24": "0–23", "*/24": "A step may be 1–23", "9-": "0–23"},
    "day-of-month": {
        "0": "1–31, *, ?, L, L-3, LW, 15W",
        "32": "1–31",
        "32W": "1–31",
        "0W": "1–31",
        "W": "1–31",
        "C": "1–31",
        "L-0": "1–30 days before",
        "L-31": "1–30 days before",
        "l-3": "in capitals only: write L-3",
        "1-5W": "1–31",
        "15W-20": "1–31",
        "1/32": "A step may be 1–31",
        "1,L": "L stands alone",
        "L-3,5": "L-3 stands alone",
        "*,5": "stands alone",
    },
    "month": {
        "0": "1–12 or JAN–DEC",
        "13": "1–12 or JAN–DEC",
        "*/3": "write 1/3",
        "JAN-3": "with numbers it is 1-3",
        "JAN/2": "with numbers it is 1/2",
        "JAN-MAR,JUN": "with numbers it is 1-3,6",
        "3,JAN": "with numbers it is 3,1",
        "JANUARY": "1–12 or JAN–DEC",
        "1/13": "A step may be 1–12",
    },
    "day-of-week": {
        "0": "1–7 or SUN–SAT, *, ?, L, 6L, 6#3",
        "8": "1–7",
        "*/2": "write 1/2",
        "MON#1": "with numbers it is 2#1",
        "FRIL": "with numbers it is 6L",
        "MON-5": "with numbers it is 2-5",
        "MONDAY": "1–7 or SUN–SAT",
        "JUL": "1–7 or SUN–SAT",
        "6#0": "first to the fifth",
        "6#6": "first to the fifth",
        "8#1": "1–7",
        "0L": "1–7",
        "6#3/2": "1–7",
        "2,*": "stands alone",
        "2,L": "L stands alone",
        "?,2": "alone",
    },
    "year": {
        "1969": "1970–2099",
        "2100": "1970–2099",
        "2030-2029": "backwards",
        "2029,2026-2028": "count upwards",
        "*/2": "write 1970/2",
        "2026/130": "A step may be 1–129",
    },
}
FIELDS = ("second", "minute", "hour", "day-of-month", "month", "day-of-week", "year")


def expression_with(text: str, *, field: str) -> tuple[str, int]:
    """Put a field into an expression that is good otherwise; give its column too."""
    fields = ["0", "0", "0", "*", "*", "?", "*"]
    fields[FIELDS.index(field)] = text
    if field == "day-of-week":
        fields[FIELDS.index("day-of-month")] = "*" if text == "?" else "?"
    return " ".join(fields), len(" ".join(fields[: FIELDS.index(field)])) + 2


def refusal_of(expression: str) -> ScheduleInvalid | None:
    try:
        parse_schedule(expression)
    except ScheduleInvalid as error:
        return error
    return None


@pytest.mark.parametrize(
    ("field", "text"), [(field, text) for field, texts in ACCEPTED.items() for text in texts]
)
def test_quartz_takes_it(field: str, text: str) -> None:
    expression, _ = expression_with(text, field=field)
    assert parse_schedule(expression).seconds
    assert ocp_accepts(expression)


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [(field, text, said) for field, texts in REFUSED.items() for text, said in texts.items()],
)
def test_quartz_refuses_it_with_field_column_and_remedy(field: str, text: str, said: str) -> None:
    expression, column = expression_with(text, field=field)
    with pytest.raises(ScheduleInvalid) as refused:
        parse_schedule(expression)
    error = refused.value
    # The first field's column is where the expression begins.
    column = 1 if field == "second" else column
    assert error.field == field
    assert column <= error.column <= column + len(text)
    assert error.where == f"column {error.column}"
    assert said in error.hint
    assert re.match(r"'.*' means nothing in the field ", error.message)


def test_the_column_is_that_of_the_item_in_its_list() -> None:
    with pytest.raises(ScheduleInvalid) as refused:
        parse_schedule("0 0 9,17,24 * * ?")
    assert str(refused.value).startswith("column 10: '24' means nothing in the field hour.")
    assert refused.value.column == 10


@pytest.mark.parametrize(
    ("day", "weekday", "good"),
    [
        *[("*", "?", True), ("?", "*", True), ("15", "?", True), ("?", "MON", True)],
        *[("L", "?", True), ("?", "L", True), ("*", "L", True), ("*", "l", True)],
        *[("*", "*", False), ("?", "?", False), ("15", "*", False), ("15", "1", False)],
        *[("*", "MON", False), ("15", "L", False), ("*", "6L", False)],
    ],
)
def test_exactly_one_day_field_decides(day: str, weekday: str, good: bool) -> None:
    expression = f"0 0 0 {day} * {weekday}"
    assert ocp_accepts(expression) is good
    if good:
        assert parse_schedule(expression).ever_fires
        return
    with pytest.raises(ScheduleInvalid, match=r"exactly one must be \?") as refused:
        parse_schedule(expression)
    assert (refused.value.field, refused.value.column) == ("day-of-month", 7)
    assert f"found {day} and {weekday}." in refused.value.message


@pytest.mark.parametrize(
    ("expression", "column"),
    [
        (" 0 0 0 * * ?", 1),
        ("0  0 0 * * ?", 2),
        ("0 0 0 *  * ?", 8),
        ("0\t0 0 * * ?", 2),
        ("0 0 0 * * ?  ", 12),
        ("0 0 0 * * ? * ", 14),
    ],
)
def test_quartz_fields_stand_one_space_apart(expression: str, column: int) -> None:
    assert not ocp_accepts(expression)
    with pytest.raises(ScheduleInvalid, match="exactly one space") as refused:
        parse_schedule(expression)
    assert (refused.value.field, refused.value.column) == ("expression", column)


@pytest.mark.parametrize("ending", ["", " ", "\n"])
def test_one_space_or_line_end_after_quartz_is_taken(ending: str) -> None:
    expression = f"0 0 0 * * ?{ending}"
    assert ocp_accepts(expression)
    assert parse_schedule(expression) == parse_schedule("0 0 0 * * ?")


def test_plain_cron_may_be_spaced_freely() -> None:
    assert parse_schedule("  0  9\t*  * 1-5\n") == parse_schedule("0 9 * * 1-5")


@pytest.mark.parametrize(
    ("expression", "field", "column", "said"),
    [
        ("60 * * * *", "minute", 1, "0–59"),
        ("* 24 * * *", "hour", 3, "0–23"),
        ("* * 0 * *", "day-of-month", 5, "1–31"),
        ("* * * 13 *", "month", 7, "1–12 or JAN–DEC"),
        ("* * * * 8", "day-of-week", 9, "0–7 or SUN–SAT"),
        ("* * * * JUL", "day-of-week", 9, "0–7 or SUN–SAT"),
        ("*/0 * * * *", "minute", 1, "A step may be 1–59"),
        ("5- * * * *", "minute", 1, "0–59"),
        ("1,,2 * * * *", "minute", 3, "0–59"),
        ("? * * * *", "minute", 1, "every minute is *"),
        ("* * ? * *", "day-of-month", 5, "every day-of-month is *"),
        ("* * L * *", "day-of-month", 5, "write six fields with seconds first"),
        ("* * 15W * *", "day-of-month", 5, "write six fields with seconds first"),
        ("  *  *   *  *  5#3", "day-of-week", 16, "write six fields with seconds first"),
        ("* * * * FRIL", "day-of-week", 9, "write six fields with seconds first"),
    ],
)
def test_plain_cron_refuses_with_field_column_and_remedy(
    expression: str, field: str, column: int, said: str
) -> None:
    with pytest.raises(ScheduleInvalid) as refused:
        parse_schedule(expression)
    assert (refused.value.field, refused.value.column) == (field, column)
    assert said in refused.value.hint


@pytest.mark.parametrize("good", ["MON-5 JAN", "1-5,SUN jan-3", "*/2 */3", "5-1 11/2", "7-2 *"])
def test_plain_cron_takes_names_and_steps_in_any_place(good: str) -> None:
    weekday, month = good.split()
    assert parse_schedule(f"0 0 * {month} {weekday}").months


# -- nothing that OCP refuses is taken -----------------------------------------------------------


PIECES = ("0", "1", "3", "5", "7", "12", "15", "31", "59", "2026", "2030", "*", "?", "L", "W")
JOINTS = ("", "-", "/", ",", "#", "-", ",")
LETTERS = ("JAN", "FEB", "MON", "fri", "SUN", "l", "w", "lw", "LW")


@st.composite
def field_texts(draw: st.DrawFn) -> str:
    """Draw pieces of fields, joined as fields are; few of them mean something."""
    pieces = draw(st.lists(st.sampled_from([*PIECES, *LETTERS]), min_size=1, max_size=4))
    text = pieces[0]
    for piece in pieces[1:]:
        text += draw(st.sampled_from(JOINTS)) + piece
    return text


@given(field=st.sampled_from(FIELDS), text=field_texts())
@example(field="day-of-month", text="1/2,L")
@example(field="year", text="2030,2026-2028")
def test_what_is_taken_as_quartz_ocp_takes_too(field: str, text: str) -> None:
    expression, _ = expression_with(text, field=field)
    assert refusal_of(expression) or ocp_accepts(expression)


@given(expression=st.text(st.sampled_from("0159*?/-,#LWlwMONJA \t\n٣"), max_size=40))
def test_whatever_is_typed_is_a_schedule_or_a_refusal(expression: str) -> None:
    if error := refusal_of(expression):
        assert error.field
        assert error.hint
        assert 0 <= error.column <= len(expression) + 1


@st.composite
def good_fields(draw: st.DrawFn, low: int, high: int, *, names: tuple[str, ...] = ()) -> str:
    """Draw a field in every way that Quartz writes numbers, and names alone."""
    number = st.integers(low, high).map(str)
    by_name: bool = draw(st.booleans())
    if names and by_name:
        joint = draw(st.sampled_from("-,"))
        return joint.join(draw(st.lists(st.sampled_from(names), min_size=1, max_size=2)))
    ranges = st.tuples(number, number).map("-".join)
    step = st.integers(1, min(high, 129)).map(str)
    steps = st.tuples(st.one_of(number, ranges), step).map("/".join)
    return ",".join(draw(st.lists(st.one_of(number, ranges, steps), min_size=1, max_size=3)))


@given(
    times=st.lists(good_fields(0, 23), min_size=3, max_size=3),
    day=good_fields(1, 31),
    month=good_fields(1, 12, names=("JAN", "MAY", "DEC")),
    weekday=good_fields(1, 7, names=("SUN", "WED", "SAT")),
    by_day=st.booleans(),
)
def test_what_is_well_formed_is_taken_exactly_when_ocp_takes_it(
    times: list[str], day: str, month: str, weekday: str, by_day: bool
) -> None:
    days = (day, "?") if by_day else ("?", weekday)
    expression = f"{' '.join(times)} {days[0]} {month} {days[1]}"
    assert (refusal_of(expression) is None) is ocp_accepts(expression)


# -- OCP's validator, as observed ----------------------------------------------------------------


def number(text: str) -> float:
    """Read a number as JavaScript's parseInt: what follows it does not matter."""
    found = re.match(r"\s*([+-]?[0-9]+)", text, re.ASCII)
    return int(found[1]) if found else float("nan")


def all_within(texts: list[str], low: int, high: int) -> bool:
    return all(low <= number(text) <= high for text in texts)


def strictly_within(texts: list[str], high: int) -> bool:
    return all(not text or (re.fullmatch("[0-9]+", text) and int(text) <= high) for text in texts)


def ocp_time(text: str, high: int) -> bool:
    if text == "*":
        return True
    if "/" in text:
        first, *steps = text.split("/")
        return strictly_within([first, *steps], high) or (
            first == "*" and strictly_within(steps[:1], high)
        )
    if "-" in text or "," in text:
        return strictly_within(re.split("[-,]", text), high)
    return 0 <= number(text) <= high


def ocp_day(day: str, weekday: str) -> bool:
    if (day == "*" and weekday != "*") or (day == "?" and weekday != "?"):
        return True
    if weekday != "?":
        return False
    if "/" in day:
        first, step = day.split("/")[:2]
        return (first == "*" or all_within([first], 1, 31)) and all_within([step], 0, 31)
    if "-" in day:
        parts = day.split("-")
        return all_within(parts, 1, 31) or (parts[0] == "L" and all_within([parts[1]], 1, 30))
    if "," in day:
        return all_within(day.split(","), 1, 31)
    if day.lower() in ("l", "lw"):
        return True
    return day != "?" and "l" not in day.lower() and 1 <= number(day) <= 31


def ocp_named(text: str, high: int, names: str) -> bool:
    if "/" in text:
        first, step = text.split("/")[:2]
        return all_within([first], 1, high) and all_within([step], 0, high)
    joint = "-" if "-" in text else ","
    parts = text.split(joint)
    decisive = parts[:2] if joint == "-" else parts[:1]
    if all(number(part) == number(part) for part in decisive):
        return all_within(parts, 1, high)
    return all(part.lower() in names.split() for part in parts)


def ocp_weekday(weekday: str, day: str) -> bool:
    if (weekday == "*" and day != "*") or (weekday == "?" and day != "?"):
        return True
    if weekday.lower() == "l":
        return True
    if weekday == "*" or day != "?":
        return False
    if "#" in weekday and not re.search("[-/,]", weekday):
        first, nth = weekday.split("#")[:2]
        return all_within([first], 1, 7) and all_within([nth], 1, 5)
    return ocp_named(weekday, 7, "sun mon tue wed thu fri sat")


def ocp_year(year: str) -> bool:
    if year in ("", "*"):
        return True
    if "/" in year:
        first, step = year.split("/")[:2]
        return all_within([first], 1970, 2099) and all_within([step], 0, 129)
    if "-" in year:
        parts = year.split("-")
        return all_within(parts, 1970, 2099) and number(parts[0]) <= number(parts[1])
    return all_within(year.split(","), 1970, 2099)


def ocp_accepts(expression: str) -> bool:
    """Decide as OCP's validator does, down to what it overlooks."""
    fields = [field.strip() for field in expression.split(" ")]
    if len(fields) not in (6, 7):
        return False
    second, minute, hour, day, month, weekday, year = [*fields, ""][:7]
    months = "jan feb mar apr may jun jul aug sep oct nov dec"
    return (
        ocp_time(second, 59)
        and ocp_time(minute, 59)
        and ocp_time(hour, 23)
        and ocp_day(day, weekday)
        and (month == "*" or ocp_named(month, 12, months))
        and ocp_weekday(weekday, day)
        and ocp_year(year)
    )
