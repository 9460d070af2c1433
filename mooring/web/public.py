"""What does the world find on the public port? Functions at their addresses, and health."""

from __future__ import annotations

import traceback
from functools import lru_cache, partial

from starlette.types import Receive, Scope, Send

from mooring.engine.inbox import ACCEPTING_METHODS
from mooring.engine.problems import problem, refusal
from mooring.errors import SignatureInvalid
from mooring.hosting.host import Host
from mooring.sdk.webhook import METHODS, Request, Response
from mooring.web.calls import Calls
from mooring.web.directory import (
    Address,
    Directory,
    Found,
    SharedAddress,
    Target,
    address_of,
)
from mooring.web.health import Health
from mooring.web.inbox import Inbox
from mooring.web.messages import Exchange, Refused, read_request
from mooring.web.oauth import Callback, callback_of
from mooring.web.openapi import describe
from mooring.web.resolution import Resolver
from mooring.web.threads import Threads
from mooring.web.verification import Verifier

WATCHED_METHODS = ("GET", "HEAD")


_address_of = lru_cache(maxsize=4096)(address_of)  # the same few, again and again


class PublicServer:
    """The ASGI application of the public port.

    ``desk`` are the threads that look things up, apart from those in which functions run: a
    function that hangs must not keep webhooks from being accepted.
    """

    def __init__(
        self, host: Host, *, desk: Threads, calls: Calls, inbox: Inbox, health: Health
    ) -> None:
        self._host = host
        self._desk = desk
        self._calls = calls
        self._inbox = inbox
        self._health = health
        self._directory = Directory(host)
        self._resolver = Resolver(self._directory, hide=host.masker.hide)
        self._verifier = Verifier(host)
        self._callback = Callback(host, desk=desk)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        assert scope["type"] == "http", "the server is configured for HTTP alone"
        closing = False
        exchange = Exchange(send)
        try:
            response = await self._answer(scope, receive, exchange)
        except Refused as refused:
            response = refused.response
            closing = "connection" in response.headers
        except Exception:  # noqa: BLE001  # the caller gets an answer, the log the reason
            fields = {"path": scope["path"], "traceback": traceback.format_exc()}
            self._host.log.log("error", "server.failed", fields)
            said = "The host failed to answer; its log says why."
            response = problem(500, "host.internal", said)
        await exchange.answer(response, closing=closing)

    async def _answer(self, scope: Scope, receive: Receive, exchange: Exchange) -> Response:
        path, method = scope["path"], scope["method"]
        if address := _address_of(path):
            _check_method(method, METHODS)
            # What is known needs no coroutine: this is the way of nearly every request.
            found = self._directory.remembered(address) or await self._found(address)
            request = await read_request(scope, receive, path=address.extra)
            target = (
                found
                if isinstance(found, Target)
                else await self._resolved(found, address, request)
            )
            return await self._call(target, request, exchange)
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

    async def _found(self, address: Address) -> Found:
        return await self._desk.run(partial(self._directory.find, address))

    async def _resolved(self, found: SharedAddress, address: Address, request: Request) -> Target:
        return await self._desk.run(partial(self._resolver.resolve, found, address, request))

    async def _call(self, target: Target, request: Request, exchange: Exchange) -> Response:
        if target.entry.verify is not None:
            if self._verifier.knows(target):
                self._verify(target, request)
            else:
                await self._desk.run(partial(self._verify, target, request))
        if target.entry.delivery == "inbox" and request.method in ACCEPTING_METHODS:
            return Response(202, {"delivery_id": await self._inbox.accept(target, request)})
        return await self._calls.answer(target, request, answer_now=exchange.answer_now)

    def _verify(self, target: Target, request: Request) -> None:
        try:
            self._verifier.check(target, request)
        except SignatureInvalid as error:
            self._log_refusal(target, str(error))
            raise Refused(refusal(error, hide=self._host.masker.hide)) from error
        except Refused as refused:
            self._log_refusal(target, str(refused.response.body_json["error"]["hint"]))
            raise

    def _log_refusal(self, target: Target, reason: str) -> None:
        fields = {**target.log_fields, "reason": reason}
        self._host.log.log("warn", "request.refused", fields)


def _check_method(method: str, allowed: tuple[str, ...]) -> None:
    if method not in allowed:
        said = f"{method} is not answered here."
        hint = f"Use one of {', '.join(allowed)}."
        allow = {"allow": ", ".join(allowed)}
        raise Refused(problem(405, "method.not_allowed", said, hint=hint, headers=allow))
