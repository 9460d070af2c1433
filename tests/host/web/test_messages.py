"""What arrives in pieces, too slowly or broken, and what is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from mooring.sdk.webhook import Request, Response
from mooring.web import messages
from mooring.web.messages import Refused, read_request, send_response


def scope(*headers: tuple[bytes, bytes], query: bytes = b"") -> dict[str, Any]:
    return {"type": "http", "method": "POST", "headers": list(headers), "query_string": query}


def read(parts: Iterator[dict[str, Any]], given: dict[str, Any]) -> Request:
    async def receive() -> dict[str, Any]:
        if (part := next(parts, None)) is None:
            await asyncio.sleep(60)
        assert part is not None
        return part

    return asyncio.run(read_request(given, receive, path=""))


def body(*chunks: bytes) -> Iterator[dict[str, Any]]:
    for number, chunk in enumerate(chunks, 1):
        yield {"type": "http.request", "body": chunk, "more_body": number < len(chunks)}


def refused(parts: Iterator[dict[str, Any]], given: dict[str, Any]) -> int:
    with pytest.raises(Refused) as raised:
        read(parts, given)
    return raised.value.response.status


def test_a_body_in_pieces_is_put_together() -> None:
    assert read(body(b"a", b"", b"bc"), scope()).body == b"abc"


def test_an_announced_size_beyond_the_limit_is_refused_unread() -> None:
    announced = scope((b"content-length", b"999999999"))
    assert refused(iter(()), announced) == 413


def test_a_sender_that_hangs_up_is_not_waited_for() -> None:
    assert refused(iter([{"type": "http.disconnect"}]), scope()) == 400


def test_a_sender_that_stalls_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "BODY_SECONDS", 0.02)
    parts = iter([{"type": "http.request", "body": b"a", "more_body": True}])
    assert refused(parts, scope()) == 408


def test_a_header_that_no_message_may_have_is_refused() -> None:
    assert refused(body(b""), scope((b"bad name", b"x"))) == 400


def test_a_thousand_parameters_are_enough() -> None:
    assert len(read(body(b""), scope(query=b"&".join([b"a=1"] * 1000))).params["a"]) == 1000
    assert refused(body(b""), scope(query=b"&".join([b"a=1"] * 1001))) == 400


def test_a_header_outside_latin_1_does_not_break_the_answer() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(send_response(send, Response(200, text="ok", headers={"x-name": "Ada ♥"})))
    assert (b"x-name", b"Ada ?") in sent[0]["headers"]
    assert sent[1]["body"] == b"ok"
