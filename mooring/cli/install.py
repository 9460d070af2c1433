"""``mooring install``: bring an app into an account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from mooring.cli.edge import aligned, answer, open_host, say
from mooring.cli.shapes import installation_json
from mooring.model.config import DEFAULT_ACCOUNT
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
        urls = host.endpoints(installation)
        answer(
            ctx,
            {**installation_json(host, installation), "functions": urls},
            "\n".join(_told(installation, urls)),
        )


def _told(installation: Installation, urls: Mapping[str, str]) -> Iterator[str]:
    name = f"{installation.app_id} {installation.version}"
    yield f"Installed {name} in account {installation.account}."
    if urls:
        yield from ("", "Function URLs:", *(f"  {line}" for line in aligned(urls)))
    elsewhere = (
        f" --account {installation.account}" if installation.account != DEFAULT_ACCOUNT else ""
    )
    yield from ("", f"Next: mooring settings {installation.app_id}{elsewhere}")
