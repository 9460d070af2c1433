"""How much, and for how long, may a connection send before it is a request? uvicorn's, bounded.

uvicorn bounds the pause between two requests alone: a client that sends its head byte by byte keeps
a connection for ever, one that never ends it fills the memory, and so does one that does not read
what it asked for. What is counted is everything that is no body (bodies have limits of their own):
the request line, headers, the framing of chunks.

Heads that two servers could read in two ways are refused: in front of this one there may be another
that checks what passes.
"""

from __future__ import annotations

import asyncio
from functools import partial
from http import HTTPStatus
from itertools import chain
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from mooring.web.messages import BODY_SECONDS

MOST_HEAD_BYTES = 64 * 1024
HEAD_SECONDS = 10.0
SPARE_SECONDS = 5.0  # so that a slow body is answered, by whoever reads it, before it is cut off
FRAMING = frozenset({b"content-length", b"transfer-encoding"})
UNREAD_SECONDS = 20.0  # without a byte read of what was answered


class _Unclear(Exception):
    """The head of a request does not say one thing."""


class _TooLarge(Exception):
    """The head of a request has more bytes than a head may have."""


class BoundedProtocol(HttpToolsProtocol):
    """One connection, closed when its request is too long in coming or too large to begin with."""

    head_seconds = HEAD_SECONDS
    body_seconds = BODY_SECONDS + SPARE_SECONDS
    unread_seconds = UNREAD_SECONDS

    def __init__(self, *arguments: Any, **named: Any) -> None:  # Any: uvicorn's own business
        super().__init__(*arguments, **named)
        self._without_bodies = 0
        self._reading_head = True
        self._ends_at: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._rings_at = 0.0
        self._unread: asyncio.TimerHandle | None = None
        self._answers = 0
        self._unclear = ""
        self._is_too_large = False
        self._is_idle = False  # between two requests

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Wait for the first request, but not for ever."""
        super().connection_made(transport)
        self._end_within(self.head_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadline with the connection."""
        for timer in (self._timer, self._unread):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what arrived, and refuse the request when too much of it is no body."""
        if self._reading_head and (self._ends_at is None or self._is_idle):
            self._is_idle = False
            self._end_within(self.head_seconds)
        self._without_bodies += len(data)
        super().data_received(data)
        if self._without_bodies > MOST_HEAD_BYTES and not self.transport.is_closing():
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_headers_complete(self) -> None:
        """Begin the request, and give its body time to arrive.

        Raises _Unclear or _TooLarge, which end in ``send_400_response``.
        """
        self._check_head()
        self._reading_head = False
        self._end_within(self.body_seconds)
        self.begin()
        # What follows a body in chunks is no header of the request: nobody in front saw it.
        self.headers = []
        if self.parser.should_upgrade():
            self.cycle.keep_alive = False  # the parser reads no further

    def begin(self) -> None:
        """Begin to answer the request whose head is there: by uvicorn's own way."""
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

    def pause_writing(self) -> None:
        """Keep what waits to be read, but not for ever."""
        super().pause_writing()
        self._watch_unread()

    def on_response_complete(self) -> None:
        """Go on to the next request, and see to it that the answer is read.

        Instead of uvicorn's timer for a connection that is kept, one more than each request needs,
        the one deadline moves.
        """
        self.server_state.total_requests += 1
        if not self.transport.is_closing():
            self.flow.resume_reading()
            if self.pipeline:
                self._start_asgi_task(*self.pipeline.pop())
            elif self._reading_head and self._ends_at is None:
                self._is_idle = True
                self._end_within(self.timeout_keep_alive)
        self._answers += 1
        self._watch_unread()

    def _watch_unread(self) -> None:
        if self._unread is None and (unread := self.transport.get_write_buffer_size()):
            look = partial(self._look_at_unread, unread, self._answers)
            self._unread = self.loop.call_later(self.unread_seconds, look)

    def _look_at_unread(self, before: int, answers: int) -> None:
        """Cut the connection off if nothing was read since; else look again later."""
        self._unread = None
        if answers == self._answers and self.transport.get_write_buffer_size() >= before:
            self.transport.abort()
        else:
            self._watch_unread()

    def send_400_response(self, msg: str) -> None:
        """Say what was wrong, where that is known."""
        if self._is_too_large:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        else:
            super().send_400_response(self._unclear or msg)

    def _check_head(self) -> None:
        self._check_size()
        names = [name for name, _ in self.headers]
        version = self.parser.get_http_version()
        if version not in ("1.0", "1.1"):
            self._unclear = "This server speaks HTTP/1.1."
        elif version == "1.1" and names.count(b"host") != 1:
            self._unclear = "A request names one host."
        elif self.parser.should_upgrade() and self._has_body():
            # The parser takes such an offer for the end of the request: the body would be lost.
            self._unclear = "This server speaks HTTP/1.1 alone: send bodies without `Upgrade`."
        if self._unclear:
            raise _Unclear

    def _check_size(self) -> None:
        """Count what a head says, for it may have come in one piece with all that follows it."""
        said = len(self.url) + sum(map(len, chain.from_iterable(self.headers)))
        if said + len(b": \r\n") * len(self.headers) > MOST_HEAD_BYTES:
            self._is_too_large = True
            raise _TooLarge

    def _has_body(self) -> bool:
        framing = {name: value for name, value in self.headers if name in FRAMING}
        return framing not in ({}, {b"content-length": b"0"})

    def _end_within(self, seconds: float | None) -> None:
        """Move the deadline. The timer stays, unless it would ring too late: most never matter."""
        if seconds is None:
            self._ends_at = None
            return
        self._ends_at = self.loop.time() + seconds
        if self._timer is not None and self._rings_at > self._ends_at:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._ring_at(self._ends_at)

    def _ring_at(self, moment: float) -> None:
        self._rings_at = moment
        self._timer = self.loop.call_at(moment, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if self._ends_at is None:
            return
        if self._ends_at > self._rings_at:
            self._ring_at(self._ends_at)
        elif self._is_idle:
            self.transport.close()
        else:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)

    @property
    def is_answering(self) -> bool:
        """Whether the latest request that began has no complete answer yet."""
        cycle: RequestResponseCycle | None = self.cycle  # uvicorn says that it is never None
        return cycle is not None and not cycle.response_complete

    def _refuse(self, status: HTTPStatus) -> None:
        """Answer where nothing else is being answered, and close."""
        if not self.is_answering or not (
            self._reading_head or self.cycle.response_started or self.pipeline
        ):
            line = f"HTTP/1.1 {status.value} {status.phrase}\r\n"
            self.transport.write(f"{line}content-length: 0\r\nconnection: close\r\n\r\n".encode())
        self.transport.close()
