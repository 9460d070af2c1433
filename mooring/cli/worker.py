"""``mooring worker``: more capacity for jobs, on this machine or another, over PostgreSQL."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, NoReturn

import click

from mooring.cli.configuration import configuration
from mooring.cli.edge import open_host, say
from mooring.cli.options import wants_json
from mooring.errors import UsageError
from mooring.model.amounts import counted

LINGERS = 3.0  # seconds

if TYPE_CHECKING:
    from mooring.adapters.home_lock import Holder
    from mooring.working.loop import AtWork


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
    """Run jobs until Ctrl-C, beside `mooring serve` and other workers, also on other machines.

    All of them name the same PostgreSQL database in MOORING_DATABASE_URL. When one dies, another
    goes on with its runs.
    """
    if not (under_serve or configuration(ctx).uses_postgresql):
        raise UsageError(
            "`mooring worker` needs PostgreSQL, and MOORING_DATABASE_URL names no such database.",
            hint="Set it to postgresql://user:password@host:5432/database, for `mooring serve` and "
            "every worker alike. Over SQLite, `mooring serve` runs the jobs itself.",
        )
    from mooring.adapters.secrets.watch import watching
    from mooring.adapters.shared_process import share_process
    from mooring.working.loop import work

    share_process()
    stop = _stop_signal(under_serve=under_serve)

    def on_ready(ready: AtWork) -> None:
        _tell(ctx, ready)
        if under_serve:
            _say_no_more()

    def on_wait(holder: Holder) -> None:
        say(ctx, f"No jobs run yet: {holder} has this home until its run has ended.")

    with (
        open_host(ctx, actor="worker") as host,
        # A key that does not fit is said now, not in every run.
        watching(host.know_secrets, tidy=lambda: host.vault.end_grace(), log=lambda: host.log),
    ):
        hanging = work(host, stop=stop, concurrency=concurrency, on_ready=on_ready, on_wait=on_wait)
    if hanging:
        _give_up(ctx, hanging)
    say(ctx, "Stopped. Runs that were not ended wait for another worker.")
    _end_soon()


def _stop_signal(*, under_serve: bool) -> threading.Event:
    """Return what is set when this process shall end."""
    from mooring.adapters.parent_process import die_with_parent

    stop = threading.Event()

    def told(*_: object) -> None:
        stop.set()
        for number in (signal.SIGTERM, signal.SIGINT):
            if signal.getsignal(number) is told:
                signal.signal(number, signal.SIG_DFL)  # A second one ends it at once.

    signal.signal(signal.SIGTERM, told)
    signal.signal(signal.SIGINT, told)
    if under_serve:
        # Ctrl-C reaches us too; serve tells us in its own time.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        die_with_parent()
    return stop


def _give_up(ctx: click.Context, hanging: int) -> NoReturn:
    """End in the middle of steps that do not end; what they write is refused already."""
    from mooring.hosting.job_runs import GIVEN_UP
    from mooring.working.loop import STEP_MAY_TAKE

    steps = "a step" if hanging == 1 else f"{hanging} steps"
    say(
        ctx,
        f"Stopped in the middle of {steps}, not ended after {STEP_MAY_TAKE:g} s: another worker "
        f"begins there again, and what comes of it here is refused. Exit status {GIVEN_UP}.",
    )
    _flush()
    os._exit(GIVEN_UP)


def _end_soon() -> None:
    """Wait no longer than a moment for threads that apps have started and not ended."""
    last = threading.Timer(LINGERS, os._exit, [0])
    last.daemon = True
    last.start()


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()


def _tell(ctx: click.Context, ready: AtWork) -> None:
    """Say that runs may come."""
    data = {"worker": ready.name, "pid": os.getpid(), "concurrency": ready.concurrency}
    runs = counted(ready.concurrency, "run")
    text = f"Worker {ready.name} takes {runs} at a time. Ctrl-C stops."
    click.echo(json.dumps(data) if wants_json(ctx) else text)
    sys.stdout.flush()


def _say_no_more() -> None:
    """Let what apps print go nowhere: serve listens for the first line alone."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
