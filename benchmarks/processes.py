"""How are servers started to be measured, and how much do they take of the machine?"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil  # type: ignore[import-untyped]  # ships no types

STARTS_WITHIN = 20.0  # seconds
STOPS_WITHIN = 10.0


def free_port() -> int:
    """Name a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def answering(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until somebody listens on the port."""
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise SystemExit(f"{process.args!r} does not listen on port {port}.")


@contextmanager
def stopped(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """End a process and its children behind the block."""
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def resident_mb(pid: int) -> float:
    """Return how much memory a process has, in MB."""
    return float(psutil.Process(pid).memory_info().rss / 1_000_000)
