"""How much, and for how long, may a connection send before it is a request? uvicorn's, bounded.

uvicorn bounds the pause between two requests alone: a client that sends its head byte by byte keeps
a connection for ever, and one that never ends it fills the memory. What is counted is everything
that is no body (bodies have limits of their own): the request line, headers, the framing of chunks.
"""

from __future__ import annotations

import asyncio
from functools import partial
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from mooring.web.messages import BODY_SECONDS

MOST_HEAD_BYTES = 64 * 1024
HEAD_SECONDS = 10.0
SPARE_SECONDS = 5.0  # so that a slow body is answered, by whoever reads it, before it is cut off


class BoundedProtocol(HttpToolsProtocol):
    """One connection, closed when its request is too long in coming or too large to begin with."""

    head_seconds = HEAD_SECONDS
    body_seconds = BODY_SECONDS + SPARE_SECONDS

    def __init__(self, *arguments: Any, **named: Any) -> None:  # Any: uvicorn's own business
        super().__init__(*arguments, **named)
        self._without_bodies = 0
        self._reading_head = True
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Wait for the first request, but not for ever."""
        super().connection_made(transport)
        self._end_within(self.head_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadline with the connection."""
        self._end_within(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what arrived, and refuse the request when too much of it is no body."""
        if self._reading_head and self._deadline is None:
            self._end_within(self.head_seconds)
        self._without_bodies += len(data)
        super().data_received(data)
        if self._without_bodies > MOST_HEAD_BYTES and not self.transport.is_closing():
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_headers_complete(self) -> None:
        """Begin the request, and give its body time to arrive."""
        self._reading_head = False
        self._end_within(self.body_seconds)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Leave bodies to the limits of their own."""
        self._without_bodies -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Expect the head of another request."""
        self._without_bodies = 0
        self._reading_head = True
        self._end_within(None)
        super().on_message_complete()

    def _end_within(self, seconds: float | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        if seconds is not None:
            late = partial(self._refuse, HTTPStatus.REQUEST_TIMEOUT)
            self._deadline = self.loop.call_later(seconds, late)

    def _refuse(self, status: HTTPStatus) -> None:
        """Answer where nothing else is being answered, and close."""
        cycle: RequestResponseCycle | None = self.cycle  # uvicorn says that it is never None
        if cycle is None or cycle.response_complete:
            line = f"HTTP/1.1 {status.value} {status.phrase}\r\n"
            self.transport.write(f"{line}content-length: 0\r\nconnection: close\r\n\r\n".encode())
        self.transport.close()
