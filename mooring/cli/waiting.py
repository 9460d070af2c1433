"""How does a command wait for a run? It follows it, and executes it where nobody else can."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mooring.cli.edge import say
from mooring.cli.run_progress import View, progress_view, watching
from mooring.cli.workers import remedy, waits_for_home
from mooring.model.run import Run

if TYPE_CHECKING:
    from mooring.hosting.host import Host

ENDS = (".", "!", "?", "…")  # of a sentence


def finish(ctx: click.Context, host: Host, run: Run) -> Run:
    """Follow the run to its end; execute it here as soon as no other process can.

    Another command that waits executes its own run alone, and leaves this one behind.
    """
    ctx.obj["interrupted"] = (
        f"The run {run.run_id} is not ended by that: it goes on under `mooring serve`. "
        f"To end it: mooring jobs terminate {run.run_id}"
    )
    with progress_view(ctx) as view, watching(host, run.run_id, view):
        if sentence := waits_for_home(host):
            view.say(f"… waits {sentence}.")
        return host.jobs.execute_until_final(
            run.run_id, waiting=lambda waits: _tell_of_wait(view, host, waits)
        )


def _tell_of_wait(view: View, host: Host, run: Run) -> None:
    """Say why nothing happens for a while."""
    pause = (run.not_before or host.clock.now()) - host.clock.now()
    seconds = max(round(pause.total_seconds()), 0)
    said = host.masker.hide(run.error or "put off")
    view.say(f"… {said}{'' if said.endswith(ENDS) else '.'} Goes on in {seconds} s.")


def say_if_nothing_executes(ctx: click.Context, host: Host) -> None:
    """Say what to do about a run that nobody is there to execute."""
    if not host.jobs.has_worker:
        say(ctx, f"Nothing executes it now: {remedy(host)}, or add --wait to execute it here.")
