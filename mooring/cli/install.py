"""``mooring install``: bring an app into an account."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mooring.cli.addresses import addresses_text
from mooring.cli.edge import answer, open_host, say
from mooring.cli.shapes import installation_json
from mooring.model.account import account_option

if TYPE_CHECKING:
    from mooring.hosting.host import Host
    from mooring.model.installation import Installation


@click.command("install")
@click.argument("path", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.pass_context
def command(ctx: click.Context, path: Path) -> None:
    """Install the app in the folder PATH into an account.

    Validates it, applies its schema, gives its functions their URLs, calls on_install, and sets
    its schedules. When a step fails, the steps before it are undone.
    """
    with open_host(ctx) as host:
        installation = host.lifecycle.install(path, progress=lambda step: say(ctx, f"… {step}"))
        answer(
            ctx,
            {**installation_json(host, installation), "functions": host.endpoints(installation)},
            "\n".join(_told(host, installation)),
        )


def _told(host: Host, installation: Installation) -> Iterator[str]:
    name = f"{installation.app_id} {installation.version}"
    yield f"Installed {name} in account {installation.account}."
    yield from addresses_text(host, installation)
    option = account_option(installation.account)
    yield from ("", f"Next: mooring settings {installation.app_id}{option}")
