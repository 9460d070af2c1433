"""``mooring jobs``: runs of jobs, triggered, listed and shown."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from mooring.cli import plans, run_logs
from mooring.cli.edge import answer, given_account, open_host, say
from mooring.cli.groups import DefaultsToList
from mooring.cli.layout import fitting_table, shortened
from mooring.cli.run_page import note_of, page_of
from mooring.cli.set_aside import set_aside_by
from mooring.cli.shown_values import without_secrets
from mooring.cli.waiting import finish, say_if_nothing_executes
from mooring.cli.workers import left_behind
from mooring.errors import UsageError
from mooring.model.amounts import counted
from mooring.model.moment import iso
from mooring.model.progress import pace, rate_text, steps_rate
from mooring.model.run import Run, RunStatus

if TYPE_CHECKING:
    from mooring.hosting.host import Host

OBJECT = "Give an object, for example --parameters '{\"full\": true}'."


@click.group("jobs", cls=DefaultsToList)
def command() -> None:
    """Trigger, list and show runs of jobs."""


command.add_command(run_logs.command)


@command.command()
@click.argument("app_id")
@click.argument("job")
@click.option("--parameters", default="{}", metavar="JSON", help="A JSON object for the job.")
@click.option("--wait", is_flag=True, help="Wait for the end; exit 1 unless it is COMPLETE.")
@click.option("--plan", is_flag=True, help="Write nothing: show what the run would write.")
@click.option("--apply", metavar="PLAN", help="Write exactly what this plan shows, or nothing.")
@click.pass_context
def trigger(
    ctx: click.Context,
    app_id: str,
    job: str,
    parameters: str,
    wait: bool,
    plan: bool,
    apply: str | None,
) -> None:
    """Start a run of JOB of the app APP_ID.

    A running `mooring serve` executes it. Without one, --wait executes it here, and without
    --wait it stays PENDING until there is one. A plan is made here, without either.
    """
    plans.check_options(plan=plan, apply=apply, parameters=parameters)
    given = _object(parameters)
    with open_host(ctx) as host:
        installation = host.installation(app_id)
        if plan:
            plans.show_plan(ctx, host, installation, job, given)
            return
        if apply:
            run = plans.applied(ctx, host, installation, job, apply)
        else:
            run = host.jobs.trigger(installation, job, given)
        _go_on(ctx, host, run, wait=wait)


@command.command()
@click.argument("run_id")
@click.option("--wait", is_flag=True, help="Wait for the end; exit 1 unless it is COMPLETE.")
@click.pass_context
def resume(ctx: click.Context, run_id: str, wait: bool) -> None:
    """Let a run go on from its last state that is ERROR or TERMINATED.

    The steps that it did are not done again, only the one that failed. Mend first what ended it:
    `mooring jobs show` says what that was.
    """
    with open_host(ctx) as host:
        run = host.jobs.resume(host.runs.named(run_id).run_id)
        _go_on(ctx, host, run, wait=wait)


@command.command("list")
@click.argument("app_id", required=False)
@click.option(
    "--limit",
    default=20,
    show_default=True,
    type=click.IntRange(min=1),
    help="How many, newest first.",
)
@click.pass_context
def list_(ctx: click.Context, app_id: str | None, limit: int) -> None:
    """Show the latest runs, of one app or of all; with --account of that account alone."""
    account = given_account(ctx)
    with open_host(ctx, reads=True) as host:
        found = host.runs.recent(app_id=app_id, account=account, limit=limit)
        if app_id and not found:
            host.installation(app_id)  # raises, naming what is installed
        runs = [_without_secrets(host, run) for run in found]
        rows = [
            [r.run_id, r.app_id, r.account, r.job, r.status.value, str(r.steps),
             *_advance(r, host.clock.now(), goes_on=not left), iso(r.started_at) or "-",
             shortened(left or r.error or note_of(r))]
            for r in runs for left in [left_behind(host, r)]
        ]  # fmt: skip
        headers = ["RUN", "APP", "ACCOUNT", "JOB", "STATUS", "STEPS"]
        headers += ["PROGRESS", "RATE", "STARTED (UTC)", "SAID"]
        answer(ctx, [r.to_json() for r in runs], fitting_table(headers, rows, empty="No runs yet."))


@command.command()
@click.argument("run_id")
@click.pass_context
def show(ctx: click.Context, run_id: str) -> None:
    """Show one run: how far it is, what it waits for, why it failed.

    The first characters of its id are enough.
    """
    with open_host(ctx, reads=True) as host:
        run = _without_secrets(host, host.runs.named(run_id))
        answer(ctx, run.to_json(), page_of(host, run))


@command.command()
@click.argument("run_id")
@click.pass_context
def terminate(ctx: click.Context, run_id: str) -> None:
    """End a run that is waiting or running.

    It stops at once where its job is interruptible, and else after its present step.
    """
    with open_host(ctx) as host:
        before = host.runs.named(run_id)
        run = host.runs.terminate(before.run_id, now=host.clock.now())
        run = _without_secrets(host, run)
        if before.status.final:
            say(ctx, f"The run had ended before: it is {before.status.value}.")
        answer(ctx, run.to_json(), _line(run))


def _go_on(ctx: click.Context, host: Host, run: Run, *, wait: bool) -> None:
    """Show a run that is to begin or to go on; with ``wait`` at its end, which it may get here."""
    if wait:
        run = finish(ctx, host, run)
    else:
        say_if_nothing_executes(ctx, host)
    run = _without_secrets(host, run)
    answer(ctx, run.to_json(), "\n".join(filter(None, [_line(run), _set_aside(host, run)])))
    if wait and run.status is not RunStatus.COMPLETE:
        ctx.exit(1)


def _advance(run: Run, now: datetime, *, goes_on: bool) -> tuple[str, str]:
    """Say how far a run is and how fast it goes, in what it counts or else in steps."""
    if found := pace(run, now=now):
        return found.count, (found.speed if goes_on else "") or "-"
    rate = steps_rate(run) if goes_on else None
    return "-", rate_text(rate).replace("/", " steps/") if rate else "-"


def _without_secrets(host: Host, run: Run) -> Run:
    """Hide what an app should not have put into a run, or was given in its parameters."""
    if not (run.state or run.parameters or run.error or run.progress):
        return run
    host.know_secrets()
    hidden = host.masker.hide_in
    return replace(
        run,
        state=_without_named(hidden(run.state)),
        parameters=_without_named(hidden(run.parameters)),
        error=hidden(run.error),
        progress=hidden(run.progress),
    )


def _without_named(values: dict[str, Any]) -> dict[str, Any]:
    """Hide what is called a secret, which the host may not know to be one."""
    try:
        shown: dict[str, Any] = without_secrets(values)
    except ValueError as error:
        return {"not shown": str(error)}
    return shown


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise UsageError(f"--parameters is not JSON: {error}.", hint=OBJECT) from error
    if not isinstance(value, dict):
        raise UsageError("--parameters is not a JSON object.", hint=OBJECT)
    return value


def _set_aside(host: Host, run: Run) -> str:
    """Tell of records that a run set aside, which its status does not."""
    records = set_aside_by(host, run)
    return f"set aside: {records}" if records else ""


def _line(run: Run) -> str:
    steps = counted(run.steps, "step")
    said = [f"{run.run_id}  {run.app_id} {run.job}  {run.status.value}  {steps}"]
    return "\n".join([*said, *filter(None, [run.error, note_of(run)])])
