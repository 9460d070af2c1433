"""``mooring worker``: more job capacity with PostgreSQL; with SQLite, what serve starts."""

from __future__ import annotations

import signal
import threading

import click

from mooring.cli.edge import configuration, open_host
from mooring.errors import ConfigurationInvalid


@click.command("worker")
@click.option(
    "--concurrency",
    default=4,
    show_default=True,
    type=click.IntRange(1, 64),
    help="How many runs at a time.",
)
@click.option("--under-serve", is_flag=True, hidden=True, help="Started by serve; ends with it.")
@click.pass_context
def command(ctx: click.Context, concurrency: int, under_serve: bool) -> None:
    """Run jobs until Ctrl-C, on this or another machine, against the same PostgreSQL database."""
    if not (under_serve or configuration(ctx).uses_postgresql):
        raise ConfigurationInvalid(
            "`mooring worker` needs PostgreSQL; with SQLite, `mooring serve` runs the jobs itself.",
            hint="Start `mooring serve`, or set MOORING_DATABASE_URL to a postgresql:// address.",
        )
    from mooring.adapters.parent_process import die_with_parent
    from mooring.adapters.secrets.watch import watching
    from mooring.adapters.shared_process import share_process
    from mooring.working.loop import work

    share_process()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    if under_serve:
        # Ctrl-C reaches us too; serve tells us in its own time.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        die_with_parent()
    with (
        open_host(ctx, actor="worker") as host,
        # A key that does not fit is said now, not in every run.
        watching(host.know_secrets, tidy=lambda: host.vault.end_grace(), log=lambda: host.log),
    ):
        work(host, stop=stop, concurrency=concurrency)
