"""When does a cron expression fire? Five-field Unix cron, and OCP's Quartz with 6 or 7 fields.

cron-converter finds the next time of day among minutes, hours and months; it sees every day, and
the rules of the day fields (Unix ORs them, Quartz has one of them), seconds and years are ours. It
is given naive wall-clock times only, for what a wall clock does when it is changed is ours too:

* A schedule of some hours (``30 2 * * *``) is about the wall clock. A time that the spring night
  leaves out fires right after the gap, once; a time that the autumn night repeats fires once.
* A schedule of every hour (``*/30 * * * *``) is about the interval. Nothing is made up for the gap,
  and the repeated hour fires again: thirty minutes stay thirty minutes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cron_converter import Cron

from mooring.errors import ScheduleInvalid

FIRST_YEAR, LAST_YEAR = 1970, 2099
EVERY_HOUR = tuple(range(24))
EVERY_DAY, EVERY_WEEKDAY = range(1, 32), range(7)
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
NOT_YET = re.compile(rf"(L(-\d+)?|L?W|\d+W|(\d|{'|'.join(WEEKDAYS)})(L|#\d*))$")
ITEM = re.compile(r"(?P<low>\*|\w+)(-(?P<high>\w+))?(/(?P<step>\d+))?$")


@dataclass(frozen=True, slots=True)
class Field:
    """What one field of an expression may hold."""

    name: str
    lowest: int
    highest: int
    names: tuple[str, ...] = ()
    wraps: bool = True  # whether FRI-MON goes around

    @property
    def allowed(self) -> str:
        """Say it in words."""
        named = f" or {self.names[0]}–{self.names[-1]}" if self.names else ""
        return f"{self.lowest}–{self.highest}{named}"


SECOND = Field("second", 0, 59)
MINUTE = Field("minute", 0, 59)
HOUR = Field("hour", 0, 23)
DAY = Field("day-of-month", 1, 31)
MONTH = Field("month", 1, 12, MONTHS)
UNIX_WEEKDAY = Field("day-of-week", 0, 7, WEEKDAYS)
QUARTZ_WEEKDAY = Field("day-of-week", 1, 7, WEEKDAYS)
YEAR = Field("year", FIRST_YEAR, LAST_YEAR, wraps=False)


@dataclass(frozen=True, slots=True)
class Schedule:
    """The times of one expression in one zone; weekdays count from 0, Sunday."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: tuple[int, ...]
    weekdays: frozenset[int]
    years: frozenset[int]
    either_day: bool  # one of the two day fields is enough
    zone: ZoneInfo
    _cron: Cron = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        cron = Cron()
        units = (self.minutes, self.hours, EVERY_DAY, self.months, EVERY_WEEKDAY)
        cron.from_list([list(values) for values in units])
        object.__setattr__(self, "_cron", cron)

    def next_after(self, moment: datetime) -> datetime | None:
        """Return the first time after ``moment``, in UTC; None when there is none until 2099."""
        local = moment.astimezone(self.zone)
        if self.hours != EVERY_HOUR:
            return self._first(local, moment=moment, fold=0)
        repeated = self._repeated_from(local)
        again = self._first(repeated, moment=moment, fold=1) if repeated else None
        onwards = self._first(local, moment=moment, fold=local.fold)
        return min(filter(None, (onwards, again)), default=None)

    def _first(self, start: datetime, *, moment: datetime, fold: int) -> datetime | None:
        """Return the first time after ``moment`` at or after the wall-clock time ``start``."""
        for wall in self._walls(start.replace(tzinfo=None)):
            time = self._in_utc(wall, fold=fold)
            if time is not None and time > moment:
                return time
        return None

    def _in_utc(self, wall: datetime, *, fold: int) -> datetime | None:
        """Place a wall-clock time in time; None for one that an interval leaves out."""
        time = wall.replace(tzinfo=self.zone, fold=fold).astimezone(UTC)
        if time.astimezone(self.zone).replace(tzinfo=None) == wall:
            return time
        if self.hours == EVERY_HOUR:
            return None
        before = wall.replace(tzinfo=self.zone, fold=1).astimezone(UTC)
        return self._change(before, wall.replace(tzinfo=self.zone, fold=0).astimezone(UTC))

    def _repeated_from(self, local: datetime) -> datetime | None:
        """Return what the clock is put back to when ``local`` is in an hour to be repeated."""
        before, after = local.utcoffset(), local.replace(fold=1).utcoffset()
        if local.fold or before is None or after is None or before <= after:
            return None
        now = local.astimezone(UTC)
        return self._change(now, now + (before - after)).astimezone(self.zone)

    def _change(self, before: datetime, after: datetime) -> datetime:
        """Return the second in which the zone's offset becomes what it is at ``after``."""
        offset = after.astimezone(self.zone).utcoffset()
        early, late = 0, int((after - before).total_seconds()) + 1
        base = after - timedelta(seconds=late)
        while late - early > 1:
            middle = (early + late) // 2
            there = (base + timedelta(seconds=middle)).astimezone(self.zone)
            early, late = (early, middle) if there.utcoffset() == offset else (middle, late)
        return (base + timedelta(seconds=late)).replace(microsecond=0)

    def _walls(self, start: datetime) -> Iterator[datetime]:
        """Yield the matching wall-clock times from ``start`` on, in order."""
        minute = self._minute_from(start.replace(second=0, microsecond=0))
        while minute is not None:
            for second in self.seconds:
                if (wall := minute.replace(second=second)) >= start:
                    yield wall
            minute = self._minute_from(minute + timedelta(minutes=1))

    def _minute_from(self, minute: datetime) -> datetime | None:
        while (start := self._in_years(minute)) is not None:
            found: datetime = self._cron.schedule(start).next(inclusive=True)
            if found.year in self.years and self._is_day(found):
                return found
            minute = found if found.year not in self.years else _midnight_after(found)
        return None

    def _in_years(self, minute: datetime) -> datetime | None:
        if minute.year in self.years:
            return minute
        later = min((year for year in self.years if year > minute.year), default=None)
        return None if later is None else datetime(later, 1, 1)  # noqa: DTZ001  # a wall clock's

    def _is_day(self, wall: datetime) -> bool:
        in_month, in_week = wall.day in self.days, wall.isoweekday() % 7 in self.weekdays
        return (in_month or in_week) if self.either_day else (in_month and in_week)


