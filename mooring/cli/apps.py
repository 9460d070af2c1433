"""``mooring apps``: what is installed, and what happened to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from mooring.cli.attention import attention_text
from mooring.cli.edge import answer, given_account, open_host
from mooring.cli.layout import aligned, table
from mooring.cli.shapes import history_json, installation_json, upgrade_text
from mooring.errors import NotFound

if TYPE_CHECKING:
    from mooring.hosting.host import Host

MOST_ENTRIES = 50


@click.command("apps")
@click.argument("app_id", required=False)
@click.pass_context
def command(ctx: click.Context, app_id: str | None) -> None:
    """Show what is installed, where, in which version and state (in all accounts, or --account).

    With APP_ID also what happened to it: when, by whose hand, with which outcome.
    """
    account = given_account(ctx)
    with open_host(ctx, reads=True) as host:
        host.lifecycle.recover()
        found = [
            each
            for each in host.installations.all()
            if app_id in (None, each.app_id) and account in (None, each.account)
        ]
        if app_id and not found:
            _refuse_missing(host, app_id, account)
        described = [installation_json(host, installation) for installation in found]
        if app_id is None:
            answer(ctx, described, _listed(described))
            return
        for shown, installation in zip(described, found, strict=True):
            shown["history"] = history_json(host, installation, limit=MOST_ENTRIES)
        answer(ctx, described, "\n\n".join("\n".join(_detailed(shown)) for shown in described))


def _refuse_missing(host: Host, app_id: str, account: str | None) -> None:
    """Say how an app comes back that was uninstalled, or what is installed. Raises NotFound."""
    archives = host.lifecycle.archives.of(app_id, account or host.config.account)
    if not archives:
        host.installation(app_id)  # raises, naming what is installed
    raise NotFound(
        f"{app_id} was uninstalled from account {account or host.config.account}.",
        hint=f"To bring it back: mooring restore {archives[0]}",
    )


def _listed(described: list[dict[str, Any]]) -> str:
    rows = [[d["app_id"], d["account"], d["version"], d["state"], _next_runs(d)] for d in described]
    headers = ["APP", "ACCOUNT", "VERSION", "STATE", "NEXT RUNS (UTC)"]
    text = table(headers, rows, empty="Nothing is installed. Next: mooring install PATH")
    notes = [
        f"\n{d['app_id']} (account {d['account']}): {attention_text(each)}"
        for d in described
        for each in d["attention"]
    ]
    notes += [
        f"\n{d['app_id']} (account {d['account']}): upgrade {upgrade_text(d['upgrade'])}."
        for d in described
        if d["upgrade"]
    ]
    return "\n".join([text, *notes])


def _detailed(shown: Mapping[str, Any]) -> Iterator[str]:
    facts = {
        "app": f"{shown['app_id']} {shown['version']} (account {shown['account']})",
        "state": shown["state"],
        "installed": shown["installed_at"],
        "URLs": str(shown["urls"]),
        "next runs": _next_runs(shown) or "none",
    }
    if upgrade := shown["upgrade"]:
        facts["upgrade"] = upgrade_text(upgrade)
    yield from aligned(facts)
    yield from (attention_text(each) for each in shown["attention"])
    rows = [
        [e["at"][:19], e["actor"], e["action"], e["version"], e["outcome"], e["message"]]
        for e in shown["history"]
    ]
    yield ""
    headers = ["WHEN (UTC)", "WHO", "DID", "VERSION", "OUTCOME", "SAID"]
    yield table(headers, rows, empty="Nothing is known of what happened to it.")


def _next_runs(shown: Mapping[str, Any]) -> str:
    return ", ".join(f"{s['job']} at {s['next_at'] or 'off'}" for s in shown["schedules"])
