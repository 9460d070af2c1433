"""How does a person see a run advance? Bars on a terminal, elsewhere a line now and then.

All of it goes to stderr: stdout has the answer, or the lines of the log.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

import click

from mooring.cli.edge import say
from mooring.cli.options import wants_json
from mooring.model.progress import pace
from mooring.model.run import Run

if TYPE_CHECKING:
    from mooring.hosting.host import Host

LOOK_EVERY = 0.2  # seconds
SAY_EVERY = 10.0


class View(Protocol):
    """What a person sees of a run."""

    def show(self, run: Run) -> None:
        """Take note of where the run stands."""

    def say(self, sentence: str) -> None:
        """Tell something besides."""

    def line(self, text: str) -> None:
        """Print a line of the answer, which belongs on stdout."""


@contextmanager
def progress_view(ctx: click.Context) -> Iterator[View]:
    """Give what shows a run here: bars, lines now and then, or nothing with --json."""
    if wants_json(ctx) or not sys.stderr.isatty():
        yield Lines(ctx)
        return
    from mooring.cli.run_bars import bars

    with bars(sys.stderr, with_answer=sys.stdout.isatty()) as view:
        yield view


@contextmanager
def watching(host: Host, run_id: str, view: View) -> Iterator[None]:
    """Show the run as its row says while the block executes it or waits for it."""
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(LOOK_EVERY):
            # Whoever executes the run or waits for it says what is wrong with the database.
            with suppress(Exception):
                view.show(host.runs.get(run_id))

    thread = threading.Thread(target=look, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
    view.show(host.runs.get(run_id))


class Lines:
    """A line when a run has advanced, at most every few seconds; for files and pipes."""

    def __init__(
        self,
        ctx: click.Context,
        *,
        every: float = SAY_EVERY,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ctx = ctx
        self._every = every
        self._clock = clock
        self._next = clock() + every
        self._said = ""

    def show(self, run: Run) -> None:
        """Say where the run stands, if that is news and it is time."""
        now = self._clock()
        if run.status.final or now < self._next:
            return
        self._next = now + self._every
        text = standing(run)
        if text != self._said:
            self._said = text
            self.say(text)

    def say(self, sentence: str) -> None:
        """Tell it on stderr."""
        say(self._ctx, sentence)

    def line(self, text: str) -> None:
        """Print it on stdout."""
        click.echo(text)


def standing(run: Run) -> str:
    """Say in one line where a run stands."""
    steps = f"… {run.status.value.lower()}, step {run.steps}"
    found = pace(run, now=datetime.now(UTC))
    return steps if found is None else f"{steps}: {found}"
