"""``mooring upgrade``: let another version of an app take over while it serves."""

from __future__ import annotations

from pathlib import Path

import click

from mooring.cli.addresses import addresses_text
from mooring.cli.edge import answer, open_host, say
from mooring.cli.shapes import installation_json
from mooring.engine.upgrade import Upgraded


@click.command("upgrade")
@click.argument("path", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--allow-downgrade", is_flag=True, help="Accept a version lower than the present.")
@click.pass_context
def command(ctx: click.Context, path: Path, allow_downgrade: bool) -> None:
    """Replace an installed app by the version in the folder PATH.

    The installed version serves until the new one is ready; URLs that both have stay the same. When
    a step fails, the installed version serves on with the data it had. When only on_after_upgrade
    fails, the new version stays, and the same command calls it again (exit status 1).
    """
    with open_host(ctx) as host:
        done = host.lifecycle.upgrade(
            path, allow_downgrade=allow_downgrade, progress=lambda step: say(ctx, f"… {step}")
        )
        data = {
            **installation_json(host, done.installation),
            "functions": host.endpoints(done.installation),
            "from_version": done.before,
            "changed": done.changed,
            "trouble": done.trouble or None,
        }
        addresses = addresses_text(host, done.installation) if done.changed else ()
        answer(ctx, data, "\n".join([_told(done), *addresses]))
        if done.trouble:
            ctx.exit(1)


def _told(done: Upgraded) -> str:
    installation = done.installation
    name, version = f"{installation.app_id}", installation.version
    if done.trouble:
        return (
            f"{name} {version} serves in account {installation.account}, but: "
            f"{done.trouble.rstrip('.')}. Repeat this command to call on_after_upgrade again."
        )
    if not done.changed:
        return f"Nothing to do: {name} {version} is installed with this very content."
    return f"Upgraded {name} from {done.before} to {version} in account {installation.account}."
