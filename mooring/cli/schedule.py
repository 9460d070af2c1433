"""``mooring schedule``: what a cron expression means, and when it fires next."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from mooring.cli.edge import answer
from mooring.cli.layout import table
from mooring.cli.options import wants_json
from mooring.errors import ScheduleInvalid
from mooring.model.moment import iso

if TYPE_CHECKING:
    from mooring.engine.schedule import Schedule

MOST = 1000
MOMENTS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M%z"]
DAY = 86400
QUOTE = "Quote the expression: mooring schedule explain '0 9 * * *'"


@click.group("schedule")
def command() -> None:
    """Say what a cron expression means, before a job is given it."""


class _Quoted(click.Command):
    """Says what to do about an expression that the shell has split, or put files into."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Tell of the quotes where there are too many words."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption:
            raise
        except click.UsageError as error:
            if "unexpected extra argument" not in error.message:
                raise
            said = f"{error.message.rstrip('.')}. {QUOTE}"
            raise click.UsageError(said, ctx=error.ctx) from error


@command.command(cls=_Quoted)
@click.argument("expression")
@click.option("--timezone", default="UTC", show_default=True, metavar="TZ", help="Whose clock.")
@click.option(
    "--count",
    type=click.IntRange(0, MOST),
    default=5,
    show_default=True,
    metavar="N",
    help="How many times to show.",
)
@click.option(
    "--after",
    type=click.DateTime([*MOMENTS, "%Y-%m-%dT%H:%M:%S%z"]),
    metavar="DATE",
    help="Show times after this date or time, of TZ unless it ends in Z or an offset "
    "(default: now).",
)
@click.option(
    "--jitter",
    type=click.IntRange(0, DAY),
    default=0,
    metavar="SECONDS",
    help="Say what a job's jitter does to the times.",
)
@click.pass_context
def explain(
    ctx: click.Context,
    expression: str,
    timezone: str,
    count: int,
    after: datetime | None,
    jitter: int,
) -> None:
    """Say what EXPRESSION means and when it fires next.

    EXPRESSION is plain cron with five fields, or OCP's Quartz with six or seven; quote it. Days on
    which clocks are changed are marked. One that never fires (any more) makes the status 1.
    """
    schedule = _read(ctx, expression, timezone)
    moment = after or datetime.now(UTC)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=schedule.zone)
    times = _times(schedule, moment.astimezone(UTC), max(count, 1))
    shown = times[:count]
    means = _means(schedule, ended=not times)
    data = {
        "expression": expression,
        "timezone": timezone,
        "means": means,
        "next": [_json(schedule, time) for time in shown],
        "jitter": jitter,
    }
    texts = [means, _spread(jitter), _table(schedule, shown)]
    answer(ctx, data, "\n\n".join(filter(None, texts)))
    ctx.exit(0 if times else 1)


def _read(ctx: click.Context, expression: str, timezone: str) -> Schedule:
    from mooring.engine.schedule import parse_schedule

    try:
        return parse_schedule(expression, timezone=timezone)
    except ScheduleInvalid as error:
        if error.column and not wants_json(ctx):
            # A tab would put the caret elsewhere than under its place.
            click.echo("  " + expression.replace("\t", " "), err=True)
            click.echo(" " * (error.column + 1) + "^", err=True)
        raise


def _times(schedule: Schedule, moment: datetime, count: int) -> list[datetime]:
    times: list[datetime] = []
    following: datetime | None = moment
    while len(times) < count:
        following = schedule.next_after(times[-1] if times else moment)
        if following is None:
            break
        times.append(following)
    return times


def _means(schedule: Schedule, *, ended: bool) -> str:
    from mooring.engine.schedule_words import in_words

    means = in_words(schedule)
    if not schedule.ever_fires:
        return f"{means} It never fires: there is no such day until 2099."
    return f"{means} It does not fire any more." if ended else means


def _spread(jitter: int) -> str:
    if not jitter:
        return ""
    return f"Each installation runs up to {jitter} s after these times, always by the same delay."


def _json(schedule: Schedule, time: datetime) -> dict[str, Any]:
    from mooring.engine.schedule_words import change_in_words

    return {
        "utc": iso(time),
        "local": time.astimezone(schedule.zone).isoformat(timespec="seconds"),
        "clock_change": change_in_words(schedule, time) or None,
    }


def _table(schedule: Schedule, times: list[datetime]) -> str:
    from mooring.engine.schedule_words import change_in_words

    zone = schedule.zone
    columns: dict[str, list[str]] = {"UTC": [f"{time:%a %Y-%m-%d %H:%M:%S}" for time in times]}
    if zone.key != "UTC":
        there = [time.astimezone(zone) for time in times]
        columns[zone.key] = [f"{local:%a %Y-%m-%d %H:%M:%S} {_offset(local)}" for local in there]
    columns[""] = [change_in_words(schedule, time) for time in times]
    rows = [list(row) for row in zip(*columns.values(), strict=True)]
    return table(list(columns), rows, empty="") if rows else ""


def _offset(local: datetime) -> str:
    return local.isoformat()[-6:]
