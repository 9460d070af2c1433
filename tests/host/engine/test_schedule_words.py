"""Can people read what a schedule means?"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mooring.engine.schedule import parse_schedule
from mooring.engine.schedule_words import change_in_words, in_words


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        # the time of day
        ("* * * * *", "Every minute"),
        ("*/15 * * * *", "Every 15 minutes"),
        ("0 * * * *", "Every hour, on the hour"),
        ("5,35 * * * *", "At 5 and 35 minutes past the hour"),
        ("0-10,30 * * * *", "At 0 to 10 and 30 minutes past the hour"),
        ("0 */2 * * *", "Every 2 hours"),
        ("30 */2 * * *", "Every 2 hours, at 30 past"),
        ("*/15 8-17 * * *", "Every 15 minutes from 08:00 to 17:45"),
        ("*/15 6,8-17 * * *", "Every 15 minutes in hours 06 and 08 to 17"),
        ("0 9 * * *", "At 09:00 every day"),
        ("0,30 9,17 * * *", "At 09:00, 09:30, 17:00 and 17:30 every day"),
        ("15 0 9 * * ?", "At 09:00:15 every day"),
        ("* * * * * ?", "Every second"),
        ("*/20 * * * * ?", "Every 20 seconds"),
        ("5,10 */30 * * * ?", "At 5 and 10 seconds past the minute in minutes 00 and 30"),
        ("* 0 9-17 * * ?", "Every second in minute 00 from 09:00 to 17:00"),
        # the day
        ("0 9 * * 1-5", "At 09:00 from Monday to Friday"),
        ("0 9 * * 0,6", "At 09:00 on Saturday and Sunday"),
        ("0 9 * * 0,1", "At 09:00 on Monday and Sunday"),
        ("0 9 1,15 * *", "At 09:00 on the 1st and 15th of the month"),
        ("0 9 2,3,11,22 * *", "At 09:00 on the 2nd, 3rd, 11th and 22nd of the month"),
        ("0 9 1-5 * *", "At 09:00 from the 1st to 5th of the month"),
        ("0 9 1-5,10 * *", "At 09:00 on the 1st to 5th and 10th of the month"),
        ("0 9 */3 * *", "At 09:00 on every 3rd day from the 1st of the month"),
        ("0 0 13 * FRI", "At 00:00 on the 13th of the month, and on Friday"),
        (
            "0 0 */2 * FRI",
            "At 00:00 on Friday if it falls on every 2nd day from the 1st of the month",
        ),
        ("0 0 9 L * ?", "At 09:00 on the last day of the month"),
        ("0 0 9 L-1 * ?", "At 09:00 on the day 1 day before the last day of the month"),
        ("0 0 9 L-3 * ?", "At 09:00 on the day 3 days before the last day of the month"),
        (
            "0 0 9 LW * ?",
            "At 09:00 on the working day nearest to the last day of the month",
        ),
        (
            "0 0 9 1,15W * ?",
            "At 09:00 on the 1st and the working day nearest to the 15th of the month",
        ),
        ("0 0 9 ? * 6#3", "At 09:00 on the third Friday of the month"),
        ("0 0 9 ? * 6L,2", "At 09:00 on Monday and the last Friday of the month"),
        ("0 0 9 ? * L", "At 09:00 on Saturday"),
        # the month and the year
        ("0 9 1 1 *", "At 09:00 on the 1st of the month in January"),
        ("0 9 * 3-5 *", "At 09:00 every day from March to May"),
        ("0 9 * 3-5,7 *", "At 09:00 every day in March to May and July"),
        ("0 0 9 * * ? 2028", "At 09:00 every day in 2028"),
        ("0 0 9 * * ? 2026-2030", "At 09:00 every day from 2026 to 2030"),
        ("0 0 9 * * ? 2028/2", "At 09:00 every day every 2nd year from 2028 to 2098"),
    ],
)
def test_a_schedule_is_a_sentence(expression: str, said: str) -> None:
    assert in_words(parse_schedule(expression)) == f"{said} (UTC)."


def test_the_sentence_names_the_zone() -> None:
    schedule = parse_schedule("0 9 * * *", timezone="Asia/Tokyo")
    assert in_words(schedule) == "At 09:00 every day (Asia/Tokyo)."


@pytest.mark.parametrize(
    ("expression", "utc", "said"),
    [
        ("30 2 * * *", "2026-03-28T01:30", ""),
        (
            "30 2 * * *",
            "2026-03-29T01:00",
            "clocks go forward 1 h at 02:00; times from 02:00 to 03:00 fire right after",
        ),
        ("0 3 * * *", "2026-03-29T01:00", "clocks go forward 1 h at 02:00"),
        ("0 12 * * *", "2026-03-29T10:00", "clocks go forward 1 h at 02:00"),
        (
            "30 2 * * *",
            "2026-10-25T00:30",
            "clocks go back 1 h at 03:00; 02:30 comes twice, it fires the first time only",
        ),
        (
            "*/30 * * * *",
            "2026-10-25T00:30",
            "clocks go back 1 h at 03:00; 02:30 for the first time",
        ),
        (
            "*/30 * * * *",
            "2026-10-25T01:30",
            "clocks go back 1 h at 03:00; 02:30 for the second time",
        ),
        ("*/30 * * * *", "2026-10-25T02:00", "clocks go back 1 h at 03:00"),
        ("*/30 * * * *", "2026-10-25T23:00", ""),
    ],
)
def test_a_day_with_a_change_of_clocks_has_a_note(expression: str, utc: str, said: str) -> None:
    schedule = parse_schedule(expression, timezone="Europe/Zurich")
    assert change_in_words(schedule, datetime.fromisoformat(utc).replace(tzinfo=UTC)) == said


def test_a_change_by_half_an_hour_is_told_in_minutes() -> None:
    schedule = parse_schedule("0 12 * * *", timezone="Australia/Lord_Howe")
    noon = datetime(2026, 10, 4, 1, tzinfo=UTC)
    assert change_in_words(schedule, noon) == "clocks go forward 30 min at 02:00"


def test_what_is_repeated_before_midnight_belongs_to_the_day_before() -> None:
    schedule = parse_schedule("0 * * * *", timezone="America/Santiago")
    second = datetime(2026, 4, 5, 3, tzinfo=UTC)
    assert change_in_words(schedule, second) == (
        "clocks go back 1 h at 00:00; 23:00 for the second time"
    )
    assert change_in_words(schedule, datetime(2026, 4, 5, 4, tzinfo=UTC)) == ""
