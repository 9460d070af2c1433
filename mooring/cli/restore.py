"""``mooring restore``: bring back an app that was uninstalled."""

from __future__ import annotations

from pathlib import Path

import click

from mooring.cli.addresses import addresses_text
from mooring.cli.edge import answer, open_host
from mooring.cli.shapes import installation_json


@click.command("restore")
@click.argument("archive", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.pass_context
def command(ctx: click.Context, archive: Path) -> None:
    """Bring back the app whose uninstall wrote the file ARCHIVE, in its account.

    Its URLs, settings, secrets, data and schedules are what they were. What its on_uninstall took
    down at other services has to be set up again: save its settings once more.
    """
    with open_host(ctx) as host:
        installation = host.lifecycle.restore(archive)
        name = f"{installation.app_id} {installation.version}"
        said = f"Restored {name} in account {installation.account}."
        urls = host.endpoints(installation)
        data = {**installation_json(host, installation), "functions": urls}
        answer(ctx, data, "\n".join([said, *addresses_text(host, installation)]))
