"""What may a field of a cron expression hold, and which values does it mean? Two dialects, strict.

The Quartz dialect is the part of what OCP's validator accepts that means something: where OCP reads
the start of ``15xyz`` and ignores the rest, or lets a step of 0 pass, this refuses. Unix takes what
crontab(5) takes, ranges that go around (``22-2``), and names in any place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mooring.engine.special_days import (
    LAST_DAY,
    LAST_OF_WEEKDAY,
    NTH,
    WORKDAY,
    LastDay,
    LastWeekday,
    NearestWorkday,
    NthWeekday,
    SpecialDay,
)
from mooring.errors import ScheduleInvalid

FIRST_YEAR, LAST_YEAR = 1970, 2099
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
PLAIN = re.compile(
    r"(?P<low>\*|[A-Z]{3}|[0-9]{1,4})(?:-(?P<high>[A-Z]{3}|[0-9]{1,4}))?(?:/(?P<step>[0-9]{1,4}))?"
)
QUARTZ_ONLY = re.compile(rf"L(-[0-9]+)?W?|[0-9]+W|([0-9]|{'|'.join(WEEKDAYS)})(L|#[0-9]*)")
NAME = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class Field:
    """What one field of an expression may hold."""

    name: str
    lowest: int
    highest: int
    names: tuple[str, ...] = ()
    first_named: int = 1
    also: tuple[str, ...] = ("*",)
    longest_step: int = 0  # 0: as much as the highest value
    quartz: bool = False
    lone_steps: bool = False  # a step counts from * or one value, and has no list around it
    star_steps: bool = True  # whether */2 is taken
    ascending: bool = False  # whether ranges may not go around

    @property
    def allowed(self) -> str:
        """Say in words which values it may hold."""
        named = f" or {self.names[0]}–{self.names[-1]}" if self.names else ""
        return ", ".join([f"{self.lowest}–{self.highest}{named}", *self.also])

    @property
    def last(self) -> int:
        """The highest value that is not another one's second name (Unix has two for Sunday)."""
        return 6 if self is UNIX_WEEKDAY else self.highest


UNIX_MINUTE = Field("minute", 0, 59)
UNIX_HOUR = Field("hour", 0, 23)
UNIX_DAY = Field("day-of-month", 1, 31)
UNIX_MONTH = Field("month", 1, 12, MONTHS)
UNIX_WEEKDAY = Field("day-of-week", 0, 7, WEEKDAYS, first_named=0)

SECOND = Field("second", 0, 59, quartz=True, lone_steps=True)
MINUTE = Field("minute", 0, 59, quartz=True, lone_steps=True)
HOUR = Field("hour", 0, 23, quartz=True, lone_steps=True)
DAY = Field("day-of-month", 1, 31, also=("*", "?", "L", "L-3", "LW", "15W"), quartz=True)
MONTH = Field("month", 1, 12, MONTHS, quartz=True, star_steps=False)
WEEKDAY = Field(
    *("day-of-week", 1, 7, WEEKDAYS),
    also=("*", "?", "L", "6L", "6#3"),
    quartz=True,
    star_steps=False,
)
YEAR = Field(
    *("year", FIRST_YEAR, LAST_YEAR),
    longest_step=LAST_YEAR - FIRST_YEAR,
    quartz=True,
    star_steps=False,
    ascending=True,
)


@dataclass(frozen=True, slots=True)
class Word:
    """A piece of an expression: a field, or one item of its list."""

    text: str
    column: int  # in the expression, from 1
    field: Field

    @property
    def items(self) -> Iterator[Word]:
        """The items of the field's list, each with its own column."""
        column = self.column
        for text in self.text.split(","):
            yield Word(text, column, self.field)
            column += len(text) + 1

    def refused(self, hint: str = "") -> ScheduleInvalid:
        """Say that this means nothing here, and what would."""
        return ScheduleInvalid(
            f"{self.text!r} means nothing in the field {self.field.name}.",
            where=f"column {self.column}",
            hint=hint or f"It may be {self.field.allowed}, a list, a range or a step.",
            field=self.field.name,
            column=self.column,
        )


def read_field(field: Word) -> tuple[frozenset[int], tuple[SpecialDay, ...]]:
    """Return the values that a field means, and its terms that depend on the month."""
    if field.text == "*":
        return frozenset(range(field.field.lowest, field.field.last + 1)), ()
    if field.field is WEEKDAY and field.text.upper() == "L":
        return frozenset({field.field.highest}), ()  # in Quartz the last day of the week: Saturday
    if alone := _alone(field):
        return frozenset(), (alone,)
    values, special = set[int](), []
    items = list(field.items)
    if field.field.quartz:
        _fits_together(field, items)
    for item in items:
        if day := _special(item):
            special.append(day)
        else:
            values.update(_plain(item))
    return frozenset(values), tuple(special)


# -- L, W and # ----------------------------------------------------------------------------------


def _alone(field: Word) -> SpecialDay | None:
    """Read the terms that stand for the whole field: L, L-3, LW, L-3W."""
    last = LAST_DAY.fullmatch(field.text.upper()) if field.field is DAY else None
    if last is None:
        return None
    before = int(last[1] or 0)
    if last[1] and not 1 <= before <= 30:
        raise field.refused("L- takes 1–30 days before the last one.")
    if last[1] and field.text[0] == "l":
        raise field.refused("OCP takes this one in capitals only: write L-3.")
    return NearestWorkday(LastDay(before)) if last[2] else LastDay(before)


