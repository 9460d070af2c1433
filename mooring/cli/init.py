"""``mooring init``: a new app that validates and whose tests pass."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import click

from mooring.cli.edge import answer
from mooring.errors import Conflict, HomeUnusable, UsageError

APP_ID = r"[a-z][a-z_0-9]{2,31}"
VENDOR = r"[a-z0-9]+(_[a-z0-9]+)*"
TEMPLATES = ("basic",)
# Dot files would be left out of a wheel by some build backends.
RENAMED = {"gitignore": ".gitignore"}


@click.command("init")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--template", type=click.Choice(TEMPLATES), default="basic", show_default=True)
@click.option("--app-id", help="3 to 32 of a-z, 0-9, _ (default: from the folder's name).")
@click.option("--display-name", help="What people see (default: from the app id).")
@click.option("--vendor", default="example", show_default=True, help="Lower snake case.")
@click.pass_context
def command(
    ctx: click.Context,
    folder: Path,
    template: str,
    app_id: str | None,
    display_name: str | None,
    vendor: str,
) -> None:
    """Scaffold an app in the new or empty folder DIR."""
    app_id = _app_id(app_id or folder.resolve().name.lower().replace("-", "_"))
    if not re.fullmatch(VENDOR, vendor, re.ASCII):
        raise UsageError(
            f"{vendor!r} cannot be a vendor.", hint="Write lower snake case: --vendor my_company"
        )
    display_name = display_name or app_id.replace("_", " ").title()
    if not display_name.strip() or not display_name.isprintable():
        raise UsageError(
            f"{display_name!r} cannot be a display name.", hint="Write a line that people can read."
        )
    if folder.exists() and any(folder.iterdir()):
        raise Conflict(f"{folder} is not empty.", hint="Name a new or an empty folder.")
    values = {
        "app_id": app_id,
        "display_name": display_name.strip(),
        "vendor": vendor,
    }
    written = _render(files("mooring") / "templates" / template, folder, values)
    steps = f"cd {folder}\nmooring validate .\nmooring install ."
    answer(
        ctx,
        {"app_id": app_id, "folder": str(folder), "files": written},
        f"Created {app_id} in {folder} ({len(written)} files). Next:\n\n{steps}",
    )


def _app_id(text: str) -> str:
    if not re.fullmatch(APP_ID, text, re.ASCII):
        raise UsageError(
            f"{text!r} cannot be an app id.",
            hint="It takes 3 to 32 of a-z, 0-9 and _, beginning with a letter: --app-id my_app",
        )
    return text


def _render(source: Traversable, target: Path, values: dict[str, str]) -> list[str]:
    """Write every template file below ``target`` and return their names."""
    from jinja2 import Environment, StrictUndefined

    # The files are YAML, Python and Markdown: HTML escaping would damage them.
    environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True)  # noqa: S701  # no HTML
    # A JSON string is a YAML string whatever it contains.
    environment.filters["quoted"] = lambda text: json.dumps(text, ensure_ascii=False)
    written: list[str] = []

    def descend(folder: Traversable, below: str) -> None:
        for entry in sorted(folder.iterdir(), key=lambda e: e.name):
            name = f"{below}{RENAMED.get(entry.name, entry.name)}"
            if entry.is_dir() and entry.name != "__pycache__":
                descend(entry, f"{name}/")
            elif entry.is_file():
                path = target / name
                path.parent.mkdir(parents=True, exist_ok=True)
                text = environment.from_string(entry.read_text("utf-8")).render(values)
                path.write_text(text, "utf-8")
                written.append(name)

    try:
        descend(source, "")
    except OSError as error:
        raise HomeUnusable(
            f"The app cannot be written: {error.strerror}.", where=str(target)
        ) from error
    return written
