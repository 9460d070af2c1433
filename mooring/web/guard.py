"""Who may look at the console, and what may its pages do? A wrapper around the console's app.

A page from elsewhere can make a browser ask a port of this machine under a name of its own (DNS
rebinding); the Host header tells. Pages load nothing from anywhere else and run no script.
"""

from __future__ import annotations

import ipaddress

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
SECURITY_HEADERS = {
    "content-security-policy": POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


class Guard:
    """Lets in requests for loopback names and for ``bound_to``, and hardens every answer."""

    def __init__(self, app: ASGIApp, *, bound_to: str) -> None:
        self._app = app
        self._names = LOOPBACK_NAMES | {bound_to.strip("[]").lower()}
        self._any_address = _is_unspecified(bound_to)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""

        async def send_hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(SECURITY_HEADERS)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        app = self._app if self._knows(Headers(scope=scope).getlist("host")) else REFUSAL
        await app(scope, receive, send_hardened)

    def _knows(self, given: list[str]) -> bool:
        if len(given) != 1:
            return False
        name = _without_port(given[0].lower())
        return name in self._names or (self._any_address and _is_address(name))


REFUSAL = PlainTextResponse(
    "The console answers only under the address it listens on, such as http://127.0.0.1:3000.\n",
    status_code=421,
)


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _is_address(name: str) -> bool:
    """A bare address cannot be rebound: no name is resolved."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_unspecified(host: str) -> bool:
    return _is_address(host.strip("[]")) and ipaddress.ip_address(host.strip("[]")).is_unspecified
