"""When does a cron expression fire? Five-field Unix cron, and OCP's Quartz with 6 or 7 fields.

cron-converter finds the next time of day, day and month wherever it can express the schedule. Ours
are seconds and years, days that depend on the month, the two day fields together (Unix ORs them)
and days beyond the 28th, after which it gives up looking. It is given naive wall-clock times only,
for what a wall clock does when it is changed is ours too:

* A schedule of some hours (``30 2 * * *``) is about the wall clock. A time that the spring night
  leaves out fires right after the gap, once; a time that the autumn night repeats fires once.
* A schedule of every hour (``*/30 * * * *``) is about the interval. Nothing is made up for the gap,
  and the repeated hour fires again: thirty minutes stay thirty minutes.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cron_converter import Cron

from mooring.engine import cron_fields
from mooring.engine.cron_fields import FIRST_YEAR, LAST_YEAR, Word, read_field
from mooring.engine.special_days import SpecialDay
from mooring.engine.wall_clock import gap_around, repetition_from, shown_at, zone_named
from mooring.errors import ScheduleInvalid

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
EVERY_HOUR = tuple(range(24))
EVERY_DAY, EVERY_WEEKDAY = frozenset(range(1, 32)), frozenset(range(7))
EVERY_YEAR = frozenset(range(FIRST_YEAR, LAST_YEAR + 1))
IN_EVERY_MONTH = 28
LONGEST = 2000  # characters: every value of every field, one by one, takes fewer
MACROS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}


@dataclass(frozen=True, slots=True)
class Schedule:
    """The times of one expression in one zone; weekdays count from 0, Sunday."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    zone: ZoneInfo
    years: frozenset[int] = EVERY_YEAR
    special_days: tuple[SpecialDay, ...] = ()  # besides the days and weekdays
    either_day: bool = False  # one of the two day fields is enough
    _cron: Cron = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        known = self._engine_knows_days
        days, weekdays = (self.days, self.weekdays) if known else (EVERY_DAY, EVERY_WEEKDAY)
        cron = Cron()
        units = (self.minutes, self.hours, days, self.months, weekdays)
        cron.from_list([list(values) for values in units])
        object.__setattr__(self, "_cron", cron)

    @property
    def is_interval(self) -> bool:
        """Whether it counts time (every hour has its share) rather than reads the clock."""
        return self.hours == EVERY_HOUR

    @property
    def ever_fires(self) -> bool:
        """Whether there is any day until 2099 that it means."""
        return any(
            self._days_in(year, month) for year in sorted(self.years) for month in self.months
        )

    def next_after(self, moment: datetime) -> datetime | None:
        """Return the first time after ``moment``, in UTC; None when there is none until 2099."""
        onwards = self._first_after(moment)
        if not self.is_interval:
            return onwards
        change = repetition_from(moment, zone=self.zone)
        again = self._first_again(change.walls[0]) if change else None
        return min(filter(None, (onwards, again)), default=None)

    def means(self, wall: datetime) -> bool:
        """Say whether a clock that shows ``wall`` shows one of the schedule's times."""
        return (
            wall.second in self.seconds
            and wall.minute in self.minutes
            and wall.hour in self.hours
            and wall.month in self.months
            and self._is_day(wall)
        )

    # -- from the wall clock to time ---------------------------------------------------------------

    def _first_after(self, moment: datetime) -> datetime | None:
        local = moment.astimezone(self.zone).replace(tzinfo=None, microsecond=0)
        for wall in self._walls(local + SECOND):
            time = self._moment_of(wall)
            if time is not None and time > moment:
                return time
            # In an hour that is being repeated, an interval goes on with the second of two moments.
            again = shown_at(wall, zone=self.zone, fold=1) if self.is_interval else None
            if again is not None and again > moment:
                return again
        return None

    def _first_again(self, start: datetime) -> datetime | None:
        """Return the first time since the clock was put back to ``start``."""
        wall = next(self._walls(start), None)
        return None if wall is None else shown_at(wall, zone=self.zone, fold=1)

    def _moment_of(self, wall: datetime) -> datetime | None:
        """Place a wall-clock time in time; None for one that an interval leaves out."""
        if (moment := shown_at(wall, zone=self.zone, fold=0)) or self.is_interval:
            return moment
        return gap_around(wall, zone=self.zone).at

    # -- on the wall clock -------------------------------------------------------------------------

    def _walls(self, start: datetime) -> Iterator[datetime]:
        """Yield the matching wall-clock times from ``start`` on, in order."""
        minute = self._minute_from(start.replace(second=0))
        while minute is not None:
            for second in self.seconds:
                if (wall := minute.replace(second=second)) >= start:
                    yield wall
            minute = self._minute_from(minute + MINUTE)

    def _minute_from(self, minute: datetime) -> datetime | None:
        start: datetime | None = minute
        while start is not None:
            found: datetime = self._cron.schedule(start).next(inclusive=True)
            if found.year in self.years and (self._engine_knows_days or self._is_day(found)):
                return found
            start = self._day_after(found)
        return None

    def _day_after(self, wall: datetime) -> datetime | None:
        """Return the beginning of the first day meant that is later than the day of ``wall``."""
        for year in sorted(year for year in self.years if year >= wall.year):
            for month in sorted(self.months):
                if (year, month) < (wall.year, wall.month):
                    continue
                past = wall.day if (year, month) == (wall.year, wall.month) else 0
                if day := min((day for day in self._days_in(year, month) if day > past), default=0):
                    return datetime(year, month, day)  # noqa: DTZ001  # a wall clock's
        return None

    def _days_in(self, year: int, month: int) -> set[int]:
        """Return the days of a month that are meant."""
        before, length = monthrange(year, month)
        special = {day for term in self.special_days if (day := term.in_month(year, month))}
        return special | {
            day
            for day in range(1, length + 1)
            if self._fits(day in self.days, (before + day) % 7 in self.weekdays)
        }

    def _is_day(self, wall: datetime) -> bool:
        if wall.year not in self.years:
            return False
        if self._fits(wall.day in self.days, wall.isoweekday() % 7 in self.weekdays):
            return True
        return any(term.in_month(wall.year, wall.month) == wall.day for term in self.special_days)

    def _fits(self, in_month: bool, in_week: bool, /) -> bool:
        return (in_month or in_week) if self.either_day else (in_month and in_week)

    @property
    def _engine_knows_days(self) -> bool:
        """Whether cron-converter finds the day, within the 24 tries that it makes."""
        if self.special_days or self.either_day:
            return False
        return self.days == EVERY_DAY or (
            self.weekdays == EVERY_WEEKDAY and min(self.days) <= IN_EVERY_MONTH
        )


