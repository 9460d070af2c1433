"""How does an exchange end in time when the other side answers byte by byte?

httpx bounds each read, not their sum. Here every read and write of a thread gets what is left of
that thread's exchange. Looking up a host's name is the system's own affair and not bounded.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore
import httpx


class DeadlineTransport(httpx.HTTPTransport):
    """httpx's own transport over connections that know when the exchange has to be over."""

    def __init__(self, *, trusted: ssl.SSLContext, most_connections: int) -> None:
        super().__init__(verify=trusted, trust_env=False)
        self._pool.close()
        self._deadline = _Deadline()
        # httpx has no argument for the network backend; httpcore, which it builds on, has.
        self._pool = httpcore.ConnectionPool(
            ssl_context=trusted,
            max_connections=most_connections,
            max_keepalive_connections=most_connections,
            keepalive_expiry=5.0,
            network_backend=_Backend(self._deadline),
        )

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Bound what this thread sends and receives in the block."""
        self._deadline.at = time.monotonic() + seconds
        try:
            yield
        finally:
            self._deadline.at = None


class _Deadline(threading.local):
    at: float | None = None

    def cap(self, timeout: float | None, over: type[httpcore.TimeoutException]) -> float | None:
        """Return the shorter of the timeout and what is left; raise ``over`` if nothing is."""
        if self.at is None:
            return timeout
        left = self.at - time.monotonic()
        if left <= 0:
            raise over("The time of the exchange is over.")
        return left if timeout is None else min(left, timeout)


class _Backend(httpcore.SyncBackend):
    def __init__(self, deadline: _Deadline) -> None:
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        stream = super().connect_tcp(
            host,
            port,
            self._deadline.cap(timeout, httpcore.ConnectTimeout),
            local_address,
            socket_options,
        )
        return _Stream(stream, self._deadline)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, deadline: _Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.cap(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.cap(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = self._deadline.cap(timeout, httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
