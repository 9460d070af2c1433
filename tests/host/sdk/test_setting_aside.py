"""A job goes on without a record that it cannot handle; the record is kept until it is handled."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from mooring.errors import NoContext
from mooring.sdk import Job, JobStatus
from mooring.sdk.context import use
from mooring.sdk.setting_aside import retries_records
from mooring.testing import MemoryApp, RunJob, memory_app

ORDERS = {"17": {"total": -1}, "18": {"total": 3}}


class ImportOrders(Job):
    def prepare(
        self, params: Mapping[str, Any], status: JobStatus | None = None, resuming: bool = False
    ) -> JobStatus:
        return JobStatus({"total": params.get("total", -1)})

    def perform(self, status: JobStatus) -> JobStatus:
        orders = {**ORDERS, "17": {"total": status.state["total"]}}
        known = self.letters(*orders)
        for key, order in orders.items():
            if order["total"] < 0:
                self.set_aside(order, f"Order {key} has a negative total.", key=key)
            else:
                self.handled(key)
        return JobStatus({"known": sorted(known)}, complete=True)


class Awaiting(ImportOrders):
    async def perform(self, status: JobStatus) -> JobStatus:  # type: ignore[override]  # may be
        await self.aset_aside({"n": 1}, "No.", key="a")
        await self.aset_aside({"n": 2}, "No.", key="b")
        gone = await self.ahandled("a")
        return JobStatus({"gone": gone, "left": list(await self.aletters("a", "b"))}, complete=True)


class Blocking(ImportOrders):
    async def perform(self, status: JobStatus) -> JobStatus:  # type: ignore[override]  # may be
        self.set_aside({}, "No.", key="a")
        return JobStatus(complete=True)


class Retrying(ImportOrders):
    async def retry_records(self, letters: Any) -> None:
        await asyncio.sleep(0)


def test_a_record_is_kept_under_its_job_and_key(memory_app: MemoryApp, run_job: RunJob) -> None:
    run_job(ImportOrders, run_id="run-7").completed()
    (letter,) = memory_app.dead_letters.all()
    assert (letter.job, letter.key, letter.run_id) == ("ImportOrders", "17", "run-7")
    assert letter.record == {"total": -1}
    assert letter.reason == "Order 17 has a negative total."


def test_a_later_run_sees_it_and_takes_it_off_the_shelf(
    memory_app: MemoryApp, run_job: RunJob
) -> None:
    run_job(ImportOrders, run_id="run-1").completed()
    run_job(ImportOrders, run_id="run-2").completed()
    (letter,) = memory_app.dead_letters.all()
    assert letter.times == 2
    mended = run_job(ImportOrders, {"total": 5}, run_id="run-3").completed()
    assert mended.state == {"known": ["17"]}
    assert memory_app.dead_letters.all() == []


def test_a_coroutine_awaits_the_same(run_job: RunJob) -> None:
    assert run_job(Awaiting).completed().state == {"gone": 1, "left": ["b"]}


def test_a_plain_call_does_not_block_the_loop(run_job: RunJob) -> None:
    error = run_job(Blocking).error
    assert error is not None
    assert "await self.aset_aside" in error


def test_nothing_is_set_aside_for_no_installation() -> None:
    app = memory_app(install_id=0)
    job = ImportOrders.__new__(ImportOrders)
    with use(app.invocation), pytest.raises(NoContext, match="belongs to an installation"):
        job.letters("17")


def test_a_job_says_by_a_method_that_it_can_try_again() -> None:
    assert retries_records(Retrying)
    assert not retries_records(ImportOrders)
    assert not retries_records(object)
