"""How requests that come at once get to the disk together."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from uuid import UUID

import pytest

from mooring.errors import Conflict
from mooring.hosting.host import Host
from mooring.model.delivery import Delivery
from mooring.sdk.webhook import Request
from mooring.web.directory import Target, address_of
from tests.host.apps import App
from tests.host.web.conftest import Site

OpenSite = Callable[..., Site]
Store = Callable[[Sequence[Delivery]], list[str]]


@pytest.fixture
def hook(app: App, site: OpenSite) -> Site:
    """Give a site with an inbox whose requests are kept and not handled."""
    return site(app.function("hook", "return Response(200)", delivery="inbox"))


def between(host: Host, monkeypatch: pytest.MonkeyPatch, store: Callable[..., list[str]]) -> None:
    """Put something between the queue and the database; it is given the real way to store."""
    real = host.deliveries.accept
    monkeypatch.setattr(host.deliveries, "accept", lambda accepted: store(real, accepted))


async def statuses(site: Site, bodies: Sequence[bytes]) -> list[int]:
    async with site.client() as client:
        sends = (client.post(site.path("hook"), content=body) for body in bodies)
        return [answer.status_code for answer in await asyncio.gather(*sends)]


def test_what_comes_while_one_is_written_is_written_together(
    hook: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches: list[int] = []

    def slowly(store: Store, accepted: Sequence[Delivery]) -> list[str]:
        time.sleep(0.1)
        batches.append(len(accepted))
        return store(accepted)

    between(hook.host, monkeypatch, slowly)
    assert asyncio.run(statuses(hook, [b"%d" % n for n in range(30)])) == [202] * 30
    assert sum(batches) == 30
    assert len(batches) <= 3


def test_one_that_cannot_be_stored_takes_no_other_with_it(
    hook: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def picky(store: Store, accepted: Sequence[Delivery]) -> list[str]:
        time.sleep(0.02)
        if any('"NQ=="' in delivery.request for delivery in accepted):  # 5
            raise ValueError("odd")
        return store(accepted)

    between(hook.host, monkeypatch, picky)
    found = asyncio.run(statuses(hook, [b"%d" % n for n in range(10)]))
    assert found == [202] * 5 + [500] + [202] * 4
    assert len(hook.host.deliveries.recent()) == 9


def test_while_the_database_takes_nothing_senders_are_told_to_come_again(
    hook: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(store: Store, accepted: Sequence[Delivery]) -> list[str]:
        raise Conflict("The database is busy.")

    between(hook.host, monkeypatch, busy)
    answer = asyncio.run(hook.ask("POST", hook.path("hook"), content=b"1"))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json()["error"]["code"] == "inbox.unavailable"


def test_an_answer_that_cannot_be_given_keeps_no_other_back(hook: Site) -> None:
    async def accept() -> tuple[list[str], list[str]]:
        loop = asyncio.get_running_loop()
        settled: list[str] = []
        failures: list[str] = []
        loop.set_exception_handler(lambda _, about: failures.append(repr(about["exception"])))
        address = address_of(hook.path("hook").encode())
        assert address is not None
        target = await hook.server.functions.find(address)
        assert isinstance(target, Target)

        def give(delivery_id: str, error: Exception | None) -> None:
            settled.append(delivery_id)
            if len(settled) == 2:
                raise ValueError("odd")

        for number in range(4):
            hook.inbox.submit(target, Request("POST", body=b"%d" % number), settle=give)
        for _ in range(1000):
            if len(settled) == 4:
                break
            await asyncio.sleep(0.01)
        return settled, failures

    settled, failures = asyncio.run(accept())
    stored = {delivery.delivery_id for delivery in hook.host.deliveries.recent()}
    assert set(settled) == stored
    assert len(stored) == 4
    assert failures == ["ValueError('odd')"]


def test_nobody_is_answered_before_it_is_written(
    hook: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()

    def later(store: Store, accepted: Sequence[Delivery]) -> list[str]:
        go.wait(5)
        return store(accepted)

    async def ask() -> tuple[bool, int]:
        sending = asyncio.create_task(hook.ask("POST", hook.path("hook"), content=b"1"))
        await asyncio.sleep(0.1)
        early = sending.done()
        go.set()
        return early, (await sending).status_code

    between(hook.host, monkeypatch, later)
    assert asyncio.run(ask()) == (False, 202)


def test_ids_grow_with_time(hook: Site) -> None:
    for body in (b"1", b"2", b"3"):
        asyncio.run(statuses(hook, [body]))
        time.sleep(0.002)
    ids = [delivery.delivery_id for delivery in reversed(hook.host.deliveries.recent())]
    assert ids == sorted(ids)
    assert {UUID(one).version for one in ids} == {7}