def parse_schedule(expression: str, *, timezone: str = "UTC") -> Schedule:
    """Read a cron expression. Raises ScheduleInvalid naming the field and what it may hold."""
    fields = expression.split()
    zone = _zone(timezone)
    if len(fields) == 5:
        return _unix(fields, zone=zone)
    if len(fields) in (6, 7):
        return _quartz(fields, zone=zone)
    raise ScheduleInvalid(
        f"The cron expression {expression!r} has {len(fields)} "
        f"{'field' if len(fields) == 1 else 'fields'}.",
        hint="It takes 5 (minute hour day-of-month month day-of-week), or OCP's 6 with seconds "
        "first, or 7 with a year at the end.",
        field="expression",
    )


def _unix(fields: list[str], *, zone: ZoneInfo) -> Schedule:
    minute, hour, day, month, weekday = fields
    return Schedule(
        seconds=(0,),
        minutes=_sorted(minute, MINUTE),
        hours=_sorted(hour, HOUR),
        days=frozenset(_values(day, DAY)),
        months=_sorted(month, MONTH),
        weekdays=frozenset(value % 7 for value in _values(weekday, UNIX_WEEKDAY)),
        years=frozenset(range(FIRST_YEAR, LAST_YEAR + 1)),
        either_day=not (day.startswith("*") or weekday.startswith("*")),
        zone=zone,
    )


