"""What people are told of a run that counts, fast or slow, in one stage or in several."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mooring.model.moment import iso
from mooring.model.progress import duration_text, pace, rate_text, steps_rate
from mooring.model.run import Run, RunStatus

START = datetime(2026, 5, 1, 12, tzinfo=UTC)


def run(progress: dict[str, Any] | None, **changes: Any) -> Run:
    made = Run(
        "r1", 1, "shop", "local", "sync", RunStatus.RUNNING, {}, {}, 3, 1, 0, START, START,
        started_at=START, progress=progress,
    )  # fmt: skip
    return replace(made, **changes)


def count(done: int, total: int | None = None, unit: str = "contacts") -> dict[str, Any]:
    return {"done": done, "total": total, "unit": unit, "message": ""}


def counting(after: float, *, first: int = 0) -> dict[str, Any]:
    """Statistics of a run that has been counting since then, from that number on."""
    return {"counting_since": iso(later(after)), "counting_from": first}


def later(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_a_count_with_its_total_has_a_rate_and_an_end() -> None:
    found = pace(run(count(1200, 5000), statistics=counting(0)), now=later(10))
    assert str(found) == "1,200 of 5,000 contacts (24 %), 120/s, 32 s left"


def test_a_count_without_a_total_has_a_rate_alone() -> None:
    assert str(pace(run(count(30, unit=""), statistics=counting(0)), now=later(60))) == "30, 30/min"


def test_each_stage_is_measured_by_itself() -> None:
    deciding = run(count(300, 9000), statistics=counting(100, first=100))
    found = pace(deciding, now=later(110))
    assert found is not None
    assert found.rate == 20


def test_what_is_being_done_stands_in_front() -> None:
    said = {**count(5, 10), "message": "reading Brevo"}
    assert str(pace(run(said), now=START)) == "reading Brevo, 5 of 10 contacts (50 %)"


def test_what_stood_at_the_first_word_is_no_gain_of_the_time_since() -> None:
    """A resumed run begins with 9,000 done: that says nothing about its speed."""
    resumed = run(count(9000, 10000), statistics=counting(0, first=9000))
    assert str(pace(resumed, now=later(1))) == "9,000 of 10,000 contacts (90 %)"


def test_a_run_that_has_ended_has_the_rate_of_its_time_and_nothing_left() -> None:
    ended = run(count(50, 100), status=RunStatus.ERROR, completed_at=later(10))
    assert str(pace(ended, now=later(1000))) == "50 of 100 contacts (50 %), 5.0/s"


def test_a_run_that_says_nothing_has_no_pace() -> None:
    assert pace(run(None), now=START) is None


def test_a_total_of_nothing_and_one_that_was_passed_are_no_trouble() -> None:
    assert str(pace(run(count(0, 0)), now=later(5))) == "0 of 0 contacts"
    assert str(pace(run(count(12, 10)), now=later(6))) == "12 of 10 contacts (120 %), 2.0/s"


def test_steps_have_a_rate_of_their_own() -> None:
    assert steps_rate(run(None, statistics={"step_ms_total": 1500})) == 2
    assert steps_rate(run(None)) is None


@pytest.mark.parametrize(
    ("rate", "said"),
    [
        *((None, ""), (0, ""), (12345.6, "12,346/s"), (12, "12/s"), (2.25, "2.2/s")),
        *((0.5, "30/min"), (0.05, "3.0/min"), (1 / 600, "6.0/h"), (1 / 36000, "0.1/h")),
    ],
)
def test_rates_are_spelled_in_the_unit_that_fits(rate: float | None, said: str) -> None:
    assert rate_text(rate) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        *((0.2, "0 s"), (-3, "0 s"), (59, "59 s"), (60, "1 min"), (95, "1 min 35 s")),
        *((1500, "25 min"), (3599, "60 min"), (7800, "2 h 10 min"), (3600, "1 h")),
        *((86_400, "1 d"), (273_600, "3 d 4 h")),
    ],
)
def test_spans_are_spelled_roughly(seconds: float, said: str) -> None:
    assert duration_text(seconds) == said
