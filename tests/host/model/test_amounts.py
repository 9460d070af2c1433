"""Numbers and ages as people say them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mooring.model.amounts import age, counted

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


def test_one_is_told_from_many() -> None:
    said = [counted(number, "delivery", "deliveries") for number in (0, 1, 2)]
    assert said == ["0 deliveries", "1 delivery", "2 deliveries"]
    assert counted(3_000, "job") == "3,000 jobs"


@pytest.mark.parametrize(("hours", "said"), [(1, "today"), (25, "1 day"), (49, "2 days")])
def test_an_age_is_said_in_whole_days(hours: int, said: str) -> None:
    assert age(NOW, NOW - timedelta(hours=hours)) == said
