"""``mooring uninstall``: take an app out of an account."""

from __future__ import annotations

import click

from mooring.cli.edge import answer, open_host


@click.command("uninstall")
@click.argument("app_id")
@click.option("--purge", is_flag=True, help="Delete its data too; this cannot be undone.")
@click.pass_context
def command(ctx: click.Context, app_id: str, purge: bool) -> None:
    """Take the app APP_ID out of an account.

    Asks the app (can_uninstall), stops its schedules and runs, calls on_uninstall; its URLs then
    answer 410. Its settings, secrets and data stay in the home unless --purge is given.
    """
    with open_host(ctx) as host:
        installation = host.installation(app_id)
        host.lifecycle.uninstall(installation, purge=purge)
        kept = "Its data was deleted." if purge else "Its data is kept; --purge would delete it."
        answer(
            ctx,
            {"app_id": app_id, "account": installation.account, "purged": purge},
            f"Uninstalled {app_id} from account {installation.account}. {kept}",
        )
