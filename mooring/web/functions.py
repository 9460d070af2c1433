"""Who may call the function at an address, and what does it answer? However the request came."""

from __future__ import annotations

import traceback
from collections.abc import Awaitable
from functools import partial

from mooring.engine.inbox import ACCEPTING_METHODS
from mooring.engine.problems import problem, refusal
from mooring.errors import SignatureInvalid
from mooring.hosting.host import Host
from mooring.sdk.webhook import Request, Response
from mooring.web.calls import AnswerNow, Calls
from mooring.web.directory import Address, Directory, Found, SharedAddress, Target
from mooring.web.inbox import Inbox
from mooring.web.messages import Refused
from mooring.web.resolution import Resolver
from mooring.web.threads import Threads
from mooring.web.verification import Verifier


class Functions:
    """The functions of one host, as the public port calls them.

    ``desk`` are the threads that look things up, apart from those in which functions run: a
    function that hangs must not keep webhooks from being accepted.
    """

    def __init__(self, host: Host, *, desk: Threads, calls: Calls, inbox: Inbox) -> None:
        self._host = host
        self._desk = desk
        self._calls = calls
        self._inbox = inbox
        self._directory = Directory(host)
        self._resolver = Resolver(self._directory, hide=host.masker.hide)
        self._verifier = Verifier(host)

    def remembered(self, address: Address) -> Found | None:
        """Return what is behind an address, where that takes no look at the database."""
        return self._directory.remembered(address)

    async def find(self, address: Address) -> Found:
        """Return what is behind an address. Raises Refused."""
        return await self._desk.run(partial(self._directory.find, address))

    async def answer(
        self, found: Found, address: Address, request: Request, *, answer_now: AnswerNow
    ) -> Response:
        """Accept a request for later, or call the function. Raises Refused."""
        target = (
            found if isinstance(found, Target) else await self._resolved(found, address, request)
        )
        if target.entry.verify is not None:
            if self._verifier.knows(target):
                self._verify(target, request)
            else:
                await self._desk.run(partial(self._verify, target, request))
        if target.entry.delivery == "inbox" and request.method in ACCEPTING_METHODS:
            return Response(202, {"delivery_id": await self._inbox.accept(target, request)})
        return await self._calls.answer(target, request, answer_now=answer_now)

    async def whatever(self, answering: Awaitable[Response], *, path: str) -> tuple[Response, bool]:
        """Await an answer, also one that refuses; say whether the connection ends with it."""
        try:
            return await answering, False
        except Refused as refused:
            return refused.response, "connection" in refused.response.headers
        except Exception:  # noqa: BLE001  # the caller gets an answer, the log the reason
            fields = {"path": path, "traceback": traceback.format_exc()}
            self._host.log.log("error", "server.failed", fields)
            said = "The host failed to answer; its log says why."
            return problem(500, "host.internal", said), False

    async def _resolved(self, found: SharedAddress, address: Address, request: Request) -> Target:
        return await self._desk.run(partial(self._resolver.resolve, found, address, request))

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
