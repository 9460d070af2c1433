"""How many requests a second does a server answer, and how long does each take? One sender for all.

A process of its own holds some connections open; each sends its next request as soon as the answer
to the last one is complete. Requests are finished bytes and answers are only counted, so that the
sender takes little of the machine that it shares with the server.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import re
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONNECTIONS = 32
BODY_BYTES = 1024
PATIENCE = 30.0  # seconds without any answer

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is sent: a JSON body of one kilobyte, each another one and signed if there is a secret.

    It ends after ``seconds``, or after so many requests if ``count`` says so.
    """

    port: int
    path: str
    status: int = 200
    secret: str = ""
    seconds: float = 2.0
    count: int = 0
    connections: int = CONNECTIONS


@dataclass(frozen=True, slots=True)
class Measured:
    """What came back: requests a second, and milliseconds until an answer was complete."""

    answers: int
    rate: float
    median_ms: float
    p99_ms: float
    worst_ms: float


def send(wanted: Wanted) -> Measured:
    """Send from a process of its own. Fails when an answer has another status."""
    command = [sys.executable, "-m", "benchmarks.load", json.dumps(asdict(wanted))]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True)
    return Measured(**json.loads(done.stdout))


def warm_up(wanted: Wanted) -> None:
    """Let the server load what it loads with the first requests."""
    send(replace(wanted, seconds=0.5, count=0))


def requests(wanted: Wanted) -> Iterator[bytes]:
    """Write requests without end."""
    start = f"POST {wanted.path} HTTP/1.1\r\nhost: 127.0.0.1:{wanted.port}\r\n"
    start += "user-agent: benchmark\r\naccept: */*\r\ncontent-type: application/json\r\n"
    mark = time.time_ns()  # another sender's bodies must not count as repeated
    for number in itertools.count():
        body = json.dumps({"event": f"{mark}-{number:09}", "padding": ""}).encode()
        body = body[:-2] + b"x" * (BODY_BYTES - len(body)) + body[-2:]
        head = f"{start}content-length: {len(body)}\r\n"
        if wanted.secret:
            digest = hmac.digest(wanted.secret.encode(), body, hashlib.sha1).hex()
            head += f"x-hub-signature: sha1={digest}\r\n"
        yield f"{head}\r\n".encode() + body


class _Connection:
    """One connection and the answer that it waits for."""

    def __init__(self, wanted: Wanted) -> None:
        self.socket = socket.create_connection(("127.0.0.1", wanted.port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._status = f"HTTP/1.1 {wanted.status} ".encode()
        self._received = b""
        self.sent_at = 0.0

    def send(self, request: bytes) -> None:
        """Send a request."""
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)

    def is_answered(self) -> bool:
        """Read what there is; say whether the answer is complete."""
        chunk = self.socket.recv(65536)
        received = self._received = self._received + chunk
        end = received.find(b"\r\n\r\n")
        if end < 0 and chunk:
            return False
        length = _LENGTH.search(received, 0, end + 2)
        if not received.startswith(self._status) or length is None or not chunk:
            raise SystemExit(f"Not the answer that was expected: {received[:500]!r}")
        if len(received) < end + 4 + int(length[1]):
            return False
        self._received = b""
        return True


def measure(wanted: Wanted) -> Measured:
    """Send and count, in this process."""
    selector = selectors.DefaultSelector()
    coming = requests(wanted)
    started = time.perf_counter()
    for _ in range(wanted.connections):
        connection = _Connection(wanted)
        selector.register(connection.socket, selectors.EVENT_READ, connection)
        connection.send(next(coming))
    taken: list[float] = []
    left = wanted.connections
    while left:
        ready = selector.select(PATIENCE)
        if not ready:
            raise SystemExit(f"No answer within {PATIENCE:g} seconds.")
        for key, _ in ready:
            connection = key.data
            if not connection.is_answered():
                continue
            now = time.perf_counter()
            taken.append(now - connection.sent_at)
            sent = len(taken) + left - 1
            if sent < wanted.count if wanted.count else now - started < wanted.seconds:
                connection.send(next(coming))
            else:
                left -= 1
    return _summary(taken, time.perf_counter() - started)


def _summary(taken: list[float], seconds: float) -> Measured:
    taken.sort()
    count = len(taken)
    at = {share: taken[min(count - 1, int(count * share))] * 1000 for share in (0.5, 0.99, 1.0)}
    return Measured(count, count / seconds, at[0.5], at[0.99], at[1.0])


if __name__ == "__main__":
    print(json.dumps(asdict(measure(Wanted(**json.loads(sys.argv[1]))))))
