"""Plain requests for functions, which are answered past ASGI, on a real socket."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from mooring.errors import Conflict, HomeUnusable
from mooring.web import directory, verification
from mooring.web.protocol import BoundedProtocol
from mooring.web.shortcut import MOST_BYTES, ShortcutProtocol
from tests.host.apps import App
from tests.host.web.conftest import Site, signed

OpenSite = Callable[..., Site]

PATIENCE = 20.0
SOON = 0.3  # seconds
DATE = re.compile(rb"date: [^\r]+\r\n")
ID = re.compile(rb"[0-9a-f]{8}-[0-9a-f-]{27}")
ECHO = """
request = self.request
return Response(200, {
    "method": request.method, "path": request.path, "params": dict(request.params),
    "headers": request.headers.items(), "body": list(request.body[:20]), "size": len(request.body),
})
"""
ODD = """
response = Response(int(self.request.params["status"]), body=b"\\x00\\xff")
response.headers.add("set-cookie", "a=1")
response.headers.add("set-cookie", "b=\\x01\\u2665")
response.headers.set("content-length", "999")
response.headers.set("connection", "close")
return response
"""


class Hasty(ShortcutProtocol):
    body_seconds = SOON
    unread_seconds = SOON


@dataclass
class Served:
    """A site on a socket, and the paths of what was asked through ASGI."""

    site: Site
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    state: uvicorn.server.ServerState
    usual: list[str] = field(default_factory=list)

    def request(
        self, function: str, *lines: str, body: bytes = b"", tail: str = "", method: str = "POST"
    ) -> bytes:
        """Write a request; its length is told unless a line tells it otherwise."""
        if not any(line.startswith(("content-length", "transfer-encoding")) for line in lines):
            lines = (*lines, f"content-length: {len(body)}")
        start = f"{method} {self.site.path(function)}{tail} HTTP/1.1"
        return "\r\n".join((start, "host: a", *lines, "", "")).encode("latin-1") + body

    async def answer(self) -> tuple[int, bytes]:
        """Read one answer."""
        async with asyncio.timeout(PATIENCE):
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head)
            return int(head.split()[1]), await self.reader.readexactly(
                int(length[1] if length else 0)
            )

    async def ask(self, function: str, *lines: str, **more: Any) -> tuple[int, bytes]:
        """Send a request and read its answer."""
        self.writer.write(self.request(function, *lines, **more))
        return await self.answer()

    async def everything(self) -> bytes:
        """Read until the server closes; that it does not is a failure."""
        async with asyncio.timeout(PATIENCE):
            return await self.reader.read()


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that comes about in this loop."""
    ends_at = asyncio.get_running_loop().time() + PATIENCE
    while not condition():
        assert asyncio.get_running_loop().time() < ends_at, "it does not come about"
        await asyncio.sleep(0.01)


@asynccontextmanager
async def served(
    site: Site, protocol: type[BoundedProtocol] = ShortcutProtocol
) -> AsyncIterator[Served]:
    """Serve a site whose function `known` is known already, and connect to it."""
    usual: list[str] = []

    async def asgi(scope: Scope, receive: Receive, send: Send) -> None:
        usual.append(scope["path"])
        await site.server(scope, receive, send)

    config = uvicorn.Config(asgi, lifespan="off", log_config=None)
    config.load()
    state = uvicorn.server.ServerState()
    make: Callable[..., BoundedProtocol] = protocol
    if issubclass(protocol, ShortcutProtocol):
        make = partial(protocol, functions=site.server.functions)
    server = await asyncio.get_running_loop().create_server(
        lambda: make(config=config, server_state=state, app_state={}), "127.0.0.1", 0
    )
    for function in site.host.endpoints(site.installation):
        await site.ask("GET", site.path(function))
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    try:
        yield Served(site, reader, writer, state, usual)
    finally:
        writer.close()
        server.close()


