"""When does the clock on the wall of a zone show a time? Never or twice, if clocks are changed.

Everything here asks zoneinfo for the offset at a moment; there is no table of changes in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from mooring.errors import ScheduleInvalid


@dataclass(frozen=True, slots=True)
class ClockChange:
    """A moment from which on the clocks of a zone show another time."""

    at: datetime
    before: timedelta
    after: timedelta

    @property
    def forward(self) -> bool:
        """Whether times are left out (else they are repeated)."""
        return self.after > self.before

    @property
    def walls(self) -> tuple[datetime, datetime]:
        """The first time that is left out or repeated, and the first one after those."""
        naive = self.at.replace(tzinfo=None)
        first, second = naive + self.before, naive + self.after
        return min(first, second), max(first, second)


def zone_named(name: str) -> ZoneInfo:
    """Find a zone of the IANA database. Raises ScheduleInvalid."""
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError) as error:
        raise ScheduleInvalid(
            f"There is no time zone {name!r}.",
            hint="Name it as in Europe/Paris, or UTC.",
            field="timezone",
        ) from error


def shown_at(wall: datetime, *, zone: ZoneInfo, fold: int) -> datetime | None:
    """Return the moment at which the clock shows ``wall``, or None when it never does.

    Of a time that it shows twice, ``fold`` picks the first (0) or the second moment (1).
    """
    moment = wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
    return moment if moment.astimezone(zone).replace(tzinfo=None) == wall else None


def gap_around(wall: datetime, *, zone: ZoneInfo) -> ClockChange:
    """Return the change that leaves ``wall`` out."""
    # In a gap, fold 1 uses the offset after it and so lies before it; fold 0 the other way round.
    early = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return _change_between(early, wall.replace(tzinfo=zone, fold=0).astimezone(UTC), zone=zone)


def repetition_from(moment: datetime, *, zone: ZoneInfo) -> ClockChange | None:
    """Return the change to come after which the clock shows the time of ``moment`` once more."""
    local = moment.astimezone(zone)
    before, after = _offset(local), _offset(local.replace(fold=1))
    if before <= after:
        return None
    return _change_between(moment, moment + (before - after), zone=zone)


def change_on_day_of(moment: datetime, *, zone: ZoneInfo) -> ClockChange | None:
    """Return the change of clocks on the day that ``moment`` belongs to in a zone, if there is one.

    At midnight, what is left out belongs to the day that begins, what is repeated to the one that
    ends.
    """
    date = moment.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    start, end = (
        (date + timedelta(days=days, microseconds=-1)).replace(tzinfo=zone, fold=1).astimezone(UTC)
        for days in (0, 1)
    )
    if _offset(start.astimezone(zone)) == _offset(end.astimezone(zone)):
        return None
    return _change_between(start, end, zone=zone)


def _change_between(early: datetime, late: datetime, *, zone: ZoneInfo) -> ClockChange:
    """Find the second in which the offset becomes what it is at ``late``."""
    before, after = _offset(early.astimezone(zone)), _offset(late.astimezone(zone))
    base = early.replace(microsecond=0)
    low, high = 0, int((late - base).total_seconds()) + 1
    while high - low > 1:
        middle = (low + high) // 2
        there = (base + timedelta(seconds=middle)).astimezone(zone)
        low, high = (low, middle) if _offset(there) == after else (middle, high)
    return ClockChange(base + timedelta(seconds=high), before, after)


def _offset(local: datetime) -> timedelta:
    offset = local.utcoffset()
    assert offset is not None, "a zone always has an offset"
    return offset
