"""How calls end that do not end by themselves."""

from __future__ import annotations

import asyncio
import gc
import json
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.host.apps import App
from tests.host.web.conftest import Site

OpenSite = Callable[..., Site]

STUBBORN = """
import pathlib
for _ in range(1000):
    if pathlib.Path({answered!r}).exists():
        break
    try:
        await asyncio.sleep(0.01)
    except asyncio.CancelledError:
        pass
pathlib.Path({ended!r}).touch()
return Response(200)
"""


def ask_twice(site: Site, function: str) -> list[httpx.Response]:
    """Ask twice in a row: the first call learns about the function, the second one knows it."""

    async def asking() -> list[httpx.Response]:
        async with site.client() as client:
            return [await client.get(site.path(function)) for _ in range(2)]

    return asyncio.run(asking())


def test_a_coroutine_that_does_not_obey_is_answered_for_meanwhile(
    app: App, site: OpenSite, tmp_path: Path
) -> None:
    answered, ended = tmp_path / "answered", tmp_path / "ended"
    body = STUBBORN.format(answered=str(answered), ended=str(ended))
    opened = site(app.function("slow", body), time_limit=0.05)
    sent: list[tuple[object, bool]] = []

    async def send(message: dict[str, object]) -> None:
        if message["type"] == "http.response.start":
            sent.append((message["status"], ended.exists()))
            answered.touch()

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def asking() -> None:
        path = opened.path("slow")
        scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode()}
        await opened.server(
            {**scope, "headers": [], "query_string": b""},
            receive,
            send,  # type: ignore[arg-type]  # a plainer message type
        )

    for _ in range(2):
        asyncio.run(asking())
        assert sent == [(504, False)], "answered before it has ended"
        assert ended.exists()
        sent.clear()
        answered.unlink()
        ended.unlink()


def test_a_coroutine_that_ends_its_own_task_has_failed(app: App, site: OpenSite) -> None:
    body = "asyncio.current_task().cancel()\nawait asyncio.sleep(1)\nreturn Response(200)"
    opened = site(app.function("odd", body), per_installation=1)
    assert [answer.status_code for answer in ask_twice(opened, "odd")] == [500, 500]


@pytest.mark.parametrize("wait", ["", "await asyncio.sleep(0)\n"])
def test_every_slot_comes_back(app: App, site: OpenSite, wait: str) -> None:
    app.function("fails", f"{wait}raise ValueError('odd')")
    app.function("exits", f"{wait}raise SystemExit(1)")
    opened = site(app, per_installation=1)
    for function in ("fails", "exits", "fails"):
        assert [answer.status_code for answer in ask_twice(opened, function)] == [500, 500]


def test_what_one_call_adds_to_its_log_is_no_other_calls(app: App, site: OpenSite) -> None:
    body = """
    from mooring.sdk import logger
    logger.info("began")
    logger.amend_log_context(number=self.request.params["n"])
    await asyncio.sleep(0.02)
    logger.info("ends")
    return Response(200)
    """
    opened = site(app.function("noting", body))

    async def asking() -> None:
        async with opened.client() as client:
            await client.get(opened.path("noting"), params={"n": "first"})
            path = opened.path("noting")
            await asyncio.gather(*(client.get(path, params={"n": str(n)}) for n in range(5)))

    asyncio.run(asking())
    text = (opened.host.home.logs / "mooring.jsonl").read_text()
    noted = [json.loads(line) for line in text.splitlines()]
    assert all("number" not in line for line in noted if line["event"] == "began")
    numbers = sorted(line["number"] for line in noted if line["event"] == "ends")
    assert numbers == ["0", "1", "2", "3", "4", "first"]


def test_a_thousand_calls_leave_nothing_behind(app: App, site: OpenSite) -> None:
    app.function("later", "await asyncio.sleep(0)\nreturn Response(200, {'a': [1]})")
    opened = site(app.function("at_once", "return Response(200, {'a': [1]})"))

    async def asking(times: int) -> None:
        async with opened.client() as client:
            for _ in range(times):
                for function in ("later", "at_once"):
                    await client.post(opened.path(function), content=b"{}")

    def objects() -> int:
        time.sleep(0.1)  # until the journal has written what was noted
        gc.collect()
        return len(gc.get_objects())

    asyncio.run(asking(50))
    before = objects()
    asyncio.run(asking(500))
    assert objects() - before < 200