@pytest.fixture(autouse=True)
def _known_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was looked up once stays known for as long as a test takes."""
    monkeypatch.setattr(directory, "FRESH_SECONDS", 600.0)
    monkeypatch.setattr(verification, "FRESH_SECONDS", 600.0)


@pytest.fixture
def shop(app: App, site: OpenSite) -> Site:
    app.function("echo", ECHO).function("later", f"await asyncio.sleep(0)\n{ECHO}")
    app.function("odd", ODD).function("fails", "raise ValueError('odd')")
    app.function("hook", "return Response(200)", verify="optimizely")
    app.function("large", "return Response(200, body=b'x' * 30_000_000)")
    opened = site(app)
    opened.set_secret("hook")
    return opened


SAME: dict[str, tuple[str, tuple[str, ...], dict[str, Any]]] = {
    "a def": ("echo", ("x-a: 1", "X-A: 2"), {"body": b"\x00\xff", "tail": "/a%20b?c=1&c=2&d"}),
    "an async def": ("later", (), {"body": b"{}"}),
    "a GET": ("echo", (), {"method": "GET"}),
    "without a body": ("odd", (), {"tail": "?status=204"}),
    "of no bytes": ("odd", (), {"tail": "?status=205"}),
    "not changed": ("odd", (), {"tail": "?status=304"}),
    "an error": ("odd", (), {"tail": "?status=418"}),
    "a failure": ("fails", (), {}),
    "accepted": ("hook", tuple(f"{k}: {v}" for k, v in signed(b"1").items()), {"body": b"1"}),
    "accepted as the last": (
        "hook",
        ("connection: close", *(f"{k}: {v}" for k, v in signed(b"2").items())),
        {"body": b"2"},
    ),
    "not signed": ("hook", (), {"body": b"1"}),
    "a question too many": ("echo", (), {"tail": f"?{'a&' * 1001}"}),
    "the last": ("echo", ("connection: close",), {}),
}


@pytest.mark.parametrize(("function", "lines", "more"), SAME.values(), ids=SAME.keys())
def test_either_way_the_answer_is_the_same(
    shop: Site, function: str, lines: tuple[str, ...], more: dict[str, Any]
) -> None:
    async def said(protocol: type[BoundedProtocol]) -> tuple[bytes, list[str]]:
        async with served(shop, protocol) as opened:
            opened.writer.write(opened.request(function, *lines, **more))
            opened.writer.write(b"GET / HTTP/1.0\r\n\r\n")  # the last one
            answer = DATE.sub(b"", await opened.everything())
            return ID.sub(b"ID", answer), opened.usual

    usual, through_asgi = asyncio.run(said(BoundedProtocol))
    answer, past_it = asyncio.run(said(ShortcutProtocol))
    assert answer == usual
    assert answer.startswith(b"HTTP/1.1 ")
    wanted = shop.path(function)
    assert through_asgi[0].startswith(wanted)
    assert not any(path.startswith(wanted) for path in past_it)


def test_while_the_database_takes_nothing_senders_are_told_to_come_again(
    shop: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(accepted: object) -> list[str]:
        raise Conflict("The database is busy.")

    monkeypatch.setattr(shop.host.deliveries, "accept", busy)
    lines = [f"{name}: {value}" for name, value in signed(b"1").items()]

    async def scenario() -> None:
        async with served(shop) as opened:
            status, body = await opened.ask("hook", *lines, body=b"1")
            assert (status, json.loads(body)["error"]["code"]) == (503, "inbox.unavailable")
            assert not opened.usual

    asyncio.run(scenario())


def test_whom_nobody_can_answer_is_not_left_waiting(
    shop: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database takes nothing, and neither does the log."""

    def full(*_: object) -> None:
        raise HomeUnusable("The log cannot be written.")

    def odd(accepted: object) -> list[str]:
        raise ValueError("odd")

    monkeypatch.setattr(shop.host.deliveries, "accept", odd)
    lines = [f"{name}: {value}" for name, value in signed(b"1").items()]

    async def scenario() -> bytes:
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        async with served(shop) as opened:
            monkeypatch.setattr(shop.host.log, "log", full)
            opened.writer.write(opened.request("hook", *lines, body=b"1"))
            return await opened.everything()

    assert asyncio.run(scenario()) == b""


