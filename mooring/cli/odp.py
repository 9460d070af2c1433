"""``mooring odp``: a look into the account's embedded ODP."""

from __future__ import annotations

import json
import secrets
from functools import partial

import click

from mooring.cli.edge import answer, open_host
from mooring.cli.layout import aligned, table

OWNER = "host"
KEY_BYTES = 32


@click.group("odp")
def command() -> None:
    """Look into the embedded Optimizely Data Platform."""


@command.command()
@click.argument("sql")
@click.pass_context
def query(ctx: click.Context, sql: str) -> None:
    """Run one read-only SELECT over the views `customers`, `events` and one view per object."""
    with open_host(ctx, reads=True) as host:
        columns, rows = host.odp(host.config.account).query(sql)
        records = [dict(zip(columns, row, strict=True)) for row in rows]
        shown = [[_cell(value) for value in row] for row in rows]
        answer(ctx, records, table(list(columns), shown, empty="No rows."))


@command.command()
@click.pass_context
def keys(ctx: click.Context) -> None:
    """Show the account's keys: the public one names it in requests to functions of all accounts.

    The private key and base_url are what ODP's REST API goes by, which this host does not serve.
    """
    with open_host(ctx) as host:
        account = host.config.account
        make = partial(secrets.token_urlsafe, KEY_BYTES)
        shown = {
            "public": account,
            "private": host.vault.made_once(OWNER, f"odp/{account}", make=make),
            "base_url": f"{host.public_url()}/odp/v3",
        }
        answer(ctx, shown, "\n".join(aligned(shown)))


def _cell(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
