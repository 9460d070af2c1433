"""``mooring port``: an OCP app in TypeScript, turned into one in Python as far as that goes."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import click

from mooring.cli.edge import answer
from mooring.cli.init import APP_ID
from mooring.cli.scaffold import package_name, render, require_empty, write
from mooring.model.problem import printable
from mooring.porting import Ported, port_app
from mooring.porting.report import Report, as_page, as_text

PAGE = "PORTING.md"
# Of what all new apps share; the rest is the OCP app's own.
SHARED = (".gitignore", "pyproject.toml", "README.md")


@click.command("port")
@click.argument("source", metavar="OCP_APP_DIR", type=click.Path(path_type=Path))
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.pass_context
def command(ctx: click.Context, source: Path, folder: Path) -> None:
    """Turn the OCP app in OCP_APP_DIR into a Python app in the new or empty folder DIR.

    Manifest, forms, schema and assets stay as they are but for what must change. Of the code, the
    classes and their methods become stubs that say they are not written yet. What does not carry
    over is reported, and written to PORTING.md. OCP_APP_DIR is only read.
    """
    require_empty(folder)
    ported = port_app(source)
    write(folder, {**_shared(ported), **ported.files})
    report = _validated(ported.report, folder)
    written = write(folder, {PAGE: as_page(report)})
    files = sorted({*written, *ported.files, *SHARED})
    steps = f"cd {folder}\npython -m pytest\nmooring validate ."
    said = f"Ported {report.app_id} to {folder}.\n\n{as_text(report)}\n\nNext:\n\n{steps}"
    answer(ctx, {**report.to_json(), "folder": str(folder), "files": files}, said)
    ctx.exit(0 if report.ok else 1)


def _validated(report: Report, folder: Path) -> Report:
    """Add what the validator says of the result."""
    from mooring.rules import validate_app

    return replace(report, problems=tuple(validate_app(folder)))


def _shared(ported: Ported) -> dict[str, str]:
    report = ported.report
    version = re.match(r"\d+\.\d+\.\d+", str(report.version), re.ASCII)
    libraries: dict[str, list[str]] = {}
    for one in ported.counterparts:
        if one.distribution:
            libraries.setdefault(one.distribution, []).append(one.package)
    # What is no app id was reported; it must not get into file names or TOML.
    app_id = report.app_id if re.fullmatch(APP_ID, report.app_id, re.ASCII) else "app"
    values = {
        "app_id": app_id,
        "display_name": printable(report.display_name),
        "package": package_name(app_id),
        "version": version[0] if version else "0.1.0",
        # Named, not asked for: which of them the app will need is seen when it is written.
        "dependencies": [
            f'# "{name}",  # in place of {", ".join(packages)}'
            for name, packages in libraries.items()
        ],
    }
    rendered = render(("every", "ported"), values)
    return {name: rendered[name] for name in SHARED}
