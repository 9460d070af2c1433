"""Bars on terminals of any width, for jobs with a total, without one, and without a word."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mooring.cli.run_bars import bars, fitting
from mooring.model.progress import Pace
from mooring.model.run import Run, RunStatus

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
NOW = datetime.now(UTC)
RUN = Run(
    "r1", 1, "shop", "local", "sync", RunStatus.RUNNING, {}, {}, 3, 1, 0, NOW, NOW,
    started_at=NOW - timedelta(seconds=10),
)  # fmt: skip


def counting(
    done: int, total: int | None, unit: str = "contacts", *, message: str = "", began: float = 10
) -> Run:
    since = (NOW - timedelta(seconds=began)).isoformat()
    said = {"done": done, "total": total, "unit": unit, "message": message}
    return replace(RUN, progress=said, statistics={"counting_since": since, "counting_from": 0})


def ended(run: Run, status: RunStatus = RunStatus.COMPLETE) -> Run:
    return replace(run, status=status, completed_at=NOW)


def drawn(*happenings: Run | str, width: int = 100) -> list[str]:
    """Show runs and say sentences; return every line there ever was, without colours."""
    file = io.StringIO()
    with bars(file, with_answer=True, width=width, now=lambda: NOW) as view:
        for each in happenings:
            if isinstance(each, str):
                view.line(each)
            else:
                view.show(each)
    return ESCAPES.sub("", file.getvalue()).replace("\r", "\n").splitlines()


def test_a_count_with_a_total_has_a_bar_its_rate_and_the_time_left() -> None:
    lines = drawn(counting(1200, 5000), "meanwhile")
    assert re.search(r"━+ 1,200 of 5,000 contacts \(24 %\), 120/s, 32 s left", lines[-1])


def test_a_count_without_a_total_has_a_spinner_and_no_bar() -> None:
    lines = drawn(counting(1200, None), "meanwhile")
    (counted,) = {line.strip()[2:].strip() for line in lines if "1,200" in line}
    assert counted == "1,200 contacts, 120/s"
    assert not any("━" in line for line in lines)


def test_a_job_that_says_nothing_shows_its_steps() -> None:
    lines = drawn(ended(RUN))
    assert lines[-1].split() == ["✓", "complete,", "3", "steps"]


def test_how_a_run_ended_stands_at_the_end_of_its_bar() -> None:
    for status, sign in ((RunStatus.ERROR, "✗"), (RunStatus.TERMINATED, "■")):
        lines = drawn(ended(counting(5, 10), status))
        assert lines[-1].startswith(sign)
        assert "left" not in lines[-1]


def test_each_count_has_a_bar_of_its_own_and_the_last_ones_stay() -> None:
    reading, writing = drawn(
        RUN,
        counting(900, 1000, message="reading", began=60),
        counting(10, 50, "calls", message="writing", began=5),
        ended(counting(50, 50, "calls", message="writing", began=5)),
    )[-2:]
    assert reading.startswith("✓")
    assert "reading, 1,000 of 1,000 contacts (100 %)" in reading
    assert "left" not in reading
    assert "writing, 50 of 50 calls (100 %)" in writing


@pytest.mark.parametrize("width", [10, 20, 39, 60, 80, 200])
def test_nothing_is_wider_than_the_terminal(width: int) -> None:
    run = counting(1_234_567, 9_876_543, message="reading a great many contacts of Brevo")
    lines = drawn(run, ended(run), width=width)
    assert max(map(len, lines)) <= width


def test_what_is_said_meanwhile_is_whole_and_as_it_was_written() -> None:
    text = "a [bold]line[/bold] " * 20
    assert text in drawn(RUN, text, width=40)


def test_answers_go_to_stdout_where_that_is_another_place(
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = io.StringIO()
    with bars(file, with_answer=False, width=80) as view:
        view.line("an answer")
    assert capsys.readouterr().out == "an answer\n"
    assert "an answer" not in file.getvalue()


@pytest.mark.parametrize(
    ("room", "said"),
    [
        (80, "reading, 1,200 of 5,000 contacts (24 %), 120/s, 32 s left"),
        (50, "1,200 of 5,000 contacts (24 %), 120/s, 32 s left"),
        (45, "1,200 of 5,000 contacts (24 %), 32 s left"),
        (25, "1,200/5,000, 32 s left"),
        (5, "1,200/5,000"),
    ],
)
def test_the_most_important_words_stay_where_there_is_little_room(room: int, said: str) -> None:
    words = Pace(1200, 5000, "contacts", "reading", 120.0, 31.7)
    assert fitting(words, room=room) == said
