"""What does the world find on the public port? Functions at their addresses, and health."""

from __future__ import annotations

from starlette.types import Receive, Scope, Send

from mooring.engine.problems import problem
from mooring.hosting.host import Host
from mooring.sdk.webhook import METHODS, Response
from mooring.web.calls import Calls
from mooring.web.directory import address_of
from mooring.web.functions import Functions
from mooring.web.health import Health
from mooring.web.inbox import Inbox
from mooring.web.messages import Exchange, Refused, read_request
from mooring.web.oauth import Callback, callback_of
from mooring.web.openapi import describe
from mooring.web.threads import Threads

WATCHED_METHODS = ("GET", "HEAD")


class PublicServer:
    """The ASGI application of the public port; ``functions`` can also be asked past it."""

    def __init__(
        self, host: Host, *, desk: Threads, calls: Calls, inbox: Inbox, health: Health
    ) -> None:
        self._host = host
        self._health = health
        self._callback = Callback(host, desk=desk)
        self.functions = Functions(host, desk=desk, calls=calls, inbox=inbox)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        assert scope["type"] == "http", "the server is configured for HTTP alone"
        exchange = Exchange(send)
        answering = self._answer(scope, receive, exchange)
        response, closing = await self.functions.whatever(answering, path=scope["path"])
        await exchange.answer(response, closing=closing)

    async def _answer(self, scope: Scope, receive: Receive, exchange: Exchange) -> Response:
        path, method = scope["path"], scope["method"]
        if address := address_of(scope["raw_path"]):
            _check_method(method, METHODS)
            functions = self.functions
            found = functions.remembered(address) or await functions.find(address)
            request = await read_request(scope, receive, path=address.extra)
            return await functions.answer(found, address, request, answer_now=exchange.answer_now)
        if app_id := callback_of(path):
            _check_method(method, ("GET",))
            return await self._callback.answer(app_id, scope)
        if path in ("/healthz", "/readyz"):
            _check_method(method, WATCHED_METHODS)
            return self._health.alive() if path == "/healthz" else await self._health.ready()
        if path == "/openapi.json":
            _check_method(method, WATCHED_METHODS)
            return Response(200, describe(public_url=self._host.config.public_url))
        said = "There is nothing at this address."
        raise Refused(problem(404, "not_found", said, hint="Functions are below /functions/."))


def _check_method(method: str, allowed: tuple[str, ...]) -> None:
    if method not in allowed:
        said = f"{method} is not answered here."
        hint = f"Use one of {', '.join(allowed)}."
        allow = {"allow": ", ".join(allowed)}
        raise Refused(problem(405, "method.not_allowed", said, hint=hint, headers=allow))
