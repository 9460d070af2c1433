"""How does a request become a function's answer, whatever the function does?

``answer`` is the whole of it for a thread. A server calls ``begin`` in a thread and, where that
leaves something ``Unfinished``, awaits ``finish`` on its event loop: what is ``async def`` runs
there. Nothing escapes: what went wrong is the answer, and a line of the log.
"""

from __future__ import annotations

import asyncio
import inspect
import traceback
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from mooring.engine.calling import call, on_behalf_of
from mooring.engine.problems import Hide, problem, refusal
from mooring.errors import CredentialsRejected, MooringError, in_words
from mooring.sdk.context import Invocation
from mooring.sdk.function import Function
from mooring.sdk.webhook import Request, Response

FAILED = "The function failed; the log of the host says why."


class Outcome(NamedTuple):
    """What is answered, and the error behind it if the function raised one."""

    response: Response
    error: BaseException | None = None


class Unfinished(NamedTuple):
    """A function whose ``async def perform`` is still to be awaited, on an event loop."""

    perform: Callable[[], Awaitable[Any]]
    invocation: Invocation


class _Unsendable(TypeError):
    """What the function returned is no answer."""


def answer(
    function_class: Callable[[], type[Any]],
    request: Request,
    *,
    invocation: Invocation,
    hide: Hide,
) -> Response:
    """Make the function, let it perform, and return its answer or what its error means."""
    return attempt(function_class, request, invocation=invocation, hide=hide).response


def attempt(
    function_class: Callable[[], type[Any]],
    request: Request,
    *,
    invocation: Invocation,
    hide: Hide,
) -> Outcome:
    """Do as ``answer`` does, and keep the error."""
    begun = begin(function_class, request, invocation=invocation, hide=hide)
    if isinstance(begun, Outcome):
        return begun
    return asyncio.run(finish(begun, hide=hide))


def begin(
    function_class: Callable[[], type[Any]],
    request: Request,
    *,
    invocation: Invocation,
    hide: Hide,
) -> Outcome | Unfinished:
    """Make the function, and let a plain one perform; for a thread without an event loop."""
    try:
        with on_behalf_of(invocation):
            function = function_class()(request)
        if inspect.iscoroutinefunction(function.perform):
            return Unfinished(function.perform, invocation)
        return Outcome(_checked(call(function.perform, invocation=invocation)))
    except (Exception, SystemExit) as error:  # noqa: BLE001  # an app may raise anything
        if isinstance(error, CredentialsRejected):
            invocation.on_rejected(error)
        return _failed(error, invocation=invocation, hide=hide)


def runs_on_loop(function_class: type[Any]) -> bool:
    """Whether nothing of a function can block: a coroutine, made by the SDK's own constructor."""
    own = function_class.__init__ is Function.__init__
    return own and inspect.iscoroutinefunction(function_class.perform)


def unbegun(function_class: type[Any], request: Request, *, invocation: Invocation) -> Unfinished:
    """Do what ``begin`` does for a function that ``runs_on_loop``, without a thread."""
    return Unfinished(lambda: function_class(request).perform(), invocation)


async def finish(unfinished: Unfinished, *, hide: Hide) -> Outcome:
    """Await what ``begin`` left; for the event loop."""
    try:
        with on_behalf_of(unfinished.invocation):
            return Outcome(_checked(await unfinished.perform()))
    except (Exception, SystemExit) as error:  # noqa: BLE001  # an app may raise anything
        if isinstance(error, CredentialsRejected):
            await asyncio.to_thread(unfinished.invocation.on_rejected, error)
        return _failed(error, invocation=unfinished.invocation, hide=hide)


def _checked(response: Any) -> Response:
    """Return what can be sent. Raises _Unsendable."""
    if not isinstance(response, Response):
        raise _Unsendable(f"perform() returned {type(response).__name__}, not a Response.")
    body: object = response.body  # apps need not be checked by a type checker
    if not isinstance(body, bytes):
        kind = type(body).__name__
        raise _Unsendable(f"The Response has a body of type {kind}; set text or body_json for it.")
    status: object = response.status
    if not isinstance(status, int) or not 200 <= status <= 599:
        raise _Unsendable(f"Status {status} ends no request; 200 to 599 do.")
    return response


def _failed(error: BaseException, *, invocation: Invocation, hide: Hide) -> Outcome:
    """Log what was raised; tell the caller only what the host's own errors say."""
    expected = isinstance(error, MooringError) and error.http_status != 500
    fields = {
        **invocation.log_fields,
        "code": getattr(error, "code", None),
        "error": in_words(error),
        "traceback": None if expected else "".join(traceback.format_exception(error)),
    }
    level = "warn" if expected else "error"
    invocation.services.log.log(level, "function.failed", fields)
    if isinstance(error, MooringError):
        return Outcome(refusal(error, hide=hide), error)
    return Outcome(problem(500, "function.failed", FAILED), error)
