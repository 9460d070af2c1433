"""Are all orders read, once each, however often the run is interrupted?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from mooring.sdk import JobStatus, errors, odp, storage
from mooring.sdk.job import JobInvocation
from mooring.testing import MemoryApp

from src.jobs.import_orders import ImportOrders

from .conftest import SHOP


@pytest.fixture
def job() -> ImportOrders:
    """Give the job of one run."""
    return ImportOrders(JobInvocation("run-1", datetime.now(UTC)))


@pytest.fixture
def two_pages(connected: MemoryApp, order: dict[str, Any]) -> MemoryApp:
    """Let the shop have two orders, one to a page."""
    first = {"orders": [order], "next": "7", "total": 2}
    last = {"orders": [{**order, "id": 8}], "next": None, "total": 2}
    connected.http.answer("GET", f"{SHOP}/orders", json=first)
    connected.http.answer("GET", f"{SHOP}/orders", json=last)
    return connected


def stored() -> list[str]:
    return [row["order_id"] for row in odp.objects("{{ app_id }}_orders")]


def test_every_page_is_a_step_and_progress_is_in_the_state(
    two_pages: MemoryApp, job: ImportOrders
) -> None:
    first = job.perform(job.prepare({}))
    assert not first.complete
    assert first.state == {"after": "7", "read": 1, "stored": 1, "refused": 0, "total": 2}
    last = job.perform(first)
    assert last.complete
    assert last.state["read"] == 2
    assert stored() == ["7", "8"]


def test_an_interrupted_run_goes_on_where_it_was(two_pages: MemoryApp, job: ImportOrders) -> None:
    status = job.perform(job.prepare({}))
    assert job.prepare({}, status, resuming=True) is status


def test_a_step_that_happens_twice_stores_the_same(
    connected: MemoryApp, job: ImportOrders, order: dict[str, Any]
) -> None:
    connected.http.answer("GET", f"{SHOP}/orders", json={"orders": [order], "total": 1})
    begin = job.prepare({})
    job.perform(begin)
    job.perform(begin)
    assert stored() == ["7"]


def test_a_refused_order_is_counted_and_logged(connected: MemoryApp, job: ImportOrders) -> None:
    connected.http.answer("GET", f"{SHOP}/orders", json={"orders": [{"id": 9}]})
    status = job.perform(job.prepare({}))
    assert status.state["refused"] == 1
    (line,) = [line for line in connected.log.lines if line.event == "order.refused"]
    assert line.fields["reason"] == "order 9: email is missing"


def test_without_a_key_the_run_asks_to_connect_again(
    memory_app: MemoryApp, job: ImportOrders
) -> None:
    with pytest.raises(errors.CredentialsRejected, match="No API key"):
        job.perform(job.prepare({}))


def test_switched_off_nothing_is_read(connected: MemoryApp, job: ImportOrders) -> None:
    storage.settings.put("orders", {"enabled": False})
    assert job.prepare({}) == JobStatus({"note": "Switched off in the settings."}, complete=True)
