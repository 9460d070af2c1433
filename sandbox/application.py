"""How the services come together under one address, all over one account."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox import addresses as paths
from sandbox import wire
from sandbox.account.account import Account
from sandbox.account.faults import Fault
from sandbox.addresses import Addresses
from sandbox.brevo.api import brevo_application
from sandbox.brevo.gate import Refusal, refused
from sandbox.control.api import control_application
from sandbox.not_served import not_served
from sandbox.optimizely.cdn import cdn_routes
from sandbox.optimizely.flags import flags_application
from sandbox.optimizely.gate import problem, v2_error
from sandbox.optimizely.logx import logx_routes
from sandbox.optimizely.oauth import oauth_application
from sandbox.optimizely.rest import rest_application

FAULT_CODES = {
    400: "invalid_parameter",
    401: "unauthorized",
    403: "permission_denied",
    404: "document_not_found",
    425: "account_in_process",
    429: "too_many_requests",
}


def index(account: Account, addresses: Addresses) -> dict[str, Any]:
    """Return what `GET /` and the ready line say: addresses and first credentials."""
    return addresses.shown() | {"credentials": account.credentials.shown()}


def application(account: Account, addresses: Addresses) -> ASGIApp:
    """Build the whole sandbox over one account."""

    async def home(_: Request) -> Response:
        return wire.json(index(account, addresses))

    services = Starlette(
        routes=[
            Route("/", home),
            Mount(paths.OPTIMIZELY_API, rest_application(account, addresses)),
            Mount(paths.OPTIMIZELY_FLAGS, flags_application(account, addresses)),
            Mount(paths.OPTIMIZELY_OAUTH, oauth_application(account)),
            Mount(paths.OPTIMIZELY_CDN, routes=cdn_routes(account)),
            Mount(paths.OPTIMIZELY_LOGX, routes=logx_routes(account)),
            Mount(paths.BREVO, brevo_application(account, addresses.base + paths.BREVO)),
            Mount(paths.TAJO, not_served("Tajo, whose API is not public")),
            Mount(paths.CONTROL, control_application(account, addresses)),
        ]
    )
    return Faulty(services, account)


class Faulty:
    """Lets requests go wrong on purpose before any service sees them."""

    def __init__(self, services: ASGIApp, account: Account) -> None:
        self._services = services
        self._account = account

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or serve the lifespan."""
        if scope["type"] == "http" and not scope["path"].startswith(paths.CONTROL):
            fault = self._account.faults.meet(scope["method"], scope["path"])
            if fault is not None:
                await asyncio.sleep(fault.delay)
                if fault.status is not None:
                    await _failed(fault, scope["path"])(scope, receive, send)
                    return
        await self._services(scope, receive, send)


def _failed(fault: Fault, path: str) -> Response:
    status, message = fault.status or 500, "A fault set through the control API"
    if path.startswith(paths.OPTIMIZELY_API):
        response = v2_error(status, message)
    elif path.startswith(paths.OPTIMIZELY_FLAGS):
        response = problem(status, message)
    elif path.startswith(paths.BREVO):
        response = refused(Refusal(status, FAULT_CODES.get(status, "server_error"), message))
    else:
        response = wire.json({"message": message}, status=status)
    if fault.retry_after is not None:
        # Brevo has a header of its own for it.
        name = "x-sib-ratelimit-reset" if path.startswith(paths.BREVO) else "retry-after"
        response.headers[name] = str(fault.retry_after)
    return response
