"""How are the problems of an app shown: to people, to programs, to tools that collect findings?"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from mooring.cli.excerpts import Excerpts
from mooring.cli.options import wants_json
from mooring.errors import UsageError
from mooring.model.amounts import counted
from mooring.model.problem import Problem

FORMATS = ("text", "json", "sarif")


def app_folder(path: Path) -> Path:
    """Return the folder that a command names. Raises UsageError when it is none."""
    if path.is_dir():
        return path
    if path.exists():
        raise UsageError(f"{path} is not a folder.", hint="Name the folder that holds app.yml.")
    raise UsageError(f"There is no folder {path}.", hint="Name the folder that holds app.yml.")


def chosen_format(ctx: click.Context, form: str | None) -> str:
    """Return the format that was asked for: --format, else what --json says."""
    return form or ("json" if wants_json(ctx) else "text")


def print_json(data: Any) -> None:
    """Print the answer for programs."""
    click.echo(json.dumps(data, ensure_ascii=False, indent=2))


def print_text(text: str) -> None:
    """Print the answer for people: in colour on a terminal, unless NO_COLOR says otherwise."""
    click.echo(text, color=False if os.environ.get("NO_COLOR") else None)


def as_text(root: Path, problems: Sequence[Problem]) -> str:
    """Write each problem with its place, its line and its remedy."""
    excerpts = Excerpts(root)
    return "\n".join(line for each in problems for line in _told(each, excerpts.at(each)))


def summary(problems: Sequence[Problem]) -> str:
    """Say how many problems there are, by severity."""
    errors = sum(problem.is_error for problem in problems)
    numbers = {"error": errors, "warning": len(problems) - errors}
    found = " and ".join(counted(n, what) for what, n in numbers.items() if n)
    return f"{found}." if found else "No problems."


def _told(problem: Problem, shown: list[str]) -> Iterator[str]:
    colour = "red" if problem.is_error else "yellow"
    severity = "" if problem.is_error else click.style("warning:", fg=colour) + " "
    place = click.style(problem.place, bold=True)
    yield f"{place} {click.style(problem.rule, fg=colour)} {severity}{problem.message}"
    yield from shown[:1]
    yield from (click.style(caret, fg=colour) for caret in shown[1:])
    if problem.hint:
        yield f"    {problem.hint}"
