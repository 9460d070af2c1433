"""How are the bars of a run drawn? One for each thing that it counts, on any width of terminal.

A job that knows no total has a spinner and its count. What stands beside a bar are the words of
``model.progress``, the less important ones left out where there is no room.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TextIO

import click
from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TaskID
from rich.table import Column
from rich.text import Text

from mooring.model.progress import Pace, pace, steps_rate
from mooring.model.run import Run, RunStatus

WITH_BAR = 60  # columns of a terminal; on a narrower one the words alone have room
BAR = 20
SIGNS = {RunStatus.COMPLETE: "✓", RunStatus.ERROR: "✗", RunStatus.TERMINATED: "■"}


def _now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def bars(
    file: TextIO,
    *,
    with_answer: bool,
    width: int | None = None,
    now: Callable[[], datetime] = _now,
) -> Iterator[Bars]:
    """Draw on a terminal for the length of the block; its cursor comes back in any case.

    With ``with_answer`` stdout is the same terminal, so its lines go above the bars.
    """
    console = Console(file=file, force_terminal=True, width=width, highlight=False)
    room = console.width - 2  # the sign and a space
    columns: list[ProgressColumn] = [_Sign()]
    if console.width >= WITH_BAR:
        columns.append(_BarIfTotal(bar_width=BAR))
        room -= BAR + 1
    columns.append(_Words(room))
    drawn = Progress(*columns, console=console, redirect_stdout=False, redirect_stderr=False)
    with drawn:
        yield Bars(drawn, with_answer=with_answer, now=now)


class Bars:
    """The bars of one run (run_progress.View); a count that begins anew has one of its own."""

    def __init__(self, drawn: Progress, *, with_answer: bool, now: Callable[[], datetime]) -> None:
        self._drawn = drawn
        self._now = now
        self._with_answer = with_answer
        self._task: TaskID | None = None
        self._since: object = None
        self._words: Pace | None = None

    def show(self, run: Run) -> None:
        """Move the bar to where the run stands."""
        found = pace(run, now=self._now()) or _steps(run)
        since = run.statistics.get("counting_since")
        if self._task is not None and self._since is not None and since != self._since:
            self._end_stage()
        if self._task is None:
            self._task = self._drawn.add_task("", total=None, words=found, sign="")
        self._since, self._words = since, found
        sign = SIGNS.get(run.status, "")
        self._drawn.update(
            self._task, total=found.total, completed=found.done, words=found, sign=sign
        )

    def say(self, sentence: str) -> None:
        """Tell it above the bars."""
        self._drawn.console.print(Text(sentence), soft_wrap=True)

    def line(self, text: str) -> None:
        """Print a line of the answer above the bars, or where stdout goes."""
        if self._with_answer:
            self.say(text)
        else:
            click.echo(text)

    def _end_stage(self) -> None:
        """Leave the bar, which is full: what comes now counts anew."""
        assert self._task is not None, "there is a bar"
        assert self._words is not None, "it says something"
        # What was done last is told with the first of what counts anew.
        done = self._words.done if self._words.total is None else self._words.total
        words = replace(self._words, done=done, seconds_left=None)
        self._drawn.update(self._task, completed=done, words=words, sign=SIGNS[RunStatus.COMPLETE])
        self._task = None


def fitting(words: Pace, *, room: int) -> str:
    """Return as much of the words as there is room for, the most important ones at least."""
    share = words.count if words.total is None else f"{words.done:,}/{words.total:,}"
    choices = (
        [words.message, words.count, words.speed, words.left],
        [words.count, words.speed, words.left],
        [words.count, words.left],
        [share, words.left],
        [share],
    )
    texts = [", ".join(filter(None, parts)) for parts in choices]
    return next((text for text in texts if cell_len(text) <= room), texts[-1])


def _steps(run: Run) -> Pace:
    """Say of a job that tells no progress how many steps it has done."""
    unit = "step" if run.steps == 1 else "steps"
    return Pace(run.steps, None, unit, run.status.value.lower(), steps_rate(run), None)


class _Sign(SpinnerColumn):
    """Turns while the run goes on, and then says how it ended."""

    def render(self, task: Task) -> RenderableType:
        """Draw it."""
        return (
            Text(task.fields["sign"])
            if task.fields["sign"]
            else self.spinner.render(task.get_time())
        )


class _BarIfTotal(BarColumn):
    """A bar where there is a total to come to."""

    def render(self, task: Task) -> RenderableType:  # type: ignore[override]  # a text is no bar
        """Draw it."""
        return Text("") if task.total is None else super().render(task)


class _Words(ProgressColumn):
    """The words beside a bar, on one line."""

    def __init__(self, room: int) -> None:
        super().__init__(Column(no_wrap=True, overflow="ellipsis"))
        self._room = room

    def render(self, task: Task) -> RenderableType:
        """Write them."""
        return Text(fitting(task.fields["words"], room=self._room))
