"""Which day of a month do Quartz's ``L``, ``W`` and ``#`` mean? One class for each.

Weekdays count from 0, Sunday. A term that a month has no day for (``6#5``, ``31W``, ``L-30``) means
no day of that month.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from typing import Protocol

FRIDAY, SATURDAY, SUNDAY = 5, 6, 0


class SpecialDay(Protocol):
    """A day that depends on the month."""

    def in_month(self, year: int, month: int) -> int | None:
        """Return the day that is meant, if the month has it."""


@dataclass(frozen=True, slots=True)
class LastDay:
    """``L``, ``L-3``: the last day of the month, or so many days before it."""

    before: int = 0

    def in_month(self, year: int, month: int) -> int | None:
        """Count back from the end."""
        day = monthrange(year, month)[1] - self.before
        return day if day >= 1 else None


@dataclass(frozen=True, slots=True)
class NearestWorkday:
    """``15W``, ``LW``, ``L-3W``: Monday to Friday nearest to a day, within its month."""

    to: int | LastDay

    def in_month(self, year: int, month: int) -> int | None:
        """Move off a weekend, but never into another month."""
        length = monthrange(year, month)[1]
        day = self.to if isinstance(self.to, int) else self.to.in_month(year, month)
        if day is None or day > length:
            return None
        weekday = weekday_of(year, month, day)
        if weekday == SATURDAY:
            return day - 1 if day > 1 else day + 2
        if weekday == SUNDAY:
            return day + 1 if day < length else day - 2
        return day


@dataclass(frozen=True, slots=True)
class NthWeekday:
    """``6#3``: the third Friday of the month."""

    weekday: int
    nth: int

    def in_month(self, year: int, month: int) -> int | None:
        """Count weeks from the first of these weekdays."""
        first = 1 + (self.weekday - weekday_of(year, month, 1)) % 7
        day = first + 7 * (self.nth - 1)
        return day if day <= monthrange(year, month)[1] else None


@dataclass(frozen=True, slots=True)
class LastWeekday:
    """``6L``: the last Friday of the month."""

    weekday: int

    def in_month(self, year: int, month: int) -> int | None:
        """Go back from the end."""
        length = monthrange(year, month)[1]
        return length - (weekday_of(year, month, length) - self.weekday) % 7


def weekday_of(year: int, month: int, day: int) -> int:
    """Return the weekday of a date, Sunday being 0."""
    return (monthrange(year, month)[0] + day) % 7


LAST_DAY = re.compile(r"L(?:-([0-9]{1,4}))?(W)?")
WORKDAY = re.compile(r"([0-9]{1,4})W")
NTH = re.compile(r"([0-9]{1,4})#([0-9]{1,4})")
LAST_OF_WEEKDAY = re.compile(r"([0-9]{1,4})L")
