"""Which pages below docs/reference say what the code says? Writes them, or checks them (--check).

Commands come from the command line itself, hooks from hookspecs, errors from the error tree, rules
from validate and check, files from their JSON Schemas: none of these pages is edited by hand.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import click

from mooring import errors, hookspecs
from mooring.cli.main import COMMANDS
from mooring.reading.json_schema import load_schema
from scripts.rule_pages import quality_page, validity_page
from scripts.schema_pages import schema_page

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"
NOTICE = "<!-- Written by scripts/generate_docs.py; `make format` writes it anew. -->"
WIDTH = 100


def main(arguments: list[str]) -> int:
    """Write every page, or with --check say which ones are out of step."""
    stale = [page for page, text in _pages() if _kept(page) != text]
    if "--check" in arguments:
        for page in stale:
            print(f"docs/reference/{page} is out of step with the code: run `make format`.")
        return 1 if stale else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for page, text in _pages():
        (FOLDER / page).write_text(text, "utf-8")
    return 0


def _pages() -> Iterator[tuple[str, str]]:
    builders: dict[str, tuple[str, Callable[[], Iterator[str]]]] = {
        "commands.md": ("Commands", _commands),
        "errors.md": ("Errors", _errors),
        "hooks.md": ("Hooks", _hooks),
        "rules.md": ("Rules", validity_page),
        "quality.md": ("Rules of quality", quality_page),
        "manifest.md": ("The manifest, app.yml", partial(_schema, "app")),
        "forms.md": ("Forms", partial(_schema, "form")),
        "schema.md": ("Schema files", partial(_schema, "schema")),
    }
    for page, (title, build) in builders.items():
        yield page, "\n".join([f"# {title}", "", NOTICE, "", *build()]).rstrip() + "\n"


def _kept(page: str) -> str:
    path = FOLDER / page
    return path.read_text("utf-8") if path.is_file() else ""


def _commands() -> Iterator[str]:
    yield "Every command takes `--home DIR`, `--account ID` and `--json`, before or after its name."
    yield ""
    for name, summary in COMMANDS.items():
        command: click.Command = importlib.import_module(f"mooring.cli.{name}").command
        yield from _command(command, ["mooring", name], summary)


def _command(command: click.Command, path: list[str], summary: str) -> Iterator[str]:
    context = click.Context(command, info_name=" ".join(path), max_content_width=WIDTH)
    context.terminal_width = WIDTH
    yield from (f"## `{' '.join(path)}`", "", summary, "", "```text")
    yield command.get_help(context)
    yield from ("```", "")
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from _command(inner, [*path, name], inner.get_short_help_str(limit=WIDTH))


def _schema(kind: str) -> Iterator[str]:
    return schema_page(load_schema(kind))


def _errors() -> Iterator[str]:
    yield "What a command exits with, what a request is answered with, and what the host then does."
    yield ""
    yield "| error | code | meaning | exit | HTTP | reaction |"
    yield "|---|---|---|---|---|---|"
    for found in _tree(errors.MooringError):
        meaning, *_ = (found.__doc__ or "").strip().partition("\n\n")  # what has a row has one line
        meaning = " ".join(meaning.split())
        yield (
            f"| `{found.__name__}` | `{found.code}` | {meaning} | {found.exit_status} "
            f"| {found.http_status} | {found.reaction} |"
        )


def _tree(error: type[errors.MooringError]) -> Iterator[type[errors.MooringError]]:
    yield error
    for inner in error.__subclasses__():
        if inner.__module__ == errors.__name__:
            yield from _tree(inner)


def _hooks() -> Iterator[str]:
    yield from (inspect.getdoc(hookspecs) or "").splitlines()
    yield ""
    for name, hook in vars(hookspecs).items():
        if name.startswith("mooring_"):
            yield from (f"## `{name}{inspect.signature(hook)}`", "")
            yield inspect.getdoc(hook) or ""
            yield ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
