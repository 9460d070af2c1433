"""Connections that send too much or too slowly, on a real socket."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from mooring.web.messages import read_request
from mooring.web.protocol import MOST_HEAD_BYTES, BoundedProtocol

SOON = 0.3  # seconds
PATIENCE = 5.0
LARGE = 30_000_000  # bytes, more than the system keeps for a reader


class Hasty(BoundedProtocol):
    head_seconds = SOON
    body_seconds = SOON
    unread_seconds = SOON


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    """Read the body where one is asked for, and say how long it was; or say very much."""
    said = b"0"
    if scope["path"] == "/read":
        request = await read_request(scope, receive, path="")
        said = f"{len(request.body)} {sorted(dict(request.headers.items()))}".encode()
    elif scope["path"] == "/large":
        said = b"x" * LARGE
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": said})


@asynccontextmanager
async def connected(
    protocol: type[BoundedProtocol] = Hasty,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    config = uvicorn.Config(answer, http=protocol, lifespan="off", log_config=None)
    config.load()
    state = uvicorn.server.ServerState()
    server = await asyncio.get_running_loop().create_server(
        lambda: protocol(config=config, server_state=state, app_state={}), "127.0.0.1", 0
    )
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    try:
        yield reader, writer
    finally:
        writer.close()
        server.close()


async def everything(reader: asyncio.StreamReader) -> bytes:
    """Read until the other side closes; that it does not is a failure."""
    async with asyncio.timeout(PATIENCE):
        return await reader.read()


async def flood(writer: asyncio.StreamWriter, piece: bytes, *, most: int) -> int:
    """Send as much as is taken; return how much that was."""
    sent = 0
    try:
        while sent < most:
            writer.write(piece)
            await asyncio.wait_for(writer.drain(), PATIENCE)
            sent += len(piece)
    except ConnectionError:
        pass
    return sent


@pytest.mark.parametrize("begun", [b"", b"GET / HTTP/1.1\r\nhost: a\r\nx-slow: "])
def test_a_head_that_does_not_end_is_cut_off(begun: bytes) -> None:
    async def scenario() -> None:
        async with connected() as (reader, writer):
            writer.write(begun)
            assert (await everything(reader)).startswith(b"HTTP/1.1 408 ")

    asyncio.run(scenario())


def test_a_second_head_has_no_more_time_than_the_first() -> None:
    async def scenario() -> None:
        async with connected() as (reader, writer):
            writer.write(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
            assert b"200 OK" in await reader.readuntil(b"\r\n\r\n")
            writer.write(b"GET / HT")
            assert b"HTTP/1.1 408 " in await everything(reader)

    asyncio.run(scenario())


def test_a_body_that_nobody_reads_is_not_waited_for_either() -> None:
    async def scenario() -> None:
        async with connected() as (reader, writer):
            writer.write(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nabc")
            said = await everything(reader)
            assert said.startswith(b"HTTP/1.1 200 ")
            assert b"HTTP/1.1 408 " in said

    asyncio.run(scenario())


@pytest.mark.parametrize("begun", [b"GET /", b"GET / HTTP/1.1\r\nx-large: "])
def test_a_head_may_not_be_large(begun: bytes) -> None:
    async def scenario() -> None:
        async with connected(BoundedProtocol) as (_, writer):
            writer.write(begun)
            piece = b"a" * MOST_HEAD_BYTES
            assert await flood(writer, piece, most=400 * len(piece)) < 400 * len(piece)

    asyncio.run(scenario())


def test_a_head_that_is_too_large_is_told_so() -> None:
    async def scenario() -> None:
        async with connected(BoundedProtocol) as (reader, writer):
            writer.write(b"GET / HTTP/1.1\r\nx-large: " + b"a" * (MOST_HEAD_BYTES + 1))
            assert (await everything(reader)).startswith(b"HTTP/1.1 431 ")

    asyncio.run(scenario())


class Told(asyncio.Transport):
    """What a protocol wrote to a connection that brings whole pieces."""

    def __init__(self) -> None:
        super().__init__()
        self.said = b""
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.said += bytes(data)

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize("line", ["x-large: {}", "{}: x"])
@pytest.mark.parametrize("behind", ["", "GET / HTTP/1.1\r\nhost: a\r\n\r\n"])
def test_a_head_that_is_too_large_is_refused_also_when_it_comes_in_one_piece(
    line: str, behind: str
) -> None:
    async def scenario() -> Told:
        config = uvicorn.Config(answer, http=BoundedProtocol, lifespan="off", log_config=None)
        state = uvicorn.server.ServerState()
        protocol, told = BoundedProtocol(config=config, server_state=state, app_state={}), Told()
        protocol.connection_made(told)
        large = line.format("a" * MOST_HEAD_BYTES)
        head = f"POST /read HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\n{large}\r\n\r\nb"
        protocol.data_received((behind + head).encode())
        protocol.connection_lost(None)
        return told

    told = asyncio.run(scenario())
    assert told.closed
    # The answer to the first one is still to come, and must not be mistaken.
    assert told.said.startswith(b"" if behind else b"HTTP/1.1 431 ")
    assert bool(told.said) is not bool(behind)


def test_the_framing_of_chunks_may_not_be_large() -> None:
    async def scenario() -> None:
        async with connected(BoundedProtocol) as (_, writer):
            writer.write(b"POST /read HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n")
            piece = b"1;" + b"a" * 10_000 + b"\r\nx\r\n"
            assert await flood(writer, piece, most=2000 * len(piece)) < 2000 * len(piece)

    asyncio.run(scenario())


def test_large_bodies_are_no_heads() -> None:
    async def scenario() -> None:
        async with connected() as (reader, writer):
            for _ in range(3):
                body = b"b" * 900_000
                head = f"POST /read HTTP/1.1\r\nhost: a\r\ncontent-length: {len(body)}\r\n\r\n"
                writer.write(head.encode() + body)
                await asyncio.wait_for(reader.readuntil(b"900000"), PATIENCE)

    asyncio.run(scenario())


@pytest.mark.parametrize("ending", ["", "connection: close\r\n"])
def test_an_answer_that_nobody_reads_is_not_kept_for_ever(ending: str) -> None:
    async def scenario() -> int:
        async with connected() as (reader, writer):
            reader._transport.pause_reading()  # type: ignore[attr-defined]  # as who reads no more
            writer.write(f"GET /large HTTP/1.1\r\nhost: a\r\n{ending}\r\n".encode())
            await asyncio.sleep(4 * SOON)
            reader._transport.resume_reading()  # type: ignore[attr-defined]  # to see what came
            size = 0
            with contextlib.suppress(ConnectionError):
                async with asyncio.timeout(PATIENCE):
                    while piece := await reader.read(1_000_000):
                        size += len(piece)
            return size

    assert asyncio.run(scenario()) < LARGE


def test_an_answer_that_is_read_slowly_arrives() -> None:
    async def scenario() -> int:
        async with connected() as (reader, writer):
            writer.write(b"GET /large HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
            size = 0
            async with asyncio.timeout(4 * PATIENCE):
                while piece := await reader.read(LARGE // 10):
                    size += len(piece)
                    await asyncio.sleep(SOON / 50)
            return size

    assert asyncio.run(scenario()) > LARGE


def test_what_follows_the_chunks_is_no_header() -> None:
    async def scenario() -> None:
        async with connected() as (reader, writer):
            writer.write(b"POST /read HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n")
            writer.write(b"1\r\nx\r\n0\r\nx-checked: yes\r\n\r\n")
            said = await asyncio.wait_for(reader.readuntil(b"]"), PATIENCE)
            assert b"1 ['host', 'transfer-encoding']" in said

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "head",
    [
        "GET / HTTP/1.1\r\n",
        "GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n",
        "GET /\r\n",
        "PUT / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: h2c\r\ncontent-length: 1\r\n",
    ],
)
def test_a_head_that_may_be_read_in_two_ways_is_refused(head: str) -> None:
    async def scenario() -> None:
        async with connected() as (reader, writer):
            writer.write(head.encode() + b"\r\nx")
            assert (await everything(reader)).startswith(b"HTTP/1.1 400 ")

    asyncio.run(scenario())


def test_an_offer_to_change_the_protocol_is_declined_and_the_last_request() -> None:
    async def scenario() -> None:
        async with connected() as (reader, writer):
            offer = b"connection: upgrade\r\nupgrade: websocket\r\n"
            writer.write(b"GET / HTTP/1.1\r\nhost: a\r\n" + offer + b"\r\n")
            said = await everything(reader)
            assert said.startswith(b"HTTP/1.1 200 ")
            assert b"connection: close" in said

    asyncio.run(scenario())
