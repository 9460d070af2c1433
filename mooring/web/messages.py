"""How do HTTP messages become the SDK's Request and Response, and back?"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Collection
from urllib.parse import parse_qsl

from starlette.types import Message, Receive, Scope, Send

from mooring.engine.problems import problem
from mooring.sdk.headers import Headers
from mooring.sdk.webhook import Request, Response, collected

MOST_BYTES = 1024 * 1024
BODY_SECONDS = 30.0

# What the server decides by itself, for the connection or for the message as a whole.
OURS = frozenset(
    {"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding", "upgrade"}
)
BODILESS = frozenset({204, 304})  # which end with their heads
RESET = 205  # has a body of no bytes
UNSENDABLE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


class Refused(Exception):
    """The request ends here, with this answer."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def headers_of(raw: Collection[tuple[bytes, bytes]]) -> Headers:
    """Read the headers of a request. Raises Refused for what no header may hold."""
    try:
        return Headers.of_message(raw)
    except ValueError as error:
        raise Refused(problem(400, "request.invalid", str(error))) from None


def params_of(query: bytes) -> dict[str, str | list[str]]:
    """Read the query. Raises Refused for far too many parameters."""
    if not query:
        return {}
    try:
        pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True, max_num_fields=1000)
    except ValueError:
        said = "The query has more than 1000 parameters."
        raise Refused(problem(400, "request.invalid", said)) from None
    return collected(pairs)


async def read_request(scope: Scope, receive: Receive, *, path: str) -> Request:
    """Read a whole request, ``path`` being what follows the function's address.

    Raises Refused for one that is too large, too slow or cut short.
    """
    headers = headers_of(scope["headers"])
    params = params_of(scope["query_string"])
    body = await _read_body(receive, announced=headers.get("content-length"))
    return Request(scope["method"], path=path, params=params, headers=headers, body=body)


async def _read_body(receive: Receive, *, announced: str | None) -> bytes:
    """Read the body, most of which come whole; nothing of one that is announced as too large.

    That a first part comes at all is the connection's own affair, which has a limit for it.
    """
    if announced is not None and announced.isdecimal() and int(announced) > MOST_BYTES:
        raise _too_large()
    chunk, more = _part(await receive())
    if not more:
        if len(chunk) > MOST_BYTES:
            raise _too_large()
        return chunk
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _collected(chunk, receive)
    except TimeoutError:
        said = f"The body did not arrive within {BODY_SECONDS:g} seconds."
        raise Refused(problem(408, "request.slow", said, headers={"connection": "close"})) from None


async def _collected(first: bytes, receive: Receive) -> bytes:
    """Collect a body in parts, and stop as soon as it is known to be too large."""
    chunks = [first]
    size = len(first)
    more = True
    while more and size <= MOST_BYTES:
        chunk, more = _part(await receive())
        size += len(chunk)
        chunks.append(chunk)
    if size > MOST_BYTES:
        raise _too_large()
    return b"".join(chunks)


def _part(message: Message) -> tuple[bytes, bool]:
    if message["type"] == "http.disconnect":
        raise Refused(problem(400, "request.cut_short", "The request ended before its body."))
    return message.get("body", b""), message.get("more_body", False)


def _too_large() -> Refused:
    said = f"The body has more than {MOST_BYTES} bytes."
    hint = "Send it in smaller parts."
    close = {"connection": "close"}
    return Refused(problem(413, "request.too_large", said, hint=hint, headers=close))


class Exchange:
    """One request's answer, which is sent once: by whoever has it first."""

    __slots__ = ("_is_answered", "_send", "_sending")

    def __init__(self, send: Send) -> None:
        self._send = send
        self._is_answered = False
        self._sending: asyncio.Task[None] | None = None

    async def answer(self, response: Response, *, closing: bool = False) -> None:
        """Send the answer unless there was one."""
        if not self._is_answered:
            self._is_answered = True
            await send_response(self._send, response, closing=closing)

    def answer_now(self, write: Callable[[], Response]) -> None:
        """Send an answer in a task of its own, for the one that should have it is still busy."""
        self._sending = asyncio.get_running_loop().create_task(self.answer(write()))


async def send_response(send: Send, response: Response, *, closing: bool = False) -> None:
    """Send an answer."""
    headers, body = sendable(response)
    if closing:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def sendable(response: Response) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Return headers and body as they are sent; what belongs to the server is the server's.

    What no header may hold becomes a question mark.
    """
    headers = [
        (name.encode("latin-1"), UNSENDABLE.sub(b"?", value.encode("latin-1", "replace")))
        for name, value in response.headers.items()
        if name not in OURS
    ]
    if response.status in BODILESS:
        return headers, b""
    body = b"" if response.status == RESET else response.body
    headers.append((b"content-length", b"%d" % len(body)))
    return headers, body
