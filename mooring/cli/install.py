"""``mooring install``: bring an app into an account."""

from __future__ import annotations

from pathlib import Path

import click

from mooring.cli.edge import answer, open_host, say
from mooring.cli.shapes import installation_json


@click.command("install")
@click.argument("path", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.pass_context
def command(ctx: click.Context, path: Path) -> None:
    """Install the app in the folder PATH into an account.

    Validates it, applies its schema, gives its functions their URLs, calls on_install, and sets
    its schedules. When a step fails, the steps before it are undone.
    """
    with open_host(ctx) as host:
        installation = host.install(path, progress=lambda step: say(ctx, f"… {step}"))
        urls = host.endpoints(installation)
        lines = [
            (
                f"Installed {installation.app_id} {installation.version} "
                f"in account {installation.account}."
            )
        ]
        if urls:
            width = max(map(len, urls))
            lines += [
                "",
                "Function URLs:",
                *(f"  {n.ljust(width)}  {u}" for n, u in urls.items()),
            ]
        lines += ["", f"Next: mooring settings {installation.app_id}"]
        answer(
            ctx,
            {**installation_json(host, installation), "functions": urls},
            "\n".join(lines),
        )
