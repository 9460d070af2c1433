"""``mooring deadletter``: records that jobs set aside, seen, tried again, dropped."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from mooring.cli.edge import answer, given_account, open_host
from mooring.cli.groups import DefaultsToList
from mooring.cli.layout import aligned, fitting_table, shortened
from mooring.cli.shown_values import hidden, without_secrets
from mooring.cli.waiting import finish, say_if_nothing_executes
from mooring.errors import Conflict, NotFound, UsageError
from mooring.model.amounts import counted
from mooring.model.dead_letter import LetterState
from mooring.model.known_names import listed, nearest
from mooring.model.moment import iso
from mooring.model.progress import duration_text
from mooring.model.run import Run, RunStatus

if TYPE_CHECKING:
    from mooring.adapters.repositories.dead_letters import LetterCount, ShownLetter
    from mooring.hosting.host import Host

HEADERS = ["LETTER", "APP", "ACCOUNT", "JOB", "KEY", "STATE", "TIMES", "AGE", "REASON"]
LONGEST_KEY = 40  # characters, in a column
WHICH = "Name letters, or give --all APP_ID."


@click.group("deadletter", cls=DefaultsToList)
def command() -> None:
    """Look at records that jobs set aside, try them again, or drop them."""


@command.command("list")
@click.argument("app_id", required=False)
@click.option("--job", metavar="JOB", help="Those of one job alone.")
@click.option(
    "--limit",
    default=20,
    show_default=True,
    type=click.IntRange(min=1),
    help="How many, the last changed first.",
)
@click.pass_context
def list_(ctx: click.Context, app_id: str | None, job: str | None, limit: int) -> None:
    """Show what is set aside, of one app or of all; with --account of that account alone."""
    account = given_account(ctx)
    with open_host(ctx, reads=True) as host:
        found = host.dead_letters.recent(app_id=app_id, account=account, job=job, limit=limit)
        if not found:
            _check_known(host, app_id, job)
        now = host.clock.now()
        counts = host.dead_letters.counts(app_id=app_id, account=account, job=job)
        listed = [hidden(host, letter_json(shown)) for shown in found]
        rows = [
            [each["letter_id"], each["app_id"], each["account"], each["job"],
             shortened(each["key"], limit=LONGEST_KEY), each["state"], str(each["times"]),
             _age(shown.letter.created_at, now), shortened(each["reason"])]
            for each, shown in zip(listed, found, strict=True)
        ]  # fmt: skip
        text = fitting_table(HEADERS, rows, empty="Nothing is set aside.")
        answer(ctx, listed, "\n".join([text, *_totals(counts, now)]))


@command.command()
@click.argument("letter", metavar="ID")
@click.pass_context
def show(ctx: click.Context, letter: str) -> None:
    """Show one record with its reason. The first characters of its id are enough.

    Secrets in the record are hidden.
    """
    with open_host(ctx, reads=True) as host:
        shown = host.dead_letters.named(letter)
        facts = hidden(host, {**letter_json(shown), "record": _record(shown)})
        answer(ctx, facts, _described(facts))


@command.command()
@click.argument("letters", nargs=-1, metavar="[ID]...")
@click.option("--all", "app_id", metavar="APP_ID", help="All that is set aside of an app.")
@click.option("--job", metavar="JOB", help="With --all: of one job alone.")
@click.option("--wait", is_flag=True, help="Wait for the end; exit 1 if a record is left.")
@click.pass_context
def retry(
    ctx: click.Context, letters: tuple[str, ...], app_id: str | None, job: str | None, wait: bool
) -> None:
    """Let the job handle these records once more, in a run of their own.

    What it handles leaves the shelf; the rest stays, with the newest reason. A running `mooring
    serve` executes the run; without one, --wait executes it here.
    """
    from mooring.hosting.dead_letters import retry_letters

    with open_host(ctx) as host:
        chosen = _chosen(ctx, host, letters, app_id, job)
        tried = _not_in_hand(chosen, named=bool(letters))
        runs = retry_letters(host, tried)
        if wait:
            runs = [finish(ctx, host, run) for run in runs]
        elif runs:
            say_if_nothing_executes(ctx, host)
        left = _left(host, tried) if wait else None
        data = {"retried": len(tried), "left": left, "runs": [_run_json(host, r) for r in runs]}
        answer(ctx, data, _told(host, len(tried), left, runs))
        if wait and (left or any(run.status is not RunStatus.COMPLETE for run in runs)):
            ctx.exit(1)


@command.command()
@click.argument("letters", nargs=-1, metavar="[ID]...")
@click.option("--all", "app_id", metavar="APP_ID", help="All that is set aside of an app.")
@click.option("--job", metavar="JOB", help="With --all: of one job alone.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def drop(
    ctx: click.Context, letters: tuple[str, ...], app_id: str | None, job: str | None, yes: bool
) -> None:
    """Forget these records for good; this cannot be undone."""
    with open_host(ctx) as host:
        chosen = _chosen(ctx, host, letters, app_id, job)
        if chosen and not yes:
            _ask(f"Forget {counted(len(chosen), 'record')} for good?")
        dropped = host.dead_letters.drop([shown.letter.letter_id for shown in chosen])
        host.log.log("info", "deadletter.dropped", {"app_id": app_id, "dropped": dropped})
        answer(ctx, {"dropped": dropped}, f"{counted(dropped, 'record')} dropped.")


def letter_json(shown: ShownLetter) -> dict[str, Any]:
    """Write a letter for machines, without its record."""
    letter = shown.letter
    return {
        "letter_id": letter.letter_id,
        "app_id": shown.app_id,
        "account": shown.account,
        "job": letter.job,
        "key": letter.key,
        "state": letter.state.value,
        "reason": letter.reason,
        "times": letter.times,
        "run_id": letter.run_id,
        "created_at": iso(letter.created_at),
        "changed_at": iso(letter.changed_at),
    }


def _chosen(
    ctx: click.Context, host: Host, letters: Sequence[str], app_id: str | None, job: str | None
) -> list[ShownLetter]:
    """Return the letters that a command names. Raises UsageError, NotFound."""
    if bool(letters) == bool(app_id):
        raise UsageError("Which of them?", hint=WHICH)
    if letters:
        if job:
            raise UsageError("--job goes with --all.", hint=WHICH)
        named = [host.dead_letters.named(text) for text in letters]
        return list({shown.letter.letter_id: shown for shown in named}.values())
    account = given_account(ctx)
    found = host.dead_letters.recent(app_id=app_id, account=account, job=job, limit=None)
    if not found:
        _check_known(host, app_id, job)
    return found


def _check_known(host: Host, app_id: str | None, job: str | None) -> None:
    """Check that there may be such letters. Raises NotFound, naming the apps or jobs there are."""
    of = [host.installation(app_id)] if app_id else host.installations.all()
    if job is None:
        return
    jobs = sorted({name for each in of for name in host.definition(each).manifest.jobs})
    if job not in jobs:
        whose = f"{app_id} has no job" if app_id else "No app has a job"
        raise NotFound(f"{whose} {job}.", hint=f"{nearest(job, jobs)}Jobs: {listed(jobs)}.")


def _not_in_hand(chosen: Iterable[ShownLetter], *, named: bool) -> list[ShownLetter]:
    """Leave out what a run is trying already. Raises Conflict for one that was named."""
    free = []
    for shown in chosen:
        if shown.letter.state is not LetterState.RETRYING:
            free.append(shown)
        elif named:
            raise Conflict(
                f"The record {shown.letter.letter_id} is being tried by a run.",
                hint=f"See what becomes of it: mooring jobs show {shown.letter.run_id}",
            )
    return free


def _left(host: Host, tried: Iterable[ShownLetter]) -> int:
    """Count those that are still on the shelf."""
    left = 0
    for shown in tried:
        try:
            host.dead_letters.named(shown.letter.letter_id)
        except NotFound:
            continue
        left += 1
    return left


def _told(host: Host, tried: int, left: int | None, runs: Iterable[Run]) -> str:
    lines = [
        f"{run.run_id}  {run.app_id} {run.job}  {run.status.value}"
        + (f"  {host.masker.hide(run.error)}" if run.error else "")
        for run in runs
    ]
    if not tried:
        return "Nothing is set aside."
    if left is None:
        return "\n".join([*lines, f"{counted(tried, 'record')} will be tried again."])
    rest = f"; {left} still set aside: mooring deadletter list" if left else ""
    return "\n".join([*lines, f"{tried - left} of {counted(tried, 'record')} handled{rest}."])


def _totals(counts: Iterable[LetterCount], now: datetime) -> list[str]:
    """Say of each job how many there are, which may be more than are shown."""
    lines = [
        f"{each.app_id} (account {each.account}), {each.job}: {counted(each.letters, 'record')}, "
        f"the oldest for {_age(each.oldest, now)}"
        for each in counts
    ]
    return ["", *lines] if lines else []


def _record(shown: ShownLetter) -> Any:  # Any: JSON
    try:
        return without_secrets(dict(shown.letter.record))
    except ValueError as error:
        return f"It cannot be shown: it is {error}."


def _described(facts: dict[str, Any]) -> str:
    times = "once" if facts["times"] == 1 else f"by {facts['times']} runs"
    lines = {
        "letter": facts["letter_id"],
        "job": f"{facts['app_id']} {facts['job']} (account {facts['account']})",
        "key": facts["key"],
        "state": facts["state"],
        "set aside": f"{times}, first at {facts['created_at']}, last at {facts['changed_at']}",
        "run": facts["run_id"],
        "reason": facts["reason"],
        "try again": f"mooring deadletter retry {facts['letter_id']} --wait",
    }
    return "\n".join(
        [*aligned(lines), "", json.dumps(facts["record"], ensure_ascii=False, indent=2)]
    )


def _ask(question: str) -> None:
    """Ask a person; without one the command has to say yes itself. Raises UsageError."""
    if not sys.stdin.isatty():
        raise UsageError(question, hint="Nobody can be asked here: add --yes.")
    click.confirm(question, abort=True, err=True)


def _run_json(host: Host, run: Run) -> dict[str, Any]:
    return hidden(host, run.to_json())


def _age(moment: datetime, now: datetime) -> str:
    return duration_text(max((now - moment).total_seconds(), 0.0))
