"""Who may call the function at an address, and what does it answer? However the request came."""

from __future__ import annotations

import traceback
from collections.abc import Awaitable
from functools import partial
from typing import TypeGuard

from mooring.engine.failures import OUR_DATABASE
from mooring.engine.inbox import ACCEPTING_METHODS
from mooring.engine.problems import problem, refusal
from mooring.errors import SignatureInvalid
from mooring.hosting.host import Host
from mooring.sdk.webhook import Request, Response
from mooring.web.acceptance import Settle
from mooring.web.calls import AnswerNow, Calls
from mooring.web.directory import Address, Directory, Found, SharedAddress, Target
from mooring.web.inbox import Inbox
from mooring.web.messages import Refused
from mooring.web.outage import Outage, come_again
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
        self._outage = Outage(host.log, "server")

    def remembered(self, address: Address) -> Found | None:
        """Return what is behind an address, where that takes no look at the database.

        While there are requests, one looks in good time, lest all have to at once. What goes wrong
        then is said to those who find nothing that is fresh.
        """
        if self._directory.wants_a_look():
            self._desk.submit(self._directory.look)
        return self._directory.remembered(address)

    async def find(self, address: Address) -> Found:
        """Return what is behind an address. Raises Refused."""
        found = await self._desk.run(partial(self._directory.find, address))
        self._outage.is_over()
        return found

    async def answer(
        self, found: Found, address: Address, request: Request, *, answer_now: AnswerNow
    ) -> Response:
        """Accept a request for later, or call the function. Raises Refused."""
        target = (
            found if isinstance(found, Target) else await self._resolved(found, address, request)
        )
        if target.entry.verify is not None:
            if self._knows_secrets(target):
                self._verify(target, request)
            else:
                await self._desk.run(partial(self._verify, target, request))
        if target.entry.delivery == "inbox" and request.method in ACCEPTING_METHODS:
            return accepted(await self._inbox.accept(target, request))
        return await self._calls.answer(target, request, answer_now=answer_now)

    def accepts_at_once(self, found: Found, method: str) -> TypeGuard[Target]:
        """Whether a request is for later, and nothing is to be looked up before it is accepted."""
        return (
            isinstance(found, Target)
            and found.entry.delivery == "inbox"
            and method in ACCEPTING_METHODS
            and self._knows_secrets(found)
        )

    def accept(self, target: Target, request: Request, *, settle: Settle) -> None:
        """Accept a request for later; ``settle`` gets to know of it. Raises Refused."""
        self._verify(target, request)
        self._inbox.submit(target, request, settle=settle)

    async def whatever(self, answering: Awaitable[Response], *, path: str) -> tuple[Response, bool]:
        """Await an answer, also one that refuses; say whether the connection ends with it."""
        try:
            return await answering, False
        except Exception as error:  # noqa: BLE001  # the caller gets an answer
            return self.failed(error, path=path)

    def failed(self, error: Exception, *, path: str) -> tuple[Response, bool]:
        """Answer for what was raised; where nobody foresaw it, the log has the reason."""
        if isinstance(error, Refused):
            return error.response, "connection" in error.response.headers
        if isinstance(error, OUR_DATABASE):
            self._outage.began(error)
            return come_again(error), False
        fields = {"path": path, "traceback": "".join(traceback.format_exception(error))}
        self._host.log.log("error", "server.failed", fields)
        said = "The host failed to answer; its log says why."
        return problem(500, "host.internal", said), False

    async def _resolved(self, found: SharedAddress, address: Address, request: Request) -> Target:
        return await self._desk.run(partial(self._resolver.resolve, found, address, request))

    def _knows_secrets(self, target: Target) -> bool:
        if self._verifier.wants_a_look(target):
            self._desk.submit(partial(self._verifier.look, target))
        return self._verifier.knows(target)

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


def accepted(delivery_id: str) -> Response:
    """Say that a request was stored, and as what."""
    return Response(202, {"delivery_id": delivery_id})
