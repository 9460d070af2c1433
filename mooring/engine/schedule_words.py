"""What does a schedule mean, said to people? A sentence, and a note on days with a clock change."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import singledispatch

from mooring.engine.schedule import EVERY_DAY, EVERY_WEEKDAY, EVERY_YEAR, Schedule
from mooring.engine.special_days import (
    LastDay,
    LastWeekday,
    NearestWorkday,
    NthWeekday,
    SpecialDay,
)
from mooring.engine.wall_clock import ClockChange, change_on_day_of

MOST_TIMES = 6  # of a day, to be listed one by one
WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
NTH = ("first", "second", "third", "fourth", "fifth")
MONDAY_FIRST = (1, 2, 3, 4, 5, 6, 0)


def in_words(schedule: Schedule) -> str:
    """Say in one sentence when a schedule fires."""
    parts = [_times(schedule), _days(schedule), _months(schedule), _years(schedule)]
    sentence = " ".join(part for part in parts if part)
    return f"{sentence[0].upper()}{sentence[1:]} ({schedule.zone.key})."


# -- the time of day -----------------------------------------------------------------------------


def _times(schedule: Schedule) -> str:
    seconds, minutes, hours = schedule.seconds, schedule.minutes, schedule.hours
    if len(seconds) * len(minutes) * len(hours) <= MOST_TIMES:
        shown = [
            f"{hour:02}:{minute:02}" + (f":{second:02}" if seconds != (0,) else "")
            for hour in hours
            for minute in minutes
            for second in seconds
        ]
        return f"at {_listed(shown)}"
    if seconds != (0,):
        past = "" if len(minutes) == 60 else f"in {_counted('minute', minutes)}"
        return " ".join(filter(None, [_every("second", "minute", seconds), past, _hours(schedule)]))
    if schedule.is_interval and minutes == (0,):
        return "every hour, on the hour"
    pause = _step(hours, 24)
    if pause and len(minutes) == 1:
        return f"every {pause} hours" + (f", at {minutes[0]} past" if minutes[0] else "")
    return " ".join(filter(None, [_every("minute", "hour", minutes), _hours(schedule)]))


def _every(unit: str, whole: str, values: tuple[int, ...]) -> str:
    """Say `every 15 minutes`, or `at 5 and 35 minutes past the hour`."""
    pause = _step(values, 60)
    if pause == 1:
        return f"every {unit}"
    if pause:
        return f"every {pause} {unit}s"
    return f"at {_runs(values, [str(value) for value in range(60)])} {unit}s past the {whole}"


def _hours(schedule: Schedule) -> str:
    hours, minutes = schedule.hours, schedule.minutes
    if schedule.is_interval:
        return ""
    if hours == tuple(range(hours[0], hours[-1] + 1)):
        return f"from {hours[0]:02}:{minutes[0]:02} to {hours[-1]:02}:{minutes[-1]:02}"
    return f"in {_counted('hour', hours)}"


def _step(values: Sequence[int], whole: int) -> int:
    """Return the pause between values that go evenly around, else 0."""
    pause = whole // len(values)
    return pause if tuple(values) == tuple(range(0, whole, pause)) and whole % pause == 0 else 0


# -- the day -------------------------------------------------------------------------------------


def _days(schedule: Schedule) -> str:
    in_month, in_week = _days_of_month(schedule), _weekdays(schedule)
    if in_month and in_week:
        if schedule.either_day:
            return f"on {in_month}, and on {in_week}"
        return f"on {in_week} if it falls on {in_month}"
    if in_month or in_week:
        return _within("on", in_month or in_week)
    several = len(schedule.seconds) * len(schedule.minutes) * len(schedule.hours) > MOST_TIMES
    return "" if several else "every day"


def _days_of_month(schedule: Schedule) -> str:
    days = sorted(schedule.days)
    said = [] if schedule.days == EVERY_DAY else [_numbered_days(days)] if days else []
    special = [d for d in schedule.special_days if isinstance(d, LastDay | NearestWorkday)]
    said += [day_in_words(day) for day in special]
    return f"{_listed(said)} of the month" if said else ""


def _numbered_days(days: list[int]) -> str:
    pause = days[1] - days[0] if len(days) > 1 else 0
    if pause > 1 and len(days) > 3 and days == list(range(days[0], 32, pause)):
        return f"every {_ordinal(pause)} day from the {_ordinal(days[0])}"
    return f"the {_runs(days, ['', *map(_ordinal, range(1, 32))])}"


def _weekdays(schedule: Schedule) -> str:
    every = schedule.weekdays == EVERY_WEEKDAY
    said = [] if every or not schedule.weekdays else [_plain_weekdays(schedule.weekdays)]
    special = [d for d in schedule.special_days if isinstance(d, NthWeekday | LastWeekday)]
    if special:
        said.append(f"{_listed(map(day_in_words, special))} of the month")
    return _listed(said)


def _plain_weekdays(weekdays: frozenset[int]) -> str:
    places = [place for place, day in enumerate(MONDAY_FIRST) if day in weekdays]
    return _runs(places, [WEEKDAYS[day] for day in MONDAY_FIRST])


@singledispatch
def day_in_words(day: SpecialDay) -> str:
    """Say which day a term that depends on the month means."""
    raise NotImplementedError(type(day).__name__)


@day_in_words.register
def _(day: LastDay) -> str:
    if not day.before:
        return "the last day"
    return f"the day {day.before} {'day' if day.before == 1 else 'days'} before the last day"


@day_in_words.register
def _(day: NearestWorkday) -> str:
    to = f"the {_ordinal(day.to)}" if isinstance(day.to, int) else day_in_words(day.to)
    return f"the working day nearest to {to}"


@day_in_words.register
def _(day: NthWeekday) -> str:
    return f"the {NTH[day.nth - 1]} {WEEKDAYS[day.weekday]}"


@day_in_words.register
def _(day: LastWeekday) -> str:
    return f"the last {WEEKDAYS[day.weekday]}"


def _months(schedule: Schedule) -> str:
    months = sorted(schedule.months)
    return "" if len(months) == 12 else _within("in", _runs(months, ["", *MONTHS]))


def _years(schedule: Schedule) -> str:
    years = sorted(schedule.years)
    if schedule.years == EVERY_YEAR:
        return ""
    pause = years[1] - years[0] if len(years) > 1 else 0
    if pause > 1 and len(years) > 3 and years == list(range(years[0], years[-1] + 1, pause)):
        return f"every {_ordinal(pause)} year from {years[0]} to {years[-1]}"
    return _within("in", _runs(years, {year: str(year) for year in years}))


# -- lists of things -----------------------------------------------------------------------------


def _counted(unit: str, values: Sequence[int]) -> str:
    return f"{unit}{'s' if len(values) > 1 else ''} {_runs(values, [f'{v:02}' for v in range(60)])}"


def _runs(values: Sequence[int], names: Sequence[str] | dict[int, str]) -> str:
    """Name values, three or more in a row as `from to`: 1st, 5th to 9th and 20th."""
    said = []
    run: list[int] = []
    for value in [*values, None]:
        if run and value != run[-1] + 1:
            named = [names[each] for each in run]
            said += [f"{named[0]} to {named[-1]}"] if len(run) > 2 else named
            run = []
        if value is not None:
            run.append(value)
    return _listed(said)


def _within(preposition: str, said: str) -> str:
    """Say `from March to May`, but `in March` and `in March and May to July`."""
    lone_range = re.fullmatch(r"(the )?\w+ to \w+( of the month)?", said)
    return f"{'from' if lone_range else preposition} {said}"


def _listed(things: Iterable[str]) -> str:
    *most, last = [*things] or [""]
    return f"{', '.join(most)} and {last}" if most else last


def _ordinal(number: int) -> str:
    ends = {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{'th' if number // 10 % 10 == 1 else ends.get(number % 10, 'th')}"


# -- changes of clocks ---------------------------------------------------------------------------


def change_in_words(schedule: Schedule, moment: datetime) -> str:
    """Say what a change of clocks on the day of one of its times does to it; else nothing."""
    change = change_on_day_of(moment, zone=schedule.zone)
    if change is None:
        return ""
    start, end = change.walls
    by = _length(abs(change.after - change.before))
    turned = start if change.forward else end
    said = f"clocks go {'forward' if change.forward else 'back'} {by} at {turned:%H:%M}"
    effect = _effect(schedule, moment, change)
    return f"{said}; {effect}" if effect else said


def _effect(schedule: Schedule, moment: datetime, change: ClockChange) -> str:
    start, end = change.walls
    wall = moment.astimezone(schedule.zone).replace(tzinfo=None)
    if change.forward:
        if schedule.means(wall):
            return ""
        return f"times from {start:%H:%M} to {end:%H:%M} fire right after"
    if not start <= wall < end:
        return ""
    if not schedule.is_interval:
        return f"{wall:%H:%M} comes twice, it fires the first time only"
    return f"{wall:%H:%M} for the {'first' if moment < change.at else 'second'} time"


def _length(time: timedelta) -> str:
    minutes = int(time.total_seconds()) // 60
    return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"
