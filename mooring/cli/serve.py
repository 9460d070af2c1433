"""``mooring serve``: functions on one port, the console on another, jobs in a child process."""

from __future__ import annotations

import json
import sys

import click

from mooring.adapters.home import Addresses
from mooring.cli.edge import open_host
from mooring.cli.layout import aligned
from mooring.cli.options import wants_json
from mooring.errors import UsageError

EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104  # compared with, not listened on


@click.command("serve")
@click.option(
    "--host",
    "public_host",
    default="127.0.0.1",
    show_default=True,
    help="Where the public server listens; the console stays on loopback.",
)
@click.option(
    "--public-port",
    default=8080,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Functions and health; 0 takes a free port.",
)
@click.option("--console-host", default="127.0.0.1", show_default=True, help="For the console.")
@click.option(
    "--console-port",
    default=3000,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="The console; 0 takes a free port.",
)
@click.option("--no-jobs", is_flag=True, help="Receive webhooks only; run no jobs.")
@click.pass_context
def command(
    ctx: click.Context,
    public_host: str,
    public_port: int,
    console_host: str,
    console_port: int,
    no_jobs: bool,
) -> None:
    """Receive webhooks, run jobs on schedule, and show the console, until Ctrl-C."""
    _check_ports(public_host, public_port, console_host, console_port)
    from mooring.adapters.secrets.watch import watching
    from mooring.adapters.shared_process import share_process
    from mooring.web.server import serve

    share_process()
    with (
        open_host(ctx, actor="serve") as host,
        watching(host.know_secrets, tidy=lambda: host.vault.end_grace(), log=lambda: host.log),
    ):

        def ready(addresses: Addresses) -> None:
            data = {"public": addresses.public, "console": addresses.console}
            facts = {
                "Functions": addresses.public,
                "Console": addresses.console,
                "Home": str(host.home.path),
            }
            text = "\n".join([*aligned(facts), "Ctrl-C stops."])
            click.echo(json.dumps(data) if wants_json(ctx) else text)
            sys.stdout.flush()

        serve(
            host,
            public_host=public_host,
            public_port=public_port,
            console_host=console_host,
            console_port=console_port,
            on_ready=ready,
            jobs=not no_jobs,
        )


def _check_ports(public_host: str, public: int, console_host: str, console: int) -> None:
    """Refuse one port for both servers. Raises UsageError."""
    hosts = {public_host, console_host}
    if public and public == console and (len(hosts) == 1 or hosts & set(EVERYWHERE)):
        raise UsageError(
            f"--public-port and --console-port are both {public}.",
            hint="Give each its own: functions and the console are served apart (0: a free one).",
        )
