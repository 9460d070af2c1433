"""Addresses that exist on the index page and are not served: they say so in one sentence."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox import wire


def not_served(what: str) -> ASGIApp:
    """Build an application that answers 501 to everything below its address."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        sentence = f"The sandbox does not serve {what}: {request.method} {request.url.path}."
        response: Response = wire.json({"code": "not_implemented", "message": sentence}, status=501)
        await response(scope, receive, send)

    return application
