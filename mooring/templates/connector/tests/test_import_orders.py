"""Are all orders read, once each, wherever the run is interrupted?"""

from __future__ import annotations

from typing import Any

from mooring.sdk import odp, storage
from mooring.testing import MemoryApp, RunJob, crash_everywhere, in_memory

from src.jobs.import_orders import ImportOrders

from .conftest import SHOP, connect, make_app


def with_two_pages(app: MemoryApp, order: dict[str, Any]) -> None:
    """Let the shop have two orders, one to a page."""
    first = {"orders": [order], "next": "7", "total": 2}
    last = {"orders": [{**order, "id": 8}], "next": None, "total": 2}
    app.http.answer("GET", f"{SHOP}/orders", json=first)
    app.http.answer("GET", f"{SHOP}/orders", params={"after": "7"}, json=last)


def stored() -> list[str]:
    return [row["order_id"] for row in odp.objects("{{ app_id }}_orders")]


def test_every_page_is_a_step_and_progress_is_in_the_state(
    connected: MemoryApp, run_job: RunJob, order: dict[str, Any]
) -> None:
    with_two_pages(connected, order)
    ran = run_job(ImportOrders).completed()
    assert ran.steps == 2
    assert ran.states[1] == {"after": "7", "read": 1, "stored": 1, "refused": 0, "total": 2}
    assert ran.state["read"] == 2
    assert stored() == ["7", "8"]


def test_wherever_the_run_is_cut_off_it_ends_the_same(order: dict[str, Any]) -> None:
    def set_up(app: MemoryApp) -> None:
        connect()
        with_two_pages(app, order)

    crash_everywhere(ImportOrders, in_memory(set_up, make=make_app))


def test_a_shop_that_is_away_for_a_moment_is_asked_again(
    connected: MemoryApp, run_job: RunJob
) -> None:
    connected.http.answer("GET", f"{SHOP}/orders", status=502)
    connected.http.answer("GET", f"{SHOP}/orders", json={"orders": []})
    ran = run_job(ImportOrders).completed()
    assert [each.seconds for each in ran.postponements] == [30]


def test_a_refused_order_is_counted_and_logged(connected: MemoryApp, run_job: RunJob) -> None:
    connected.http.answer("GET", f"{SHOP}/orders", json={"orders": [{"id": 9}]})
    ran = run_job(ImportOrders).completed()
    assert ran.state["refused"] == 1
    (line,) = ran.logged("order.refused")
    assert line.fields["reason"] == "order 9: email is missing"


def test_without_a_key_the_run_asks_to_connect_again(run_job: RunJob) -> None:
    ran = run_job(ImportOrders)
    assert ran.status == "ERROR"
    assert "No API key" in str(ran.error)


def test_switched_off_nothing_is_read(connected: MemoryApp, run_job: RunJob) -> None:
    storage.settings.put("orders", {"enabled": False})
    assert run_job(ImportOrders).state == {"note": "Switched off in the settings."}
    assert connected.http.requests == []
