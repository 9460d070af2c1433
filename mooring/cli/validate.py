"""``mooring validate``: every problem of an app, with its place and its remedy."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from mooring.cli.options import wants_json
from mooring.errors import UsageError
from mooring.model.problem import Problem


@click.command("validate")
@click.argument("path", type=click.Path(path_type=Path), default=".")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    help="How to print problems (default: text; with --json: json).",
)
@click.pass_context
def command(ctx: click.Context, path: Path, form: str | None) -> None:
    """Show every problem of the app in the folder PATH (default: here).

    Nothing of the app is executed. Warnings alone leave the status at 0; errors make it 1.
    """
    from mooring.rules import validate_app

    problems = validate_app(_folder(path))
    errors = sum(problem.is_error for problem in problems)
    if form == "json" or (form is None and wants_json(ctx)):
        said = {"problems": [problem.to_json() for problem in problems], "ok": not errors}
        click.echo(json.dumps(said, ensure_ascii=False, indent=2))
    else:
        click.echo(_text(problems, errors))
    ctx.exit(1 if errors else 0)


def _folder(path: Path) -> Path:
    if path.is_dir():
        return path
    if path.exists():
        raise UsageError(f"{path} is not a folder.", hint="Name the folder that holds app.yml.")
    raise UsageError(f"There is no folder {path}.", hint="Name the folder that holds app.yml.")


def _text(problems: Sequence[Problem], errors: int) -> str:
    lines = []
    for problem in problems:
        severity = "" if problem.is_error else "warning: "
        lines.append(f"{problem.place} {problem.rule} {severity}{problem.message}")
        if problem.hint:
            lines.append(f"    {problem.hint}")
    warnings = len(problems) - errors
    counts = [_counted(errors, "error"), _counted(warnings, "warning")]
    found = " and ".join(count for count in counts if count)
    return "\n".join([*lines, f"{found[0].upper()}{found[1:]}." if found else "No problems."])


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' if number > 1 else ''}" if number else ""
