"""What is shown of a run while a command waits for it, on a terminal and elsewhere."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import click
import pytest

from mooring.cli.run_bars import Bars
from mooring.cli.run_progress import Lines, progress_view, watching
from mooring.errors import ConfigurationInvalid
from mooring.model.run import Run, RunStatus
from tests.host.cli.test_run_bars import RUN, counting, ended

WITHIN = 30.0  # seconds


def context(**given: object) -> click.Context:
    return click.Context(click.Command("trigger"), obj=dict(given))


def test_lines_come_now_and_then_and_only_with_news(capsys: pytest.CaptureFixture[str]) -> None:
    now = [0.0]
    lines = Lines(context(), every=10, clock=lambda: now[0])
    for second in range(40):
        now[0] = second
        lines.show(RUN if second < 25 else counting(10, 20))
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "… running, step 3"
    assert said[1].startswith("… running, step 3: 10 of 20 contacts (50 %), ")
    assert len(said) == 2


def test_a_run_that_ends_soon_has_no_line_at_all(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines(context(), every=0, clock=lambda: 0.0)
    lines.show(ended(RUN))
    assert capsys.readouterr().err == ""


def test_lines_of_the_answer_go_to_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    Lines(context()).line(json.dumps({"event": "job.run.started"}))
    assert json.loads(capsys.readouterr().out) == {"event": "job.run.started"}


@pytest.mark.parametrize(("terminal", "given"), [(False, {}), (True, {"json": True})])
def test_no_bar_is_drawn_into_a_file_or_beside_json(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, given: dict[str, Any]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal)
    with progress_view(context(**given)) as view:
        assert isinstance(view, Lines)
        view.say("nothing of that is an answer")


def test_a_terminal_has_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with progress_view(context()) as view:
        assert isinstance(view, Bars)


class Seen:
    """A view that keeps what it was shown, and can be waited for."""

    def __init__(self) -> None:
        self.runs: list[Run] = []
        self.news = threading.Semaphore(0)

    def show(self, run: Run) -> None:
        self.runs.append(run)
        self.news.release()

    def say(self, sentence: str) -> None:
        """Say nothing."""

    def line(self, text: str) -> None:
        """Print nothing."""


@contextmanager
def watched(rows: Iterator[Run | Exception]) -> Iterator[Seen]:
    def get(run_id: str) -> Run:
        row = next(rows)
        if isinstance(row, Exception):
            raise row
        return row

    host: Any = SimpleNamespace(runs=SimpleNamespace(get=get))
    seen = Seen()
    with watching(host, "r1", seen):
        yield seen


def test_a_run_is_shown_as_its_row_moves_and_at_last_as_it_ended() -> None:
    def rows() -> Iterator[Run | Exception]:
        yield RUN
        yield ConfigurationInvalid("The database is away for a while.")
        yield replace(RUN, steps=4)
        while not ending.is_set():
            yield replace(RUN, steps=5)
        yield ended(RUN)

    ending = threading.Event()
    with watched(rows()) as seen:
        for _ in range(3):
            assert seen.news.acquire(timeout=WITHIN)
        ending.set()
    assert [run.steps for run in seen.runs[:3]] == [3, 4, 5]
    assert seen.runs[-1].status is RunStatus.COMPLETE
