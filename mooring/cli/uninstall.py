"""``mooring uninstall``: take an app out of an account."""

from __future__ import annotations

import click

from mooring.cli.edge import answer, open_host, say

DELETED = "Its data was deleted."


@click.command("uninstall")
@click.argument("app_id")
@click.option("--purge", is_flag=True, help="Delete its data too; this cannot be undone.")
@click.pass_context
def command(ctx: click.Context, app_id: str, purge: bool) -> None:
    """Take the app APP_ID out of an account.

    Asks the app (can_uninstall), stops its schedules and runs, calls on_uninstall; its URLs then
    answer 410. Its settings, secrets and data are kept in a sealed file, from which `mooring
    restore` brings it back, unless --purge is given, which also deletes what was kept before. What
    is in ODP stays.
    """
    with open_host(ctx) as host:
        account = host.config.account
        if purge and not host.installations.find(app_id, account) and host.lifecycle.purge(app_id):
            archive, told = None, f"Deleted what {app_id} had left in account {account}."
        else:
            archive = host.lifecycle.uninstall(
                host.installation(app_id),
                purge=purge,
                progress=lambda step: say(ctx, f"… {step}"),
            )
            told = f"Uninstalled {app_id} from account {account}.\n"
            told += f"To bring it back: mooring restore {archive}" if archive else DELETED
        data = {
            "app_id": app_id,
            "account": account,
            "purged": purge,
            "archive": None if archive is None else str(archive),
        }
        answer(ctx, data, told)
