"""A moment is spelled in UTC, wherever it was."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from mooring.model.moment import iso

MOMENT = datetime(2026, 3, 29, 3, 0, 0, 123456, tzinfo=ZoneInfo("Europe/Berlin"))


def test_a_moment_is_spelled_in_utc_to_the_second() -> None:
    assert iso(MOMENT) == "2026-03-29T01:00:00Z"


def test_more_of_it_is_spelled_where_it_matters() -> None:
    assert iso(MOMENT, timespec="milliseconds") == "2026-03-29T01:00:00.123Z"


def test_no_moment_is_spelled_as_none() -> None:
    assert iso(None) is None