# -- reading an expression -----------------------------------------------------------------------


def parse_schedule(expression: str, *, timezone: str = "UTC") -> Schedule:
    """Read a cron expression. Raises ScheduleInvalid with field, column and remedy."""
    zone = zone_named(timezone)
    if len(expression) > LONGEST:
        raise ScheduleInvalid(
            f"A cron expression of {len(expression)} characters is too long.",
            hint=f"It takes {LONGEST}; ranges and steps are shorter than lists.",
            field="expression",
        )
    count = len(expression.split())
    if count == 5:
        return _unix(expression, zone=zone)
    if count in (6, 7):
        return _quartz(expression, zone=zone)
    macro = MACROS.get(expression.strip().lower())
    raise ScheduleInvalid(
        f"The cron expression {expression!r} has {count} {'field' if count == 1 else 'fields'}.",
        hint=f"Write it out: {macro}."
        if macro
        else "It takes 5 (minute hour day-of-month month day-of-week), or OCP's 6 with seconds "
        "first, or 7 with a year at the end.",
        field="expression",
    )


def _unix(expression: str, *, zone: ZoneInfo) -> Schedule:
    fields = (
        *(cron_fields.UNIX_MINUTE, cron_fields.UNIX_HOUR, cron_fields.UNIX_DAY),
        *(cron_fields.UNIX_MONTH, cron_fields.UNIX_WEEKDAY),
    )
    words = [
        Word(found[0], found.start() + 1, field)
        for found, field in zip(re.finditer(r"\S+", expression), fields, strict=True)
    ]
    minutes, hours, days, months, weekdays = (read_field(word)[0] for word in words)
    return Schedule(
        seconds=(0,),
        minutes=tuple(sorted(minutes)),
        hours=tuple(sorted(hours)),
        days=days,
        months=months,
        weekdays=frozenset(value % 7 for value in weekdays),
        either_day=not (words[2].text.startswith("*") or words[4].text.startswith("*")),
        zone=zone,
    )


def _quartz(expression: str, *, zone: ZoneInfo) -> Schedule:
    second, minute, hour, day, month, weekday, year = _quartz_words(expression)
    special_days: list[SpecialDay] = []

    def read(word: Word) -> frozenset[int]:
        values, special = read_field(word)
        special_days.extend(special)
        return values

    return Schedule(
        seconds=tuple(sorted(read(second))),
        minutes=tuple(sorted(read(minute))),
        hours=tuple(sorted(read(hour))),
        days=EVERY_DAY if day.text == "?" else read(day),
        months=read(month),
        weekdays=EVERY_WEEKDAY
        if weekday.text == "?"
        else frozenset(value - 1 for value in read(weekday)),
        years=read(year),
        special_days=tuple(special_days),
        zone=zone,
    )


def _quartz_words(expression: str) -> list[Word]:
    """Split as OCP does, at each single space; a trailing one may leave the year empty."""
    fields = (
        *(cron_fields.SECOND, cron_fields.MINUTE, cron_fields.HOUR, cron_fields.DAY),
        *(cron_fields.MONTH, cron_fields.WEEKDAY, cron_fields.YEAR),
    )
    pieces = expression.rstrip("\r\n").split(" ")
    if len(pieces) == 6 or (len(pieces) == 7 and not pieces[-1]):
        pieces = [*pieces[:6], "*"]
    if len(pieces) != 7 or not all(pieces) or re.search(r"\s", "".join(pieces)):
        place = re.search(r"^\s|\s(?=\s)|[^\S ]|\s$", expression)
        column = place.start() + 1 if place else 1
        raise ScheduleInvalid(
            f"The fields of {expression!r} do not stand one space apart.",
            where=f"column {column}",
            hint="OCP takes exactly one space between two fields, and none around them.",
            field="expression",
            column=column,
        )
    words, column = [], 1
    for piece, kind in zip(pieces, fields, strict=True):
        words.append(Word(piece, column, kind))
        column += len(piece) + 1
    _one_day_field(words[3], words[5])
    return words


def _one_day_field(day: Word, weekday: Word) -> None:
    """Refuse two day fields that both decide, or neither; `* * L` is the exception OCP makes."""
    if (day.text == "?") != (weekday.text == "?"):
        return
    if day.text in ("*", "?") and weekday.text.upper() == "L":
        return
    raise ScheduleInvalid(
        "Of day-of-month and day-of-week exactly one must be ?; found "
        f"{day.text} and {weekday.text}.",
        where=f"column {day.column}",
        hint="Put ? where the other one decides, as in 0 0 3 * * ? or 0 0 3 ? * MON-FRI.",
        field=day.field.name,
        column=day.column,
    )