NEEDS_MORE: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "leave to send": (("expect: 100-continue",), {"body": b"1"}),
    "chunks": (("transfer-encoding: chunked",), {"body": b"1\r\nx\r\n0\r\n\r\n"}),
    "another protocol": (("connection: upgrade", "upgrade: h2c"), {"method": "GET"}),
    "a large body": ((), {"body": b"x" * (MOST_BYTES + 1)}),
    "another method": ((), {"method": "OPTIONS"}),
    "a fragment": ((), {"tail": "#part"}),
    "an unknown address": ((), {"tail": "0"}),
}


@pytest.mark.parametrize(("lines", "more"), NEEDS_MORE.values(), ids=NEEDS_MORE.keys())
def test_what_needs_more_goes_the_usual_way(
    shop: Site, lines: tuple[str, ...], more: dict[str, Any]
) -> None:
    async def scenario() -> None:
        async with served(shop) as opened:
            opened.writer.write(opened.request("echo", *lines, **more))
            await opened.answer()
            assert len(opened.usual) == 1

    asyncio.run(scenario())


def test_one_connection_serves_many_requests(shop: Site) -> None:
    async def scenario() -> None:
        async with served(shop) as opened:
            for number in range(20):
                status, body = await opened.ask("echo", body=b"x" * number)
                assert (status, json.loads(body)["size"]) == (200, number)
            assert opened.state.total_requests == 20
            assert not opened.usual

    asyncio.run(scenario())


def test_what_comes_behind_a_request_waits_for_its_answer(shop: Site) -> None:
    async def scenario() -> list[int]:
        async with served(shop) as opened:
            several = [opened.request("echo", body=b"x" * number) for number in range(6)]
            opened.writer.write(b"".join(several))
            sizes = [json.loads((await opened.answer())[1])["size"] for _ in several]
            sizes.append(json.loads((await opened.ask("later", body=b"x" * 6))[1])["size"])
            return sizes

    assert asyncio.run(scenario()) == list(range(7))


def test_a_body_in_pieces_is_put_together(shop: Site) -> None:
    async def scenario() -> None:
        async with served(shop) as opened:
            request = opened.request("echo", body=b"x" * MOST_BYTES)
            for start in range(0, len(request), 10_000):
                opened.writer.write(request[start : start + 10_000])
                await opened.writer.drain()
                await asyncio.sleep(0.01)
            status, body = await opened.answer()
            assert (status, json.loads(body)["size"]) == (200, MOST_BYTES)
            assert not opened.usual

    asyncio.run(scenario())


def test_a_body_that_does_not_come_is_not_waited_for(shop: Site) -> None:
    async def scenario() -> None:
        async with served(shop, Hasty) as opened:
            opened.writer.write(opened.request("echo", "content-length: 9", body=b"x"))
            assert (await opened.everything()).startswith(b"HTTP/1.1 408 ")

    asyncio.run(scenario())


def test_an_answer_that_nobody_reads_is_not_kept_for_ever(shop: Site) -> None:
    async def scenario() -> None:
        async with served(shop, Hasty) as opened:
            opened.reader._transport.pause_reading()  # type: ignore[attr-defined]  # reads no more
            opened.writer.write(opened.request("large"))
            await until(lambda: opened.state.total_requests > 0 and not opened.state.connections)
            assert not opened.usual

    asyncio.run(scenario())


def test_who_does_not_read_is_not_answered_past_the_one_that_waits_for_readers(shop: Site) -> None:
    async def scenario() -> None:
        async with served(shop) as opened:
            opened.reader._transport.pause_reading()  # type: ignore[attr-defined]  # reads no more
            for _ in range(3):
                opened.writer.write(opened.request("large"))
            await until(lambda: len(opened.usual) > 0)
            assert opened.state.total_requests == 1

    asyncio.run(scenario())


