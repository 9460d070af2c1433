"""``mooring init``: a new app that validates and whose tests pass."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

from mooring.cli.edge import answer
from mooring.cli.scaffold import SCHEMAS, package_name, render, require_empty, schemas, write
from mooring.errors import UsageError

APP_ID = r"[a-z][a-z_0-9]{2,31}"
VENDOR = r"[a-z0-9]+(_[a-z0-9]+)*"
TEMPLATES = ("basic", "connector", "channel")


@click.command("init")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--template",
    type=click.Choice(TEMPLATES),
    default="basic",
    show_default=True,
    help="basic: one function and one job. connector: brings the records of another service in, by "
    "import and by webhook. channel: delivers campaigns.",
)
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
    display_name = display_name or app_id.replace("_", " ").strip().title()
    if not display_name.strip() or not display_name.isprintable():
        raise UsageError(
            f"{display_name!r} cannot be a display name.", hint="Write a line that people can read."
        )
    require_empty(folder)
    values = scaffold_values(app_id, display_name=display_name.strip(), vendor=vendor)
    written = write(folder, {**render(("every", template), values), **schemas()})
    steps = f"cd {folder}\nmooring validate .\nmooring install ."
    answer(
        ctx,
        {"app_id": app_id, "folder": str(folder), "files": written},
        f"Created {app_id} in {folder} ({len(written)} files). Next:\n\n{steps}",
    )


def scaffold_values(app_id: str, *, display_name: str, vendor: str) -> dict[str, Any]:
    """Return what the templates are filled with."""
    return {
        "app_id": app_id,
        "display_name": display_name,
        "vendor": vendor,
        "package": package_name(app_id),
        "version": "0.1.0",
        "dependencies": (),
        "schemas": SCHEMAS,
    }


def _app_id(text: str) -> str:
    if not re.fullmatch(APP_ID, text, re.ASCII):
        raise UsageError(
            f"{text!r} cannot be an app id.",
            hint="It takes 3 to 32 of a-z, 0-9 and _, beginning with a letter: --app-id my_app",
        )
    return text
