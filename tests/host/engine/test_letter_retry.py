"""What was set aside is handled once more by a run that was asked to, wherever it is cut off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from mooring.errors import RecordRefused
from mooring.model.dead_letter import RETRY, DeadLetter
from mooring.model.run import RunStatus
from mooring.sdk import Job, JobStatus, storage
from mooring.testing import MemoryApp, RunJob, crash_everywhere, in_memory
from mooring.testing.plugin import app_context, invocation, memory_app, run_job

__all__ = ["app_context", "invocation", "memory_app", "run_job"]

JOB = "Import"


class Plain(Job):
    def prepare(
        self, params: Mapping[str, Any], status: JobStatus | None = None, resuming: bool = False
    ) -> JobStatus:
        raise AssertionError("a retry needs no prepare")

    def perform(self, status: JobStatus) -> JobStatus:
        raise AssertionError("a retry needs no perform")


class Import(Plain):
    """Stores what has a total, sets aside again what has none, refuses what is below zero."""

    def retry_records(self, letters: Sequence[DeadLetter]) -> None:
        for letter in letters:
            total = letter.record.get("total")
            if total is None:
                self.set_aside(letter.record, "Still no total.", key=letter.key)
            elif total < 0:
                raise RecordRefused("Below zero.", key=letter.key, record=letter.record)
            else:
                storage.kv_store.put(f"order/{letter.key}", {"total": total})


class Awaiting(Import):
    async def retry_records(self, letters: Sequence[DeadLetter]) -> None:  # type: ignore[override]  # may be
        for letter in letters:
            await storage.kv_store.aput(f"order/{letter.key}", dict(letter.record))


class Foreign(Import):
    def retry_records(self, letters: Sequence[DeadLetter]) -> None:
        raise RecordRefused("Whose is it?", key="unknown", record={})


def asked(app: MemoryApp, totals: Mapping[str, int | None], *, job: str = JOB) -> dict[str, int]:
    """Let the run `run-1` handle orders once more that were set aside; return its parameters."""
    for key, total in totals.items():
        record = {} if total is None else {"total": total}
        app.dead_letters.set_aside(job=job, run_id="run-0", key=key, record=record, reason="No.")
    letter_ids = [letter.letter_id for letter in app.dead_letters.all()]
    return {RETRY: app.dead_letters.ask(letter_ids, run_id="run-1")}


def left(app: MemoryApp) -> dict[str, tuple[str, int]]:
    return {each.key: (each.reason, each.times) for each in app.dead_letters.all()}


def test_what_is_handled_leaves_the_shelf_and_the_rest_stays_with_its_reason(
    memory_app: MemoryApp, run_job: RunJob
) -> None:
    parameters = asked(memory_app, {"a": 1, "b": None, "c": -1, "d": 2})
    run = run_job(Import, parameters).completed().run
    assert left(memory_app) == {"b": ("Still no total.", 2), "c": ("Below zero.", 2)}
    orders = memory_app.invocation.services.kv_store.scan("order/")
    assert dict(orders) == {"order/a": {"total": 1}, "order/d": {"total": 2}}
    assert run.progress is not None
    assert (run.progress["done"], run.progress["total"], run.progress["unit"]) == (4, 4, "records")


def test_only_what_the_run_was_asked_for_is_tried(memory_app: MemoryApp, run_job: RunJob) -> None:
    asked(memory_app, {"other": 1}, job="Sweep")
    parameters = asked(memory_app, {"a": 1})
    memory_app.dead_letters.set_aside(
        job=JOB, run_id="run-0", key="b", record={"total": 1}, reason="No."
    )
    run_job(Import, parameters).completed()
    assert sorted(left(memory_app)) == ["b", "other"]


def test_many_are_tried_some_a_step(memory_app: MemoryApp, run_job: RunJob) -> None:
    parameters = asked(memory_app, {f"{n:03}": None if n % 50 == 7 else n for n in range(120)})
    run = run_job(Import, parameters).completed()
    assert run.steps == 3
    assert list(left(memory_app)) == ["007", "057", "107"]


def test_a_coroutine_may_try_them_too(memory_app: MemoryApp, run_job: RunJob) -> None:
    parameters = asked(memory_app, {"a": 1}, job="Awaiting")
    run_job(Awaiting, parameters).completed()
    assert left(memory_app) == {}


def test_a_record_that_is_none_of_these_ends_the_run(
    memory_app: MemoryApp, run_job: RunJob
) -> None:
    parameters = asked(memory_app, {"a": 1}, job="Foreign")
    run = run_job(Foreign, parameters)
    assert run.status is RunStatus.ERROR
    assert "a" in left(memory_app)


def test_a_job_without_the_method_says_what_it_lacks(run_job: RunJob) -> None:
    run = run_job(Plain, {RETRY: 1})
    assert run.status is RunStatus.ERROR
    assert run.error is not None
    assert "Give it a method retry_records" in run.error


@pytest.mark.parametrize("totals", [{"a": 1, "b": None, "c": -1, "d": 2}])
def test_a_retry_that_is_cut_off_anywhere_ends_the_same(totals: dict[str, int | None]) -> None:
    worlds = in_memory(lambda app: asked(app, totals))
    crashes = crash_everywhere(Import, worlds, parameters={RETRY: len(totals)})
    assert len(crashes.places) > 4
