"""``mooring functions``: addresses, deliveries, direct calls without URL, signature and inbox."""

from __future__ import annotations

import base64
import json
from typing import Any

import click

from mooring.cli.addresses import shown_addresses
from mooring.cli.deliveries import deliveries, replay
from mooring.cli.edge import answer, open_host
from mooring.cli.given import read_body
from mooring.cli.groups import DefaultsToList
from mooring.cli.layout import aligned
from mooring.errors import UsageError
from mooring.sdk.headers import Headers
from mooring.sdk.webhook import METHODS, Request, Response, collected


@click.group("functions", cls=DefaultsToList)
def command() -> None:
    """Show an app's function URLs (functions APP_ID), what arrived, or call a function directly."""


command.add_command(deliveries)
command.add_command(replay)


@command.command("list")
@click.argument("app_id")
@click.pass_context
def list_(ctx: click.Context, app_id: str) -> None:
    """Show the URLs of an app's functions."""
    with open_host(ctx, reads=True) as host:
        installation = host.installation(app_id)
        urls = host.endpoints(installation)
        shown = shown_addresses(host, installation, urls)
        answer(ctx, urls, "\n".join(aligned(shown)) or f"{app_id} has no functions.")


@command.command()
@click.argument("app_id")
@click.argument("name")
@click.option("--method", default="POST", show_default=True, help="HTTP method.")
@click.option("--body", default="", metavar="TEXT", help="Body; @FILE reads a file, - stdin.")
@click.option("--header", "headers", multiple=True, metavar="NAME:VALUE", help="May be repeated.")
@click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="May be repeated.")
@click.option("--path", default="", help="What follows the function's URL.")
@click.pass_context
def invoke(
    ctx: click.Context,
    app_id: str,
    name: str,
    method: str,
    body: str,
    headers: tuple[str, ...],
    params: tuple[str, ...],
    path: str,
) -> None:
    """Call a function in this process, without URL, signature check and inbox.

    Exits with 1 when the function answers with a status from 500 on.
    """
    with open_host(ctx) as host:
        request = Request(
            method=_method(method),
            path=path,
            headers=_headers(headers),
            params=collected(_pairs(params, "=", "--param NAME=VALUE")),
            body=read_body(body),
        )
        response = host.invoke(host.installation(app_id), name, request)
        shown = _shown(response)
        answer(ctx, shown, f"{response.status}\n{_readable(shown['body'])}")
        if response.status >= 500:
            ctx.exit(1)


def _shown(response: Response) -> dict[str, Any]:
    """Give the body as JSON when it is, as text when it can be, else in base64."""
    raw: bytes = response.body
    body: Any
    try:
        body = json.loads(raw) if raw else None
    except ValueError:
        try:
            body = raw.decode()
        except UnicodeDecodeError:
            body = base64.b64encode(raw).decode()
    return {
        "status": response.status,
        "headers": collected(response.headers.items()),
        "body": body,
    }


def _readable(body: Any) -> str:
    return body if isinstance(body, str) else json.dumps(body, ensure_ascii=False, indent=2)


def _method(given: str) -> str:
    if given.upper() in METHODS:
        return given.upper()
    raise UsageError(
        f"{given!r} is not a method with which a function can be called.",
        hint=f"One of: {', '.join(METHODS)}.",
    )


def _headers(given: tuple[str, ...]) -> Headers:
    try:
        headers = Headers(_pairs(given, ":", "--header NAME:VALUE"))
    except ValueError as error:
        raise UsageError(str(error), hint="Write --header NAME:VALUE.") from error
    if "content-type" not in headers:
        headers.set("content-type", "application/json")
    return headers


def _pairs(given: tuple[str, ...], separator: str, form: str) -> list[tuple[str, str]]:
    pairs = []
    for text in given:
        name, found, value = text.partition(separator)
        if not found or not name.strip():
            raise UsageError(f"{text!r} is no such pair.", hint=f"Write {form}.")
        pairs.append((name.strip(), value.strip()))
    return pairs
