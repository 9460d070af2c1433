"""How is a plain request for a known function answered? On the protocol itself, without ASGI.

That is nearly every request, and what stands between it and its function is most of what it costs.
The way of its own is for what needs nothing but a body of moderate length and one answer: whatever
else a request may ask for, and whatever there is to look up first, takes the usual way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, TypeAlias

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from mooring.sdk.webhook import METHODS, Request, Response
from mooring.web.directory import Address, Found, address_of
from mooring.web.functions import Functions, accepted
from mooring.web.messages import headers_of, params_of, sendable
from mooring.web.protocol import BoundedProtocol

MOST_BYTES = 64 * 1024  # of a body; larger ones are read as they are asked for
START = b"/functions/"
NEEDS_MORE = frozenset({b"expect", b"transfer-encoding", b"upgrade"})
END = b"\r\n"
CLOSE = b"connection: close\r\n" + END
RAW_METHODS = frozenset(method.encode() for method in METHODS)

_Pairs: TypeAlias = Iterable[tuple[bytes, bytes]]


class ShortcutProtocol(BoundedProtocol):
    """One connection whose plain requests for functions are answered here."""

    def __init__(self, *arguments: Any, functions: Functions, **named: Any) -> None:  # Any: uvicorn
        super().__init__(*arguments, **named)
        self.functions = functions

    def begin(self) -> None:
        """Begin a plain request here, any other in the usual way."""
        call = self._plain_call()
        if call is None:
            super().begin()
        else:
            self.cycle = call  # type: ignore[assignment]  # has what uvicorn asks of one

    def on_message_complete(self) -> None:
        """Answer a plain request now that its body is there."""
        super().on_message_complete()
        call: object = self.cycle
        if isinstance(call, _PlainCall):
            call.start()

    def _plain_call(self) -> _PlainCall | None:
        url, method = self.url, self.parser.get_method()
        if not url.startswith(START) or b"#" in url or method not in RAW_METHODS:
            return None
        if self.flow.write_paused or self.is_answering:
            return None
        head = dict(self.headers)
        if not NEEDS_MORE.isdisjoint(head) or int(head.get(b"content-length", 0)) > MOST_BYTES:
            return None
        path, _, query = url.partition(b"?")
        if not (address := address_of(path)) or not (found := self.functions.remembered(address)):
            return None
        return _PlainCall(self, method.decode(), address, found, query)


class _PlainCall:
    """One such request, from its head to its answer; to uvicorn, what it calls a cycle."""

    __slots__ = (
        "_address",
        "_found",
        "_headers",
        "_method",
        "_protocol",
        "_query",
        "body",
        "disconnected",
        "keep_alive",
        "more_body",
        "response_complete",
        "response_started",
    )

    def __init__(
        self, protocol: ShortcutProtocol, method: str, address: Address, found: Found, query: bytes
    ) -> None:
        self._protocol = protocol
        self._method = method
        self._address = address
        self._found = found
        self._query = query
        self._headers = protocol.headers
        self.body = b""
        self.more_body = True
        self.disconnected = False
        self.response_started = False
        self.response_complete = False
        parser = protocol.parser
        self.keep_alive = parser.get_http_version() == "1.1" and parser.should_keep_alive()

    @property
    def message_event(self) -> type[_Nobody]:
        """What uvicorn wakes when there is something to read: nobody waits."""
        return _Nobody

    def start(self) -> None:
        """Accept the request for later at once, or have it answered in a task of its own."""
        protocol = self._protocol
        if protocol.functions.accepts_at_once(self._found, self._method):
            try:
                protocol.functions.accept(self._found, self._request(), settle=self._settle)
            except Exception as error:  # noqa: BLE001  # the caller gets an answer
                self._fail(error)
            return
        task = protocol.loop.create_task(self._run())
        task.add_done_callback(protocol.tasks.discard)
        protocol.tasks.add(task)

    def _request(self) -> Request:
        return Request(
            self._method,
            path=self._address.extra,
            params=params_of(self._query),
            headers=headers_of(self._headers),
            body=self.body,
        )

    @property
    def _path(self) -> str:
        return f"/functions/{self._address.app_id}/{self._address.function}"

    def _settle(self, delivery_id: str, error: Exception | None) -> None:
        if error is None:
            self._write(partial(_acceptance, delivery_id))
        else:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        try:
            response, is_last = self._protocol.functions.failed(error, path=self._path)
            self._send(response, is_last=is_last)
        finally:
            self._let_go()

    async def _run(self) -> None:
        functions = self._protocol.functions
        try:
            response, is_last = await functions.whatever(self._answered(), path=self._path)
            self._send(response, is_last=is_last)
        finally:
            self._let_go()

    async def _answered(self) -> Response:
        return await self._protocol.functions.answer(
            self._found, self._address, self._request(), answer_now=self._answer_now
        )

    def _let_go(self) -> None:
        """Close the connection if nobody will answer any more, so that whoever waits knows."""
        if not self.response_complete:
            self._protocol.transport.close()

    def _answer_now(self, write: Callable[[], Response]) -> None:
        if not self.response_complete:
            self._send(write())

    def _send(self, response: Response, *, is_last: bool = False) -> None:
        self._write(partial(_message, response), is_last=is_last)

    def _write(self, message: Callable[..., bytes], *, is_last: bool = False) -> None:
        """Send what ``message`` writes unless there was an answer."""
        if self.response_complete:
            return
        self.response_started = self.response_complete = True
        transport = self._protocol.transport
        is_last |= not self.keep_alive
        if not transport.is_closing():
            always = self._protocol.server_state.default_headers
            transport.write(message(always=always, is_last=is_last))
            if is_last:
                transport.close()
        self._protocol.on_response_complete()


class _Nobody:
    """Waits for nothing."""

    @staticmethod
    def set() -> None:
        """Wake nobody."""


def _message(response: Response, *, always: _Pairs = (), is_last: bool = False) -> bytes:
    """Write an answer as it travels, with the headers that are in every answer."""
    headers, body = sendable(response)
    start, end = STATUS_LINE[response.status], CLOSE if is_last else END
    return b"".join((start, *_lines(always), *_lines(headers), end, body))


def _acceptance(delivery_id: str, *, always: _Pairs, is_last: bool) -> bytes:
    """Write the answer to a delivery: always the same, but for the id."""
    if is_last or len(delivery_id) != len(ANY_ID):
        return _message(accepted(delivery_id), always=always, is_last=is_last)
    return b"".join((STATUS_LINE[202], *_lines(always), BEFORE_ID, delivery_id.encode(), AFTER_ID))


def _lines(headers: _Pairs) -> list[bytes]:
    return [b"%b: %b\r\n" % pair for pair in headers]


ANY_ID = "0" * 36
BEFORE_ID, _, AFTER_ID = (
    _message(accepted(ANY_ID)).removeprefix(STATUS_LINE[202]).partition(ANY_ID.encode())
)
