"""Under which names does the console answer?"""

from __future__ import annotations

import asyncio

import httpx
import pytest
from starlette.responses import PlainTextResponse

from mooring.web.guard import Guard


def get(host: str, *, bound_to: str = "127.0.0.1") -> httpx.Response:
    transport = httpx.ASGITransport(app=Guard(PlainTextResponse("shown"), bound_to=bound_to))

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://console") as client:
            return await client.get("/", headers={"host": host})

    return asyncio.run(ask())


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:3000", "LOCALHOST", "127.0.0.1:3000", "[::1]:3000", "[::1]"]
)
def test_loopback_names_are_let_in(host: str) -> None:
    assert get(host).text == "shown"


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:3000",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "192.168.1.5:3000",
        "",
        "[::2]",
        "evil.example@localhost",
    ],
)
def test_any_other_name_is_refused_with_every_protection(host: str) -> None:
    answer = get(host)
    assert answer.status_code == 421
    assert "shown" not in answer.text
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def test_the_address_it_is_bound_to_is_let_in() -> None:
    assert get("192.168.1.5:3000", bound_to="192.168.1.5").text == "shown"
    assert get("192.168.1.6:3000", bound_to="192.168.1.5").status_code == 421


@pytest.mark.parametrize("bound_to", ["0.0.0.0", "::"])  # noqa: S104  # nothing is bound here
def test_bound_to_every_address_any_address_is_let_in_but_no_name(bound_to: str) -> None:
    assert get("192.168.1.5:3000", bound_to=bound_to).text == "shown"
    assert get("[fe80::1]:3000", bound_to=bound_to).text == "shown"
    assert get("evil.example", bound_to=bound_to).status_code == 421
