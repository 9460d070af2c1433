"""``mooring logs``: the structured log, filtered, and followed if wanted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click

from mooring.adapters.log_reader import read_logs
from mooring.cli.configuration import LEVELS
from mooring.cli.edge import open_host, say
from mooring.cli.options import wants_json

COMMON = ("time", "level", "event")


@click.command("logs")
@click.option("--app", "app_id", help="Only this app.")
@click.option("--run", "run_id", help="Only this run.")
@click.option("--level", type=click.Choice(LEVELS), help="This level and above.")
@click.option(
    "--limit",
    default=100,
    show_default=True,
    type=click.IntRange(min=1),
    help="How many of the latest lines.",
)
@click.option("--follow", is_flag=True, help="Go on with new lines until Ctrl-C.")
@click.pass_context
def command(
    ctx: click.Context,
    app_id: str | None,
    run_id: str | None,
    level: str | None,
    limit: int,
    follow: bool,
) -> None:
    """Show what the host and the apps logged, oldest first; secrets are masked."""
    with open_host(ctx, reads=not follow) as host:
        found = False
        for line in read_logs(
            host.home.logs, app_id=app_id, run_id=run_id, level=level, limit=limit, follow=follow
        ):
            found = True
            click.echo(line_text(ctx, line))
        if not found:
            say(ctx, "No line of the log is about that.")


def line_text(ctx: click.Context, line: Mapping[str, Any]) -> str:
    """Write a line of the log for people, or as it is with --json."""
    if wants_json(ctx):
        return json.dumps(line, ensure_ascii=False)
    fields = " ".join(f"{k}={v}" for k, v in line.items() if k not in COMMON and v is not None)
    level = str(line.get("level", "")).upper().ljust(5)
    return f"{line.get('time', '')} {level} {line.get('event', '')}  {fields}".rstrip()
