"""Functions that do not end while they handle a delivery."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mooring.engine.inbox import MOST_ATTEMPTS
from mooring.model.delivery import Delivery, DeliveryState
from tests.host.apps import App
from tests.host.web.conftest import Site

OpenSite = Callable[..., Site]
PATIENCE = 30.0  # seconds

HANGS = """
import pathlib
while not pathlib.Path({marker!r}).exists():
    time.sleep(0.01)
return Response(200)
"""
STUBBORN = f"""
try:
    await asyncio.sleep(600)
except asyncio.CancelledError:
    pass
{HANGS}"""


def send(site: Site, body: bytes = b"{}") -> None:
    answer = asyncio.run(site.ask("POST", site.path("hook"), content=body))
    assert answer.status_code == 202


def until(site: Site, condition: Callable[[Delivery], bool]) -> Delivery:
    deadline = time.monotonic() + PATIENCE
    while not condition(delivery := site.host.deliveries.recent()[0]):
        assert time.monotonic() < deadline, f"It is still {delivery}"
        time.sleep(0.01)
    return delivery


@pytest.mark.parametrize("kind", ["def", "async def", "a stubborn async def"])
def test_a_function_that_does_not_end_has_failed_and_its_delivery_comes_again(
    app: App, site: OpenSite, tmp_path: Path, kind: str
) -> None:
    marker = tmp_path / "go"
    bodies = {
        "def": HANGS.format(marker=str(marker)),
        "async def": "await asyncio.sleep(600)",
        "a stubborn async def": STUBBORN.format(marker=str(marker)),
    }
    app.function("hook", bodies[kind], delivery="inbox")
    opened = site(app, handling_limit=0.1)
    opened.inbox.start()
    send(opened)
    failed = until(opened, lambda delivery: delivery.error is not None)
    assert failed.error == (
        "The function did not end within 0.1 seconds. Long work belongs in a job."
    )
    assert (failed.state, failed.attempts) == (DeliveryState.PENDING, 1)
    marker.touch()
    again = until(opened, lambda delivery: delivery.error is None)  # whoever began it is forgotten
    assert again.attempts == 2


def test_a_function_that_never_ends_keeps_the_places_of_its_installation_alone(
    app: App, site: OpenSite, tmp_path: Path
) -> None:
    marker = tmp_path / "go"
    app.function("hook", HANGS.format(marker=str(marker)), delivery="inbox")
    app.function("all", "return Response(200)", delivery="inbox", **{"global": True})
    opened = site(app, handling_limit=0.1)
    for number in range(6):
        send(opened, str(number).encode())
    opened.inbox.start()
    deadline = time.monotonic() + PATIENCE
    while sum(delivery.error is not None for delivery in opened.host.deliveries.recent()) < 4:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    asyncio.run(opened.ask("POST", "/functions/shop/all"))
    while not [
        d
        for d in opened.host.deliveries.recent()
        if d.function == "all" and d.state is DeliveryState.DONE
    ]:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert (
        sum(
            delivery.attempts
            for delivery in opened.host.deliveries.recent()
            if delivery.function == "hook"
        )
        == 4
    )
    marker.touch()
    while any(
        delivery.state is not DeliveryState.DONE for delivery in opened.host.deliveries.recent()
    ):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_last_attempt_that_does_not_end_sets_the_delivery_aside(
    app: App, site: OpenSite
) -> None:
    app.function("hook", "await asyncio.sleep(600)", delivery="inbox")
    opened = site(app, handling_limit=0.05)
    send(opened)
    (delivery,) = opened.host.deliveries.recent()
    begun = opened.host.clock.now()
    for _ in range(MOST_ATTEMPTS - 1):
        opened.host.deliveries.begin([delivery], until=begun)
        opened.host.deliveries.retry(delivery.delivery_id, due_at=delivery.due_at, error="odd")
    opened.inbox.start()
    dead = until(opened, lambda delivery: delivery.state is DeliveryState.DEAD)
    assert "within 0.05 seconds" in str(dead.error)