def _quartz(fields: list[str], *, zone: ZoneInfo) -> Schedule:
    second, minute, hour, day, month, weekday, year = [*fields, "*"][:7]
    if (day == "?") == (weekday == "?"):
        raise ScheduleInvalid(
            f"Of day-of-month and day-of-week exactly one must be ?; found {day} and {weekday}.",
            hint="Put ? where the other one decides, as in 0 0 3 * * ? or 0 0 3 ? * MON-FRI.",
            field=DAY.name,
        )
    return Schedule(
        seconds=_sorted(second, SECOND),
        minutes=_sorted(minute, MINUTE),
        hours=_sorted(hour, HOUR),
        days=frozenset(_values("*" if day == "?" else day, DAY)),
        months=_sorted(month, MONTH),
        weekdays=frozenset(
            value - 1 for value in _values("*" if weekday == "?" else weekday, QUARTZ_WEEKDAY)
        ),
        years=frozenset(_values(year, YEAR)),
        either_day=False,
        zone=zone,
    )


def _sorted(text: str, kind: Field) -> tuple[int, ...]:
    return tuple(sorted(set(_values(text, kind))))


def _values(text: str, kind: Field) -> Iterator[int]:
    """Yield what a field means: ``*``, ``a``, ``a-b``, each with ``/step``, joined by commas."""
    for item in text.upper().split(","):
        if kind in (DAY, UNIX_WEEKDAY, QUARTZ_WEEKDAY) and NOT_YET.match(item):
            raise ScheduleInvalid(
                f"{item!r} in the field {kind.name} is not supported yet (L, W and #).",
                hint=f"It may be {kind.allowed}, as a list, range or step.",
                field=kind.name,
            )
        yield from _item(item, kind)


def _item(item: str, kind: Field) -> list[int]:
    parts = ITEM.match(item)
    if parts is None or (parts["low"] == "*" and parts["high"]):
        raise _wrong(item, kind)
    step = int(parts["step"] or 1)
    if not 1 <= step <= kind.highest:
        raise _wrong(item, kind, hint=f"A step may be 1–{kind.highest}.")
    if parts["low"] == "*":
        low, high = kind.lowest, _last(kind)
    else:
        low = _number(parts["low"], item, kind)
        # As in Quartz: 5/15 is every 15 from 5 on.
        high = _last(kind) if parts["step"] else low
        if parts["high"]:
            high = _number(parts["high"], item, kind)
    return _range(low, high, item, kind)[::step]


def _range(low: int, high: int, item: str, kind: Field) -> list[int]:
    if low <= high:
        return list(range(low, high + 1))
    if kind is UNIX_WEEKDAY and low == 7:
        return list(range(high + 1))
    if not kind.wraps:
        raise _wrong(item, kind, hint="The range runs backwards.")
    return [*range(low, _last(kind) + 1), *range(kind.lowest, high + 1)]


def _number(text: str, item: str, kind: Field) -> int:
    if text in kind.names:
        first = 0 if kind is UNIX_WEEKDAY else 1
        return kind.names.index(text) + first
    if not (text.isascii() and text.isdecimal() and len(text) <= 4):
        raise _wrong(item, kind)
    if not kind.lowest <= int(text) <= kind.highest:
        raise _wrong(item, kind)
    return int(text)


def _last(kind: Field) -> int:
    """The highest value that is not another one's second name (Unix has two for Sunday)."""
    return 6 if kind is UNIX_WEEKDAY else kind.highest


def _wrong(item: str, kind: Field, *, hint: str = "") -> ScheduleInvalid:
    return ScheduleInvalid(
        f"{item!r} means nothing in the field {kind.name}.",
        hint=hint or f"It may be {kind.allowed}, *, a list, a range or a step.",
        field=kind.name,
    )


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError) as error:
        raise ScheduleInvalid(
            f"There is no time zone {name!r}.",
            hint="Name it as in Europe/Paris, or UTC.",
            field="timezone",
        ) from error


def _midnight_after(wall: datetime) -> datetime:
    return wall.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