def test_who_hangs_up_is_not_answered_and_nothing_is_left(app: App, site: OpenSite) -> None:
    app.function("slow", "await asyncio.sleep(0.5)\nreturn Response(200)")
    opened_site = site(app, per_installation=1)

    async def scenario() -> int:
        async with served(opened_site) as opened:
            opened.writer.write(opened.request("slow"))
            await opened.writer.drain()
            await until(lambda: len(opened.state.tasks) > 0)
            opened.writer.transport.abort()
            await until(lambda: not opened.state.tasks)
            assert not opened.state.connections
            return (await opened_site.ask("GET", opened_site.path("slow"))).status_code

    assert asyncio.run(scenario()) == 200
    log = (opened_site.host.home.logs / "mooring.jsonl").read_text()
    assert '"level":"error"' not in log


def test_while_a_coroutine_does_not_end_the_connection_serves_on(app: App, site: OpenSite) -> None:
    stubborn = """
    for _ in range(20):
        try:
            await asyncio.sleep(0.05)
        except asyncio.CancelledError:
            pass
    return Response(200)
    """
    app.function("echo", ECHO).function("slow", stubborn)
    opened_site = site(app, time_limit=0.1)

    async def scenario() -> None:
        async with served(opened_site) as opened:
            status, body = await opened.ask("slow")
            assert (status, json.loads(body)["error"]["code"]) == (504, "function.overran")
            assert len(opened.state.tasks) == 1
            assert (await opened.ask("echo"))[0] == 200

    asyncio.run(scenario())


def test_told_to_stop_it_answers_what_it_began_and_closes(app: App, site: OpenSite) -> None:
    app.function("slow", "await asyncio.sleep(0.5)\nreturn Response(200, 'at last')")

    async def scenario(opened_site: Site) -> bytes:
        async with served(opened_site) as opened:
            opened.writer.write(opened.request("slow"))
            await until(lambda: len(opened.state.tasks) > 0)
            for connection in list(opened.state.connections):
                connection.shutdown()
            return await opened.everything()

    said = asyncio.run(scenario(site(app)))
    assert b"connection: close" in said
    assert said.endswith(b'"at last"')


def test_a_task_that_is_ended_from_outside_ends_the_connection(app: App, site: OpenSite) -> None:
    app.function("slow", "await asyncio.sleep(60)\nreturn Response(200)")

    async def scenario(opened_site: Site) -> None:
        async with served(opened_site) as opened:
            opened.writer.write(opened.request("slow"))
            await until(lambda: len(opened.state.tasks) > 0)
            for task in list(opened.state.tasks):
                task.cancel()
            await opened.everything()

    asyncio.run(scenario(site(app)))


def test_what_is_known_is_looked_at_again_in_good_time(shop: Site) -> None:
    """Before it is too old, so that nobody has to wait for it."""
    known = shop.server.functions._directory
    secrets = shop.server.functions._verifier._kept

    def age() -> None:
        known._looked_at -= 450.0
        for key, (read_at, values) in list(secrets.items()):
            secrets[key] = (read_at - 450.0, values)

    async def scenario() -> int:
        async with served(shop) as opened:
            await opened.ask("hook", *SIGNED, body=b"1")
            opened.usual.clear()
            age()
            shop.set_secret("hook", "another-secret")
            before = time.monotonic() - 300.0
            await opened.ask("hook", *SIGNED, body=b"1")
            await until(lambda: known._looked_at > before)
            await until(lambda: all(read_at > before for read_at, _ in secrets.values()))
            status, _ = await opened.ask("hook", *SIGNED, body=b"1")
            assert not opened.usual
            return status

    assert asyncio.run(scenario()) == 401  # it is another secret now


SIGNED = [f"{name}: {value}" for name, value in signed(b"1").items()]
