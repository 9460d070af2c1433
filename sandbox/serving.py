"""How the sandbox gets onto a port of the loopback address and says that it is ready."""

from __future__ import annotations

import socket
import sys

import msgspec
import uvicorn

from sandbox.account.account import Account
from sandbox.addresses import Addresses
from sandbox.application import application, index

HOST = "127.0.0.1"
BACKLOG = 256
KEEP_ALIVE = 75  # seconds; long enough that a test's kept client never meets a closed one


class PortTaken(Exception):
    """The port that was asked for is not free."""


def serve(port: int, *, as_json: bool) -> None:
    """Serve on `port` (0: a free one) until told to stop; print one ready line."""
    listener = _listen(port)
    addresses = Addresses(f"http://{HOST}:{listener.getsockname()[1]}")
    account = Account()
    line = (
        msgspec.json.encode(index(account, addresses)).decode()
        if as_json
        else f"sandbox ready at {addresses.base}/"
    )
    config = uvicorn.Config(
        application(account, addresses),
        loop="uvloop",
        http="httptools",
        lifespan="off",
        timeout_keep_alive=KEEP_ALIVE,
        log_level="warning",
        access_log=False,
        server_header=False,
    )
    Announcing(config, line).run(sockets=[listener])


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        raise PortTaken(
            f"port {port} on {HOST} cannot be used ({error.strerror}); "
            "choose another with --port, or --port 0 for a free one"
        ) from error
    listener.listen(BACKLOG)
    return listener


class Announcing(uvicorn.Server):
    """A server that prints its line once it accepts requests."""

    def __init__(self, config: uvicorn.Config, line: str) -> None:
        super().__init__(config)
        self._line = line

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to accept, then say so."""
        await super().startup(sockets)
        sys.stdout.write(self._line + "\n")
        sys.stdout.flush()
