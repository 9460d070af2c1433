"""A client that may call this machine, and servers at the other end of it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
import stamina
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from mooring.adapters.budgets import BudgetKeeper
from mooring.adapters.clock import SystemClock
from mooring.adapters.http_client import HttpClient
from mooring.adapters.outbound import loopback_origins


@pytest.fixture
def client_for(tmp_path: Path) -> Callable[[str], AbstractContextManager[HttpClient]]:
    """Give ``with client_for(address) as client:``, which may call this address on this machine."""

    @contextmanager
    def opened(address: str) -> Iterator[HttpClient]:
        clock = SystemClock()
        budgets = BudgetKeeper(tmp_path / "budgets.sqlite", clock=clock)
        client = HttpClient(
            app_id="shop",
            outbound_domains=("api.example.org",),
            loopback_origins=loopback_origins({"APP_ENV_SHOP_URL": address}),
            budgets=budgets,
            clock=clock,
        )
        try:
            yield client
        finally:
            client.close()
            budgets.close()

    return opened


@pytest.fixture
def client(
    httpserver: HTTPServer, client_for: Callable[[str], AbstractContextManager[HttpClient]]
) -> Iterator[HttpClient]:
    """Give a client that may call ``httpserver``."""
    with client_for(httpserver.url_for("/")) as opened:
        yield opened


@pytest.fixture
def impatient() -> Iterator[None]:
    """Try as often as the call says, without waiting in between."""
    with stamina.set_testing(True, attempts=100, cap=True):
        yield


@pytest.fixture
def answering(httpserver: HTTPServer) -> Callable[..., list[Request]]:
    """Give ``answering(answer, …)``: /things answers so, the last for ever; what arrived."""

    def prepared(*answers: Response, server: HTTPServer = httpserver) -> list[Request]:
        waiting, arrived = list(answers), []

        def answer(request: Request) -> Response:
            arrived.append(request)
            return waiting.pop(0) if len(waiting) > 1 else waiting[0]

        server.expect_request("/things").respond_with_handler(answer)
        return arrived

    return prepared


@pytest.fixture
def raw_server() -> Callable[..., AbstractContextManager[tuple[str, list[int]]]]:
    """Give ``with raw_server(serve) as (address, connections):``, one entry per connection."""

    @contextmanager
    def started(serve: Callable[[socket.socket], None]) -> Iterator[tuple[str, list[int]]]:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            connections: list[int] = []

            def accept() -> None:
                while True:
                    try:
                        peer, _ = listening.accept()
                    except OSError:
                        return
                    connections.append(len(connections))
                    with peer:
                        serve(peer)

            thread = threading.Thread(target=accept, daemon=True)
            thread.start()
            yield f"http://127.0.0.1:{listening.getsockname()[1]}", connections
            listening.shutdown(socket.SHUT_RDWR)
        thread.join(5)

    return started
