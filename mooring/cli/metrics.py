"""``mooring metrics``: the figures of the host, and the token to read them from elsewhere."""

from __future__ import annotations

import click

from mooring.cli.edge import answer, open_host, say
from mooring.cli.options import wants_json


@click.group("metrics", invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> None:
    """Show the figures of this host as Prometheus reads them.

    `mooring serve` gives the same at /metrics beside the console: to this machine as it is, to
    others with a token.
    """
    if ctx.invoked_subcommand is None:
        from mooring.hosting.metrics import metrics, metrics_json

        with open_host(ctx, reads=True) as host:
            if wants_json(ctx):
                answer(ctx, metrics_json(host), "")
            else:
                answer(ctx, None, metrics(host).decode().rstrip("\n"))


@command.command()
@click.option("--renew", is_flag=True, help="Make a new one; the one before is worth nothing then.")
@click.pass_context
def token(ctx: click.Context, renew: bool) -> None:
    """Show the token with which others may read /metrics; it is made on first use."""
    from mooring.hosting.metrics_token import made_token

    with open_host(ctx) as host:
        found = made_token(host, renew=renew)
        say(ctx, "Whoever has it may read the figures. Send it as Authorization: Bearer.")
        answer(ctx, {"token": found}, found)
