"""``mooring functions deliveries|replay``: what became of webhooks, and once more the same."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import click

from mooring.cli.edge import answer, given_account, open_host, say
from mooring.cli.layout import aligned, shortened, table
from mooring.cli.shown_values import hidden, shown_value, without_secrets
from mooring.engine.inbox import from_wire
from mooring.errors import NotFound, UsageError
from mooring.model.amounts import counted
from mooring.model.delivery import Delivery, DeliveryState
from mooring.model.moment import iso

if TYPE_CHECKING:
    from mooring.adapters.repositories.delivery_shelf import DeliveryShelf, ShownDelivery
    from mooring.hosting.host import Host

IN_ID = set("0123456789abcdef-")
HEADERS = [
    *("DELIVERY", "APP", "ACCOUNT", "FUNCTION", "STATE", "ATTEMPTS", "RECEIVED (UTC)", "SAID"),
]


@click.command()
@click.argument("of", required=False, metavar="[APP_ID|ID]")
@click.option(
    "--state",
    type=click.Choice([state.value for state in DeliveryState]),
    help="Those that wait, that were handled, or that were set aside.",
)
@click.option(
    "--limit",
    default=20,
    show_default=True,
    type=click.IntRange(min=1),
    help="How many, newest first.",
)
@click.pass_context
def deliveries(ctx: click.Context, of: str | None, state: str | None, limit: int) -> None:
    """Show the latest deliveries, of one app or of all; or one, with its request.

    The last characters of an id are enough. Secrets in requests are hidden.
    """
    with open_host(ctx, reads=True) as host:
        shelf = _shelf(host)
        found = shelf.recent(
            app_id=of,
            account=given_account(ctx),
            state=DeliveryState(state) if state else None,
            limit=limit,
        )
        if of and not found and _is_id(of):
            _show_one(ctx, host, _named(host, of))
            return
        if of and not found and not shelf.recent(app_id=of, limit=1):
            host.installation(of)  # raises, naming what is installed
        _show_list(ctx, host, found)


@click.command()
@click.argument("delivery_id", required=False, metavar="[ID]")
@click.option("--all-dead", "app_id", metavar="APP_ID", help="All that an app has set aside.")
@click.pass_context
def replay(ctx: click.Context, delivery_id: str | None, app_id: str | None) -> None:
    """Handle a delivery once more, as if it had just come.

    A running `mooring serve` does it at once; without one, the delivery waits for it. The
    signature is not checked again.
    """
    if (delivery_id is None) == (app_id is None):
        raise UsageError("Say which: an ID, or --all-dead APP_ID.")
    with open_host(ctx) as host:
        if app_id:
            sent = _replay_dead(ctx, host, app_id)
            what = counted(sent, "delivery", "deliveries")
            said = f"{what} of {app_id} {'is' if sent == 1 else 'are'} due again."
            data: dict[str, Any] = {"app_id": app_id, "replayed": sent}
        else:
            delivery = _named(host, str(delivery_id)).delivery
            _shelf(host).send_again(delivery, now=host.clock.now())
            data = {"delivery_id": delivery.delivery_id, "replayed": 1}
            said = f"{delivery.delivery_id} ({delivery.app_id} {delivery.function}) is due again."
        host.log.log("info", "delivery.replayed", {"app_id": app_id, **data})
        if data["replayed"] and host.home.addresses() is None:
            say(ctx, "Nothing handles it now: start `mooring serve`.")
        answer(ctx, data, said)


def _replay_dead(ctx: click.Context, host: Host, app_id: str) -> int:
    account = given_account(ctx)
    sent = _shelf(host).send_dead_again(app_id, account=account, now=host.clock.now())
    if not sent and not _shelf(host).recent(app_id=app_id, account=account, limit=1):
        host.installation(app_id)  # raises, naming what is installed
    return sent


def _show_list(ctx: click.Context, host: Host, found: list[ShownDelivery]) -> None:
    from mooring.adapters.repositories.delivery_shelf import shown_json

    listed = [hidden(host, shown_json(shown)) for shown in found]
    rows = [
        [each["delivery_id"], each["app_id"], each["account"] or "-", each["function"],
         each["state"], str(each["attempts"]), each["received_at"],
         shortened(each["error"] or "")]
        for each in listed
    ]  # fmt: skip
    answer(ctx, listed, table(HEADERS, rows, empty="No deliveries."))


def _show_one(ctx: click.Context, host: Host, shown: ShownDelivery) -> None:
    from mooring.adapters.repositories.delivery_shelf import shown_json

    whole = host.deliveries.get(shown.delivery.delivery_id)
    facts = hidden(host, {**shown_json(shown), "request": _request(whole)})
    answer(ctx, facts, _described(facts, shown.delivery))


def _described(facts: dict[str, Any], delivery: Delivery) -> str:
    request = facts["request"]
    of = f"{facts['app_id']} {facts['function']}"
    lines = {
        "delivery": facts["delivery_id"],
        "function": f"{of} (account {facts['account']})" if facts["account"] else of,
        "state": _state(delivery),
        "received": facts["received_at"],
        "error": facts["error"] or "-",
        "request": " ".join(filter(None, [request["method"], request["path"]])),
    }
    if request["params"]:
        lines["query"] = json.dumps(request["params"], ensure_ascii=False)
    body = request["body"]
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False, indent=2)
    headers = [f"  {name}: {value}" for name, value in request["headers"]]
    return "\n".join([*aligned(lines), *headers, "", text])


def _state(delivery: Delivery) -> str:
    said = f"{delivery.state.value}, {counted(delivery.attempts, 'attempt')}"
    match delivery.state:
        case DeliveryState.PENDING:
            return f"{said}; due at {iso(delivery.due_at)}"
        case DeliveryState.DEAD:
            return f"{said}; once more: mooring functions replay {delivery.delivery_id}"
        case _:
            return said


def _request(delivery: Delivery) -> dict[str, Any]:
    """Return the request for people: credentials are left out, a binary body is in base64."""
    request = from_wire(delivery.request)
    headers = [[name, shown_value(name, value)] for name, value in request.headers.items()]
    shown: dict[str, Any] = {
        "method": request.method,
        "path": request.path,
        "params": {name: shown_value(name, value) for name, value in request.params.items()},
        "headers": headers,
    }
    try:
        text = request.body.decode("utf-8")
    except UnicodeDecodeError:
        return {**shown, "body": base64.b64encode(request.body).decode("ascii"), "base64": True}
    try:
        return {
            **shown,
            "body": without_secrets(json.loads(text)) if text else "",
            "base64": False,
        }
    except (ValueError, RecursionError):
        return {**shown, "body": text, "base64": False}


def _is_id(text: str) -> bool:
    return set(text.lower()) <= IN_ID


def _named(host: Host, text: str) -> ShownDelivery:
    if not _is_id(text):
        raise NotFound(
            f"{text!r} is no delivery's id.", hint="`mooring functions deliveries` lists them."
        )
    return _shelf(host).named(text)


def _shelf(host: Host) -> DeliveryShelf:
    from mooring.adapters.repositories.delivery_shelf import DeliveryShelf

    return DeliveryShelf(host.database)
