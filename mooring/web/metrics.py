"""Who may read the figures of a host, at ``/metrics`` beside the console?

Whoever is on this machine, under a loopback name; from anywhere else, whoever shows the token of
the host. A request that came by a proxy of this machine is from elsewhere.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import time

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from mooring.errors import MooringError
from mooring.hosting.host import Host
from mooring.hosting.metrics import CONTENT_TYPE, metrics
from mooring.hosting.metrics_token import given_token

PATH = "/metrics"
FRESH_SECONDS = 1.0  # what is asked for more often than that is answered from before
BY_A_PROXY = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
REFUSED = (
    "The figures are shown on this machine, or to whoever sends the host's token "
    "(`mooring metrics token`) as Authorization: Bearer.\n"
)


class Metrics:
    """Answers with the figures of one host."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._asking = asyncio.Lock()
        self._text = b""
        self._asked_at = float("-inf")

    async def to_this_machine(self, request: Request) -> Response:
        """Answer a request whose name for this server was found to be a loopback one."""
        client = request.client.host if request.client else ""
        proxied = any(name in request.headers for name in BY_A_PROXY)
        if proxied or not _is_loopback(client):
            return _refused()
        return await self._answer()

    def to_holders_of_the_token(self, others: ASGIApp) -> ASGIApp:
        """Answer requests with a token, under whatever name; leave the rest to ``others``."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            token = _token(scope)
            if token is None:
                await others(scope, receive, send)
                return
            answer = await self._to_a_holder(token, scope["method"])
            await answer(scope, receive, send)

        return app

    async def _to_a_holder(self, token: str, method: str) -> Response:
        if method not in ("GET", "HEAD"):
            return PlainTextResponse("The figures can only be read.\n", status_code=405)
        try:
            known = await asyncio.to_thread(given_token, self._host)
        except MooringError as error:
            return self._unavailable(error)
        right = known is not None and hmac.compare_digest(token.encode(), known.encode())
        return await self._answer() if right else _refused()

    async def _answer(self) -> Response:
        async with self._asking:
            if time.monotonic() - self._asked_at > FRESH_SECONDS:
                try:
                    self._text = await asyncio.to_thread(metrics, self._host)
                except MooringError as error:
                    return self._unavailable(error)
                self._asked_at = time.monotonic()
        headers = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
        return Response(self._text, media_type=CONTENT_TYPE, headers=headers)

    def _unavailable(self, error: MooringError) -> Response:
        self._host.log.log("error", "metrics.failed", {"error": str(error)})
        return PlainTextResponse("The figures cannot be read; the log says why.\n", status_code=503)


def _token(scope: Scope) -> str | None:
    """Return what a request for the figures shows; None if it is another one, or shows nothing."""
    if scope["type"] != "http" or scope["path"] != PATH:
        return None
    kind, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else None


def _is_loopback(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_loopback


def _refused() -> Response:
    return PlainTextResponse(REFUSED, status_code=401, headers={"www-authenticate": "Bearer"})
