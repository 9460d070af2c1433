"""``mooring apps``: what is installed."""

from __future__ import annotations

import click

from mooring.cli.attention import attention_text
from mooring.cli.edge import answer, given_account, open_host, table
from mooring.cli.shapes import installation_json


@click.command("apps")
@click.argument("app_id", required=False)
@click.pass_context
def command(ctx: click.Context, app_id: str | None) -> None:
    """Show what is installed, where, in which version and state (in all accounts, or --account)."""
    account = given_account(ctx)
    with open_host(ctx) as host:
        found = [
            each
            for each in host.installations.all()
            if app_id in (None, each.app_id) and account in (None, each.account)
        ]
        if app_id and not found:
            host.installation(app_id)  # raises, naming what is installed
        described = [installation_json(host, installation) for installation in found]
        rows = [
            [
                d["app_id"],
                d["account"],
                d["version"],
                d["state"],
                ", ".join(f"{s['job']} at {s['next_at'] or 'off'}" for s in d["schedules"]),
            ]
            for d in described
        ]
        headers = ["APP", "ACCOUNT", "VERSION", "STATE", "NEXT RUNS (UTC)"]
        text = table(headers, rows, empty="Nothing is installed. Next: mooring install PATH")
        notes = [
            f"\n{d['app_id']} (account {d['account']}): {attention_text(each)}"
            for d in described
            for each in d["attention"]
        ]
        answer(ctx, described, "\n".join([text, *notes]))
