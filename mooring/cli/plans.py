"""What would a job write? ``mooring jobs trigger --plan`` shows it, ``--apply`` lets it happen."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from mooring.cli.edge import answer, say
from mooring.cli.layout import aligned, shortened, table, terminal_width
from mooring.cli.shown_values import without_secrets
from mooring.engine.plans.outgoing import leaves
from mooring.errors import MooringError, UsageError
from mooring.model.moment import iso
from mooring.model.plan import Plan
from mooring.model.problem import printable
from mooring.sdk.job import JobStatus

if TYPE_CHECKING:
    from mooring.hosting.host import Host
    from mooring.model.installation import Installation
    from mooring.model.run import Run

TELL_EVERY = timedelta(seconds=1)
OUR_OWN = ("odp", "jobs")  # what is of this machine comes last, and in few words
LINES, FEW_LINES = 8, 3  # of what one sample says
LONGEST = 100  # characters of a value, or of two that are compared
SHORT_ID = 8
NOTHING = "Nothing was written."


def check_options(*, plan: bool, apply: str | None, parameters: str) -> None:
    """Refuse options that say two things at once. Raises UsageError."""
    if plan and apply is not None:
        raise UsageError(
            "--plan shows what would be written and --apply writes it.",
            hint="Give --plan first, then --apply with the plan's id.",
        )
    if apply is not None and parameters != "{}":
        raise UsageError(
            "A plan has its own parameters.",
            hint="Leave --parameters out, or give it with --plan for another plan.",
        )


def show_plan(
    ctx: click.Context,
    host: Host,
    installation: Installation,
    job: str,
    parameters: Mapping[str, Any],
) -> None:
    """Make a plan and print it."""
    ctx.obj["interrupted"] = NOTHING
    plan = host.plans.make(installation, job, parameters, listener=_Telling(ctx, host))
    host.know_secrets()
    said = host.masker.hide_in(_shown(plan))
    answer(ctx, said, "\n".join(_described(said, plan)))


def applied(
    ctx: click.Context, host: Host, installation: Installation, job: str, plan_id: str
) -> Run:
    """Begin the run that does what is planned. Raises WorldMoved."""
    ctx.obj["interrupted"] = NOTHING
    say(ctx, "Looking whether all is as it was …")
    return host.plans.apply(installation, job, plan_id, listener=_Telling(ctx, host))


class _Telling:
    """Tells now and then how far a plan is."""

    def __init__(self, ctx: click.Context, host: Host) -> None:
        self._ctx = ctx
        self._host = host
        self._told_at = host.clock.now()

    def step(self, steps: int, writes: int, status: JobStatus) -> None:
        """Tell of it, unless something was told just before."""
        now = self._host.clock.now()
        if now - self._told_at < TELL_EVERY:
            return
        self._told_at = now
        progress = status.progress
        done = f", {progress.done:,} {progress.unit}".rstrip() if progress else ""
        say(self._ctx, f"… step {steps:,}{done}; {writes:,} writes collected")

    def waits(self, error: MooringError, seconds: float) -> None:
        """Say why nothing happens for a while."""
        said = self._host.masker.hide(str(error))
        say(self._ctx, f"… {said} Goes on in {round(seconds)} s.")


def _shown(plan: Plan) -> dict[str, Any]:
    """Return a plan without its digests, from which somebody could guess what is short."""
    said = plan.to_json()
    del said["writes"], said["linked"]
    parameters = without_secrets(dict(plan.parameters))
    return {**said, "parameters": parameters, "reads": sorted(plan.reads)}


def _described(said: Mapping[str, Any], plan: Plan) -> Iterator[str]:
    facts = {
        "plan": plan.plan_id,
        "job": f"{plan.app_id} {plan.job} (account {plan.account}, version {plan.version})",
        "parameters": json.dumps(said["parameters"], ensure_ascii=False),
        "steps": f"{plan.steps:,}",
        "good until": f"{iso(plan.expires_at)}",
    }
    yield from aligned(facts)
    yield ""
    yield from _counts(plan)
    for sample in _first_of_each_kind(said["samples"]):
        yield ""
        yield from _sample(sample, most=FEW_LINES if sample["service"] in OUR_OWN else LINES)
    yield from _besides(said)
    yield ""
    if plan.total:
        short = plan.plan_id[:SHORT_ID]
        yield f"{NOTHING} To write exactly that, while all stays as it is:"
        yield f"  mooring jobs trigger {plan.app_id} {plan.job} --apply {short}"
    else:
        yield "Nothing was written, and the job would write nothing."


def _counts(plan: Plan) -> list[str]:
    headers = ["SERVICE", "ACTION", "TARGET", "WRITES", "RECORDS"]
    rows = [
        [each.service, each.action, printable(each.target), f"{each.writes:,}", f"{each.rows:,}"]
        for each in sorted(plan.counts, key=lambda counted: counted.service in OUR_OWN)
    ]
    return [table(headers, rows, empty="No writes.", width=terminal_width())]


def _first_of_each_kind(samples: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    found: dict[tuple[str, str, str], Mapping[str, Any]] = {}
    for sample in samples:
        found.setdefault((sample["service"], sample["action"], sample["kind"]), sample)
    return sorted(found.values(), key=lambda sample: sample["service"] in OUR_OWN)


def _sample(sample: Mapping[str, Any], *, most: int) -> Iterator[str]:
    """Show one write: where it goes, and what it says, beside what is there if that is known."""
    yield printable(f"{sample['action']} {sample['service']} {sample['target']}")
    before = dict(leaves(sample.get("before") or {}))
    pairs: dict[str, str] = {}
    for path, value in leaves(sample["content"]):
        name = printable(".".join(map(str, path)) or "body")
        known = path in before
        if known and before[path] != value:
            pairs[name] = " → ".join(_value(v, most=LONGEST // 2) for v in (before[path], value))
        else:
            pairs[name] = f"{_value(value)}{' (as it is)' if known else ''}"
    lines = [f"  {line}" for line in aligned(pairs)]
    yield from lines[:most]
    if len(lines) > most:
        yield f"  … {len(lines) - most:,} more; --json shows them"


def _besides(said: Mapping[str, Any]) -> Iterator[str]:
    """Tell what the run would do beside its writes to others."""
    kept = [f"{number:,} in {store}" for store, number in said["kept"].items()]
    if kept:
        yield ""
        yield f"Records that the run itself would keep: {', '.join(kept)}."
    if said["notifications"]:
        yield ""
        yield "People would be told:"
        for each in said["notifications"]:
            yield printable(f"  {each['level']}: {each['title']} – {each['summary']}")


def _value(value: Any, *, most: int = LONGEST) -> str:
    return shortened(printable(json.dumps(value, ensure_ascii=False)), limit=most)
