"""A `mooring serve` that hears anything: no answer above 499, no traceback, nothing kept of it."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from mooring.hosting.host import Host
from mooring.model.config import HostConfig
from tests.conftest import Program, empty_database
from tests.host.apps import App
from tests.host.web.conftest import SECRET

BODY = b'{"n": 1}'
MASTER_KEY = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA="
PATIENCE = 8.0  # seconds; a connection that is kept for another request is closed after five
COUNT = "storage.kv_store.increment('seen', 'count')\n"


@dataclass(frozen=True)
class Conversation:
    """What a client was told on one connection, and how that ended."""

    said: bytes
    ended: bool

    @property
    def statuses(self) -> list[int]:
        """The statuses in order, without those that are not final."""
        found = [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", self.said)]
        return [status for status in found if status >= 200]


@dataclass
class Public:
    """A `mooring serve` and the app that it serves, by raw sockets."""

    address: tuple[str, int]
    paths: dict[str, str]
    host: Host
    messages: Path

    def head(self, function: str, *lines: str, method: str = "POST", close: bool = True) -> bytes:
        """Write the head of a request to a function."""
        path = self.paths[function]
        ending = ["connection: close"] if close else []
        return head(f"{method} {path} HTTP/1.1", "host: a", *lines, *ending)

    def tell(self, *pieces: bytes, ends: bool = False) -> Conversation:
        """Send on a connection of its own, and listen until the server closes it."""
        with socket.create_connection(self.address, timeout=PATIENCE) as client:
            said = b""
            try:
                for piece in pieces:
                    client.sendall(piece)
                if ends:
                    client.shutdown(socket.SHUT_WR)
                while chunk := client.recv(65536):
                    said += chunk
            except ConnectionError:
                pass
            except TimeoutError:
                return Conversation(said, ended=False)
            return Conversation(said, ended=True)

    def written(self) -> tuple[int, Any]:
        """Count the deliveries, and return what the function counted."""
        installation = self.host.installation("shop")
        store = self.host.invocation(installation, entry_point="test").services.kv_store
        return len(self.host.deliveries.recent(limit=1000)), store.get("seen")

    def handles_one_more(self, before: tuple[int, Any]) -> None:
        """Wait until what was sent since is handled, and see that it was one delivery, once."""
        deadline = time.monotonic() + PATIENCE
        while self.written()[1].get("count", 0) == before[1].get("count", 0):
            assert time.monotonic() < deadline, "it is not handled"
            time.sleep(0.02)
        time.sleep(0.1)  # for more than there should be
        deliveries, seen = self.written()
        assert deliveries == before[0] + 1
        assert seen == {"count": before[1].get("count", 0) + 1}

    def complaints(self) -> list[str]:
        """Return what the log says of failures of the host or of tracebacks anywhere."""
        lines = (self.host.home.logs / "mooring.jsonl").read_text("utf-8").splitlines()
        return [line for line in lines if "Traceback" in line or '"level":"error"' in line] + [
            line for line in self.messages.read_text().splitlines() if "Traceback" in line
        ]


def head(*lines: str) -> bytes:
    return "\r\n".join((*lines, "", "")).encode("latin-1")


@contextmanager
def public(folder: Path, database_url: str) -> Iterator[Public]:
    program = Program(folder / "home")
    program.environment["MOORING_DATABASE_URL"] = database_url
    program.environment["MOORING_MASTER_KEY"] = MASTER_KEY
    app = App(folder / "app")
    read = "{'text': self.request.text, 'json': self.request.body_json, 'path': self.request.path}"
    app.function("read", f"return Response(200, {read})")
    app.function("size", "return Response(200, {'size': len(self.request.body)})")
    app.function("everyone", "return Response(200, {})", **{"global": True})
    app.function("hook", f"{COUNT}return Response(200)", verify="optimizely")
    app.function("timed", f"{COUNT}return Response(200)", verify="stripe")
    app.function("signed", f"{COUNT}return Response(200)", verify="optimizely", delivery="direct")
    program.ok("install", str(app.finish()))
    for function in ("hook", "signed", "timed"):
        program.ok("secrets", "shop", "set", f"{function}_signature=-", stdin=SECRET)
    urls = program.ok("functions", "shop", "--json").json
    config = HostConfig(
        home=program.home, database_url=database_url, secrets="encrypted", master_key=MASTER_KEY
    )
    with program.serve("--no-jobs") as serving, Host.open(config) as host:
        url = httpx.URL(serving.public)
        paths = {name: httpx.URL(address).path for name, address in urls.items()}
        paths["everyone"] = "/functions/shop/everyone"
        yield Public((url.host, url.port or 0), paths, host, folder / "serve.log")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Public]:
    """Serve once for all of them, on each kind of database."""
    folder = tmp_path_factory.mktemp("bad-input")
    if request.param == "sqlite":
        with public(folder, f"sqlite:///{folder / 'mooring.sqlite'}") as opened:
            yield opened
    else:
        with (
            empty_database(request.getfixturevalue("postgresql_server")) as url,
            public(folder, url) as opened,
        ):
            yield opened


@pytest.fixture
def site(server: Public) -> Iterator[Public]:
    """Give the server; whatever the test sends must leave nothing and be no failure of the host."""
    before = server.written(), server.complaints()
    yield server
    assert (server.written(), server.complaints()) == before
    alive = server.tell(head("GET /healthz HTTP/1.1", "host: a", "connection: close"))
    assert alive.statuses == [200]
