"""``mooring odp``: a look into the account's embedded ODP."""

from __future__ import annotations

import json

import click

from mooring.cli.edge import answer, open_host, table


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


def _cell(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
