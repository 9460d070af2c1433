"""``mooring check``: how good is an app, and what does it lack for the next level?"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mooring.cli.layout import table
from mooring.cli.options import wants_json
from mooring.cli.problems import (
    FORMATS,
    app_folder,
    as_text,
    chosen_format,
    print_json,
    print_text,
    summary,
)
from mooring.cli.validate import known_profiles

if TYPE_CHECKING:
    from mooring.quality import Level, Report

LEVELS = ("bronze", "silver", "gold")


@click.command("check")
@click.argument("path", type=click.Path(path_type=Path), default=".")
@click.option(
    "--level",
    type=click.Choice(LEVELS),
    help="Hold the app to this level (default: the one in its quality.yml, else bronze).",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="How to print problems (default: text; with --json: json).",
)
@click.option("--rules", "list_rules", is_flag=True, help="List the rules instead.")
@click.pass_context
def command(
    ctx: click.Context, path: Path, level: str | None, form: str | None, list_rules: bool
) -> None:
    """Hold the app in the folder PATH (default: here) to the rules of quality.

    They come on top of what `validate` looks at; nothing of the app is executed. What is missing up
    to the level makes the status 1; what is missing beyond it is a warning.
    """
    from mooring.quality import Level, check_app

    if list_rules:
        _list_rules(ctx)
        return
    root = app_folder(path)
    wanted = Level(level) if level else None
    report = check_app(root, level=wanted, profiles=partial(known_profiles, ctx))
    _print(root, report, form=chosen_format(ctx, form))
    ctx.exit(0 if report.ok else 1)


def _print(root: Path, report: Report, *, form: str) -> None:
    if form == "json":
        print_json(_as_json(report))
    elif form == "sarif":
        print_json(_as_sarif(report))
    else:
        print_text(_as_text(root, report))


def _as_json(report: Report) -> dict[str, Any]:
    return {
        "problems": [problem.to_json() for problem in report.problems],
        "ok": report.ok,
        "level": report.level,
        "wanted": report.wanted,
        "rules": dict(report.standing),
    }


def _as_sarif(report: Report) -> dict[str, Any]:
    from mooring.cli.sarif import sarif_log
    from mooring.quality import CLAIM_RULES, RULES
    from mooring.rules import RULES as VALIDITY_RULES

    return sarif_log(
        report.problems,
        command="check",
        rules=(*VALIDITY_RULES, *CLAIM_RULES, *(rule.as_rule() for rule in RULES)),
        helps={rule.id: f"{rule.reason} {rule.remedy}" for rule in RULES},
        exempt=report.accepted,
    )


def _as_text(root: Path, report: Report) -> str:
    from mooring.quality import Level

    parts = [as_text(root, report.problems), summary(report.problems)]
    if "unknown" in report.standing.values():
        parts.append("The rules of quality are looked at once the app is valid: mooring validate")
    else:
        parts += [_summary(report, level) for level in Level]
        parts.append(_verdict(report))
    return "\n".join(filter(None, parts))


def _summary(report: Report, level: Level) -> str:
    """Say in a line how the rules of a level stand."""
    from mooring.quality import RULES

    standing = {rule.id: report.standing[rule.id] for rule in RULES if rule.level is level}
    broken = [rule_id for rule_id, how in standing.items() if how == "broken"]
    exempt = sum(how == "exempt" for how in standing.values())
    holding = len(standing) - len(broken) - exempt
    said = f"{holding} of {len(standing)} rules hold"
    said += f", {exempt} exempt" if exempt else ""
    said += f", broken: {', '.join(broken)}" if broken else ""
    return f"  {level.value:<6}  {said}"


def _verdict(report: Report) -> str:
    reached = f"The app reaches {report.level}" if report.level else "The app reaches no level"
    colour = "green" if report.ok else "red"
    return click.style(f"{reached}; it is held to {report.wanted}.", fg=colour)


def _list_rules(ctx: click.Context) -> None:
    from mooring.quality import RULES

    if wants_json(ctx):
        print_json([{"id": r.id, "level": r.level, "summary": r.summary} for r in RULES])
        return
    rows: Iterator[list[str]] = ([rule.level, rule.id, rule.summary] for rule in RULES)
    click.echo(table(["LEVEL", "RULE", "WHAT HAS TO HOLD"], list(rows), empty=""))
