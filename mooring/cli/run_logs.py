"""``mooring jobs logs``: the lines of one run in order, followed to its end if wanted.

Lines are in the log of the machine on which they were written. With PostgreSQL that may be another
one; the row of the run is seen from everywhere, and so is its end.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from mooring.adapters.log_reader import Line, read_logs
from mooring.adapters.logs import rank
from mooring.cli.configuration import LEVELS
from mooring.cli.edge import open_host, say
from mooring.cli.logs import line_text
from mooring.cli.run_lines import MOST_LINES, lines_of, written_elsewhere
from mooring.cli.run_progress import View, progress_view
from mooring.errors import MooringError
from mooring.model.amounts import counted
from mooring.model.run import Run

if TYPE_CHECKING:
    from mooring.hosting.host import Host

LAST_WORDS = frozenset({"job.run.finished", "job.run.let_go"})
WAIT_FOR_THEM = 1.0  # seconds; they are written right after the row that says the end


@click.command("logs")
@click.argument("run_id")
@click.option("--follow", is_flag=True, help="Go on with new lines until the run has ended.")
@click.option("--level", type=click.Choice(LEVELS), help="This level and above.")
@click.option(
    "--limit",
    default=MOST_LINES,
    show_default=True,
    type=click.IntRange(min=1),
    help="How many of the latest lines.",
)
@click.pass_context
def command(ctx: click.Context, run_id: str, follow: bool, level: str | None, limit: int) -> None:
    """Show what was logged in one run, oldest first. The first characters of its id are enough."""
    with open_host(ctx, reads=True) as host:
        run = host.runs.named(run_id)
        if elsewhere := written_elsewhere(host, run):
            say(ctx, elsewhere)
        show = _follow if follow else _show
        if not show(ctx, host, run, level, limit):
            say(ctx, _nothing(host, run, level))


def _nothing(host: Host, run: Run, level: str | None) -> str:
    """Say why no line is shown."""
    others = len(lines_of(host, run)) if level else 0
    if not others:
        return "No line of the log here is about that run."
    return f"No line of that run is of the level {level} or above; {others:,} are below it."


def _show(ctx: click.Context, host: Host, run: Run, level: str | None, limit: int) -> int:
    lines = lines_of(host, run, level=level, limit=limit + 1)
    if len(lines) > limit:
        say(ctx, f"Shown: the latest {counted(limit, 'line')}; --limit gives more.")
    for line in lines[-limit:]:
        click.echo(line_text(ctx, line))
    return len(lines)


def _follow(ctx: click.Context, host: Host, run: Run, level: str | None, limit: int) -> int:
    """Print lines until the run has ended and its last words are read, or do not come."""
    shown = 0
    with progress_view(ctx) as view:
        end = _End(host, run, view)
        # Its last words may be below the level that is shown, so they are chosen here.
        for line in read_logs(
            host.home.logs, run_id=run.run_id, limit=limit, follow=True, goes_on=end.is_to_come
        ):
            end.saw(line)
            if level is None or rank(str(line.get("level"))) >= rank(level):
                shown += 1
                view.line(line_text(ctx, line))
    return shown


class _End:
    """Knows whether lines of a run may still come."""

    def __init__(self, host: Host, run: Run, view: View) -> None:
        self._host = host
        self._run = run
        self._view = view
        self._last_event: Any = None
        self._ended_at: float | None = None

    def saw(self, line: Line) -> None:
        """Take note of a line."""
        self._last_event = line.get("event")

    def is_to_come(self) -> bool:
        """Look where the run stands, show it, and say whether to wait for more lines."""
        try:
            self._run = self._host.runs.get(self._run.run_id)
        except MooringError:
            if self._host.config.uses_postgresql:
                return True  # The database is away for a while; the log is a file of ours.
            raise
        self._view.show(self._run)
        if not self._run.status.final:
            self._ended_at = None
            return True
        if self._ended_at is None:
            self._ended_at = time.monotonic()
        waited = time.monotonic() - self._ended_at
        return self._last_event not in LAST_WORDS and waited < WAIT_FOR_THEM
