"""Who gets to see the figures: this machine, and who shows the token; nobody by a proxy."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from mooring.errors import ConfigurationInvalid
from mooring.hosting.host import Host
from mooring.hosting.metrics_token import made_token
from mooring.web import metrics as module
from mooring.web.console import console

LOCAL, ELSEWHERE = "127.0.0.1", "192.0.2.7"


def get(
    host: Host,
    *,
    client: str = LOCAL,
    name: str = "127.0.0.1:3000",
    method: str = "GET",
    bound_to: str = "127.0.0.1",
    **headers: str,
) -> httpx.Response:
    app = console(host, bound_to=bound_to)
    transport = httpx.ASGITransport(app=app, client=(client, 50000))
    sent = {"host": name, **{key.replace("_", "-"): value for key, value in headers.items()}}

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://console") as it:
            return await it.request(method, "/metrics", headers=sent)

    return asyncio.run(ask())


@pytest.mark.parametrize("client", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_this_machine_reads_them_without_more(host: Host, client: str) -> None:
    answer = get(host, client=client)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert 'mooring_info{version="' in answer.text


def test_other_machines_are_refused_and_told_what_to_send(host: Host) -> None:
    answer = get(host, client=ELSEWHERE, name="192.0.2.1:3000", bound_to="0.0.0.0")  # noqa: S104  # as a name only
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "mooring metrics token" in answer.text
    assert "mooring_info" not in answer.text


@pytest.mark.parametrize("header", ["x_forwarded_for", "forwarded", "via", "x_real_ip"])
def test_what_came_by_a_proxy_of_this_machine_is_from_elsewhere(host: Host, header: str) -> None:
    assert get(host, **{header: "for=192.0.2.7"}).status_code == 401


def test_a_page_that_renamed_this_machine_is_refused(host: Host) -> None:
    assert get(host, name="evil.example").status_code == 421


def test_the_token_opens_them_to_any_machine_under_any_name(host: Host) -> None:
    token = made_token(host)
    answer = get(
        host, client=ELSEWHERE, name="host1.internal:3000", authorization=f"Bearer {token}"
    )
    assert answer.status_code == 200
    assert "mooring_info" in answer.text


@pytest.mark.parametrize("shown", ["wrong", "", "ü"])
def test_a_wrong_token_is_refused_also_on_this_machine(host: Host, shown: str) -> None:
    made_token(host)
    value = f"Bearer {shown}".encode()
    app = console(host, bound_to="127.0.0.1")
    transport = httpx.ASGITransport(app=app, client=(LOCAL, 50000))

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as it:
            return await it.get("/metrics", headers=[(b"authorization", value)])

    assert asyncio.run(ask()).status_code == 401


def test_a_host_without_a_token_has_none_that_fits(host: Host) -> None:
    assert get(host, client=ELSEWHERE, authorization="Bearer None").status_code == 401


def test_a_renewed_token_ends_the_one_before(host: Host) -> None:
    old = made_token(host)
    new = made_token(host, renew=True)
    assert made_token(host) == new
    assert get(host, client=ELSEWHERE, authorization=f"Bearer {old}").status_code == 401
    assert get(host, client=ELSEWHERE, authorization=f"Bearer {new}").status_code == 200


def test_the_token_opens_nothing_else(host: Host) -> None:
    token = made_token(host)
    app = console(host, bound_to="127.0.0.1")
    transport = httpx.ASGITransport(app=app, client=(ELSEWHERE, 50000))

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://host1.internal") as it:
            return await it.get("/", headers={"authorization": f"Bearer {token}"})

    assert asyncio.run(ask()).status_code == 421


def test_they_can_only_be_read(host: Host) -> None:
    token = made_token(host)
    assert get(host, method="POST", authorization=f"Bearer {token}").status_code == 405
    assert get(host, method="HEAD", authorization=f"Bearer {token}").content == b""


def test_a_database_that_is_away_is_said_without_figures(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(host: Host) -> bytes:
        raise ConfigurationInvalid("The database does not answer.")

    monkeypatch.setattr(module, "metrics", away)
    answer = get(host)
    assert answer.status_code == 503
    assert "log says why" in answer.text


def test_asking_very_often_asks_the_database_rarely(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Host] = []

    def counted(host: Host) -> bytes:
        asked.append(host)
        return b"figures\n"

    monkeypatch.setattr(module, "metrics", counted)
    monkeypatch.setattr(module, "FRESH_SECONDS", 3600.0)
    app = console(host, bound_to="127.0.0.1")
    transport = httpx.ASGITransport(app=app, client=(LOCAL, 50000))

    async def ask() -> list[str]:
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as it:
            answers = await asyncio.gather(*(it.get("/metrics") for _ in range(10)))
            return [answer.text for answer in answers]

    assert asyncio.run(ask()) == ["figures\n"] * 10
    assert len(asked) == 1