def _special(item: Word) -> SpecialDay | None:
    """Read an item of a list that depends on the month: 15W, 6#3, 6L."""
    text = item.text.upper()
    if item.field is DAY and (found := WORKDAY.fullmatch(text)):
        return NearestWorkday(_number(found[1], item))
    if item.field is WEEKDAY and (found := LAST_OF_WEEKDAY.fullmatch(text)):
        return LastWeekday(_number(found[1], item) - 1)
    if item.field is WEEKDAY and (found := NTH.fullmatch(text)):
        weekday, nth = _number(found[1], item), int(found[2])
        if not 1 <= nth <= 5:
            raise item.refused("After # stands 1–5: the first to the fifth in the month.")
        return NthWeekday(weekday - 1, nth)
    return None


# -- values, ranges and steps --------------------------------------------------------------------


def _plain(item: Word) -> list[int]:
    """Return what ``*``, ``a`` or ``a-b``, each with or without ``/step``, means."""
    field, text = item.field, item.text.upper()
    parts = PLAIN.fullmatch(text)
    if parts is None or (parts["low"] == "*" and parts["high"]):
        raise item.refused(_why_not(item))
    step = _step(parts["step"], item)
    if parts["low"] == "*":
        low, high = field.lowest, field.last
    else:
        low = _number(parts["low"], item)
        # As in Quartz: 5/15 is every 15 from 5 on.
        high = _number(parts["high"], item) if parts["high"] else field.last if step else low
    return _range(low, high, item)[:: step or 1]


def _range(low: int, high: int, item: Word) -> list[int]:
    field = item.field
    if low <= high:
        return list(range(low, high + 1))
    if field.ascending:
        raise item.refused("The range runs backwards.")
    return [*range(low, field.last + 1), *range(field.lowest, high + 1)]


def _step(text: str | None, item: Word) -> int:
    if text is None:
        return 0
    longest = item.field.longest_step or item.field.highest
    if not 1 <= int(text) <= longest:
        raise item.refused(f"A step may be 1–{longest}.")
    return int(text)


def _number(text: str, item: Word) -> int:
    field = item.field
    if text in field.names:
        return field.names.index(text) + field.first_named
    if not text.isdecimal() or not field.lowest <= int(text) <= field.highest:
        raise item.refused()
    return int(text)


# -- what OCP does not take, though its parts are good -------------------------------------------


def _fits_together(field: Word, items: list[Word]) -> None:
    """Refuse combinations that Quartz might read but OCP's validator does not let pass."""
    if field.field.lone_steps and "/" in field.text and (len(items) > 1 or "-" in field.text):
        raise field.refused(_as_list(field, items))
    for item in items:
        if item.text == "*" and len(items) > 1:
            raise item.refused("* is every value and stands alone.")
        if item.text.startswith("*/") and not field.field.star_steps:
            step = item.text.removeprefix("*/")
            raise item.refused(f"OCP takes no step from * here; write {field.field.lowest}/{step}.")
    if field.field.names and not _names_fit(field):
        raise field.refused(
            "OCP takes names alone, as one range or as a list; with numbers it is "
            f"{_numbered(field)}."
        )
    if field.field.ascending and "-" in field.text and "/" not in field.text:
        first, end = re.findall(r"[0-9]+", field.text)[:1], re.findall(r"-([0-9]+)", field.text)[:1]
        if len(items) > 1 and first and end and int(first[0]) > int(end[0]):
            raise field.refused("Beside a range, the years of a list count upwards.")


def _names_fit(field: Word) -> bool:
    """Say whether names are used as OCP takes them; what is no name at all is refused elsewhere."""
    text, names = field.text.upper(), field.field.names
    runs = [run for run in re.findall(r"[A-Z]+", text) if run != "L"]
    if not all(run in names or run.removesuffix("L") in names for run in runs):
        return True
    return not runs or re.fullmatch(r"[A-Z]{3}(-[A-Z]{3}|(,[A-Z]{3})*)", text) is not None


def _numbered(field: Word) -> str:
    """Write names as numbers."""
    names = dict(zip(field.field.names, range(1, 13), strict=False))
    return NAME.sub(lambda name: str(names[name[0]]), field.text.upper())


def _as_list(field: Word, items: list[Word]) -> str:
    values = sorted({value for item in items for value in _plain(item)})
    listed = ",".join(map(str, values))
    return f"OCP takes a step alone and not over a range here; as a list it is {listed}."


def _why_not(item: Word) -> str:
    """Find the reason for the commonest mistakes."""
    text, field = item.text.upper(), item.field
    if "?" in text:
        return (
            "? stands for the day field that does not decide, alone."
            if field in (DAY, WEEKDAY)
            else f"? is for Quartz's day fields only; every {field.name} is *."
        )
    if field in (UNIX_DAY, UNIX_WEEKDAY) and QUARTZ_ONLY.fullmatch(text):
        return (
            "L, W and # are Quartz's: write six fields with seconds first, as in 0 0 9 L * ? or "
            "0 0 9 ? * 6#3."
        )
    if (field is DAY and LAST_DAY.fullmatch(text)) or (field is WEEKDAY and text == "L"):
        return f"{text} stands alone in the field."
    return ""
