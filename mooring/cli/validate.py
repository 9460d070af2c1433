"""``mooring validate``: every problem of an app, with its place and its remedy."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from pathlib import Path

import click

from mooring.cli.problems import (
    FORMATS,
    app_folder,
    as_text,
    chosen_format,
    print_json,
    print_text,
    summary,
)
from mooring.model.problem import Problem
from mooring.reading.schema_files import KINDS, schema_file


@click.command("validate")
@click.argument("path", type=click.Path(path_type=Path), default=".")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="How to print problems (default: text; with --json: json).",
)
@click.option("--ocp", is_flag=True, help="Also warn of what could not be used on OCP.")
@click.option(
    "--schema",
    type=click.Choice(KINDS),
    help="Print where the JSON Schema of this kind of file is, for an editor.",
)
@click.pass_context
def command(
    ctx: click.Context, path: Path, form: str | None, ocp: bool, schema: str | None
) -> None:
    """Show every problem of the app in the folder PATH (default: here).

    Nothing of the app is executed. Warnings alone leave the status at 0; errors make it 1.
    """
    from mooring.rules import validate_app

    if schema:
        click.echo(schema_file(schema))
        return
    root = app_folder(path)
    problems = validate_app(root, profiles=partial(known_profiles, ctx), ocp=ocp)
    valid = not any(problem.is_error for problem in problems)
    _print(root, problems, valid=valid, form=chosen_format(ctx, form))
    ctx.exit(0 if valid else 1)


def known_profiles(ctx: click.Context) -> Collection[str]:
    """Name the signature profiles that a host started like this would have."""
    from mooring.plugin_manager import plugin_manager, signature_profiles

    return signature_profiles(plugin_manager(safe_mode=bool(ctx.obj.get("safe_mode"))))


def _print(root: Path, problems: list[Problem], *, valid: bool, form: str) -> None:
    if form == "json":
        print_json({"problems": [problem.to_json() for problem in problems], "ok": valid})
    elif form == "sarif":
        from mooring.cli.sarif import sarif_log
        from mooring.rules import RULES

        print_json(sarif_log(problems, command="validate", rules=RULES))
    else:
        print_text("\n".join(filter(None, [as_text(root, problems), summary(problems)])))
