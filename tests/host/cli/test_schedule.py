from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.conftest import Program

ZURICH = ("--timezone", "Europe/Zurich")


def test_the_next_times_are_shown_in_utc_and_on_the_clock_of_the_zone(cli: Program) -> None:
    answer = cli.ok(
        *("schedule", "explain", "0 0 9 ? * 6#3", *ZURICH),
        *("--count", "2", "--after", "2026-03-01"),
    )
    assert answer.out.splitlines() == [
        "At 09:00 on the third Friday of the month (Europe/Zurich).",
        "",
        "UTC                      Europe/Zurich",
        "Fri 2026-03-20 08:00:00  Fri 2026-03-20 09:00:00 +01:00",
        "Fri 2026-04-17 07:00:00  Fri 2026-04-17 09:00:00 +02:00",
    ]


def test_nights_with_a_change_of_clocks_are_marked(cli: Program) -> None:
    answer = cli.ok(
        *("schedule", "explain", "30 2 * * *", *ZURICH),
        *("--count", "2", "--after", "2026-03-28T12:00"),
    )
    note = "clocks go forward 1 h at 02:00; times from 02:00 to 03:00 fire right after"
    assert answer.out.splitlines()[3:] == [
        f"Sun 2026-03-29 01:00:00  Sun 2026-03-29 03:00:00 +02:00  {note}",
        "Mon 2026-03-30 00:30:00  Mon 2026-03-30 02:30:00 +02:00",
    ]


def test_json_has_the_same(cli: Program) -> None:
    answer = cli.ok(
        *("--json", "schedule", "explain", "30 2 * * *", *ZURICH),
        *("--count", "1", "--after", "2026-10-25"),
    )
    assert answer.json == {
        "expression": "30 2 * * *",
        "timezone": "Europe/Zurich",
        "means": "At 02:30 every day (Europe/Zurich).",
        "next": [
            {
                "utc": "2026-10-25T00:30:00Z",
                "local": "2026-10-25T02:30:00+02:00",
                "clock_change": "clocks go back 1 h at 03:00; 02:30 comes twice, "
                "it fires the first time only",
            }
        ],
        "jitter": 0,
    }


@pytest.mark.parametrize(
    "after", ["2026-03-20T08:00Z", "2026-03-20T08:00:00Z", "2026-03-20T03:00-05:00"]
)
def test_a_moment_with_an_offset_is_that_moment_whatever_the_zone(cli: Program, after: str) -> None:
    given = ("schedule", "explain", "0 * * * *", *ZURICH, "--count", "1", "--json")
    [shown] = cli.ok(*given, "--after", after).json["next"]
    assert shown["utc"] == "2026-03-20T09:00:00Z"


def test_jitter_is_said_and_moves_no_due_time(cli: Program) -> None:
    given = ("schedule", "explain", "0 9 * * *", "--count", "1", "--after", "2026-03-20")
    answer = cli.ok(*given, "--jitter", "90")
    assert answer.out.splitlines()[2] == (
        "Each installation runs up to 90 s after these times, always by the same delay."
    )
    assert "Fri 2026-03-20 09:00:00" in answer.out
    assert cli.ok(*given, "--jitter", "90", "--json").json["jitter"] == 90
    assert cli(*given, "--jitter", "86401").status == 2


def test_five_times_from_now_are_the_default(cli: Program) -> None:
    before = datetime.now(UTC)
    times = cli.ok("schedule", "explain", "* * * * *", "--json").json["next"]
    assert len(times) == 5
    assert before < datetime.fromisoformat(times[0]["utc"])


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("0 0 30 2 *", "It never fires: there is no such day until 2099."),
        ("0 0 0 1 1 ? 2020-2025", "It does not fire any more."),
    ],
)
def test_what_never_fires_is_said_and_makes_the_status_1(
    cli: Program, expression: str, said: str
) -> None:
    answer = cli("schedule", "explain", expression)
    assert answer.status == 1
    assert answer.out.endswith(f"{said}\n")
    assert cli("schedule", "explain", expression, "--json").json["next"] == []


def test_a_refusal_points_at_its_place(cli: Program) -> None:
    answer = cli("schedule", "explain", "0 0 9,24 * * ?")
    assert (answer.status, answer.out) == (1, "")
    allowed = "It may be 0–23, *, a list, a range or a step."
    assert answer.err.splitlines() == [
        "  0 0 9,24 * * ?",
        "        ^",
        f"mooring: column 7: '24' means nothing in the field hour. {allowed}",
    ]


def test_a_refusal_in_json_names_the_column_too(cli: Program) -> None:
    answer = cli("schedule", "explain", "0 0 9,24 * * ?", "--json")
    assert answer.status == 1
    assert '"where": "column 7"' in answer.err
    assert len(answer.err.splitlines()) == 1


def test_an_unknown_zone_is_refused(cli: Program) -> None:
    answer = cli("schedule", "explain", "* * * * *", "--timezone", "Mars/Olympus")
    assert answer.status == 1
    assert answer.err.startswith("mooring: There is no time zone 'Mars/Olympus'.")


@pytest.mark.parametrize("count", ["-1", "1001", "many"])
def test_a_count_out_of_bounds_is_a_usage_error(cli: Program, count: str) -> None:
    assert cli("schedule", "explain", "* * * * *", "--count", count).status == 2


def test_an_expression_in_several_words_is_to_be_quoted(cli: Program) -> None:
    answer = cli("schedule", "explain", "0", "9", "*", "*", "*")
    assert answer.status == 2
    assert "Quote the expression: mooring schedule explain '0 9 * * *'" in answer.err
    assert "Quote" not in cli("schedule", "explain", "0 9 * * *", "--nonsense").err


def test_the_clock_of_utc_is_shown_once(cli: Program) -> None:
    given = ("schedule", "explain", "0 9 * * *", "--count", "1", "--after", "2026-03-20")
    assert cli.ok(*given).out.splitlines()[2:] == ["UTC", "Fri 2026-03-20 09:00:00"]
