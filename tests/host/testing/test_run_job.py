"""Does a job run in a test as it does on a host?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from mooring.sdk import Job, JobStatus, Progress, errors, http, logger, storage
from mooring.testing import MemoryApp, Postponement, RetryPolicy, RunJob

URL = "https://api.example.com/v1/items"


class Counting(Job):
    """Counts to ``parameters.to``, one a step, and may stumble over one of them."""

    def prepare(
        self, params: Mapping[str, Any], status: JobStatus | None = None, resuming: bool = False
    ) -> JobStatus:
        if resuming and status is not None:
            logger.info("counting.resumed", at=status.state["n"])
            return status
        return JobStatus({"n": 0, "to": params["to"], "pair": (1, 2)})

    def perform(self, status: JobStatus) -> JobStatus:
        n = status.state["n"] + 1
        self.sleep(60)
        storage.kv_store.put(f"n/{n}", {"by": self.invocation.job_id})
        http.post(URL, json={"n": n}).raise_for_status()
        return JobStatus({**status.state, "n": n}, complete=n >= status.state["to"])


class Endless(Counting):
    def perform(self, status: JobStatus) -> JobStatus:
        return JobStatus({"n": status.state["n"] + 1})


class Wrong(Counting):
    def perform(self, status: JobStatus) -> JobStatus:
        return JobStatus({"when": object()})


class Later(Job):
    async def prepare(
        self, params: Mapping[str, Any], status: JobStatus | None = None, resuming: bool = False
    ) -> JobStatus:
        return JobStatus({})

    async def perform(self, status: JobStatus) -> JobStatus:
        await self.asleep(60)
        return JobStatus(status.state, complete=True)


def test_a_run_comes_to_its_end_and_shows_all_it_did(
    memory_app: MemoryApp, run_job: RunJob
) -> None:
    memory_app.http.answer("POST", URL, status=201)
    ran = run_job(Counting, {"to": 3}).completed()
    assert ran.steps == 3
    assert [state["n"] for state in ran.states] == [0, 1, 2, 3]
    assert list(ran.waits) == [60, 60, 60]
    assert ran.postponements == ()
    assert [request.body for request in ran.requests] == [b'{"n":1}', b'{"n":2}', b'{"n":3}']
    assert [line.fields["steps"] for line in ran.logged("job.run.step")] == [1, 2, 3]
    assert storage.kv_store.get("n/3") == {"by": "run-1"}
    assert memory_app.clock.slept == [60, 60, 60]


def test_a_state_is_what_comes_back_from_json(memory_app: MemoryApp, run_job: RunJob) -> None:
    memory_app.http.answer("POST", URL)
    assert run_job(Counting, {"to": 1}).state["pair"] == [1, 2]


def test_what_fails_is_tried_again_as_the_policy_says(
    memory_app: MemoryApp, run_job: RunJob
) -> None:
    for status in (200, 500, 500, 200):
        memory_app.http.answer("POST", URL, status=status)
    policy = RetryPolicy(attempts=3, backoff_seconds=10)
    began = memory_app.clock.now()
    ran = run_job(Counting, {"to": 2}, retry=policy).completed()
    assert [each.seconds for each in ran.postponements] == [10, 20]
    assert "answered with status 500" in ran.postponements[0].reason
    assert [line.fields["at"] for line in ran.logged("counting.resumed")] == [1, 1]
    assert (memory_app.clock.now() - began).total_seconds() == 4 * 60 + 30
    assert list(ran.waits) == [60] * 4


def test_a_service_that_asks_to_wait_is_waited_for(memory_app: MemoryApp, run_job: RunJob) -> None:
    for _ in range(5):
        memory_app.http.answer("POST", URL, status=429, headers={"retry-after": "90"})
    memory_app.http.answer("POST", URL)
    ran = run_job(Counting, {"to": 1}).completed()
    place = "https://api.example.com/v1/items answered with status 429."
    assert ran.postponements == (Postponement(90, place),) * 5


def test_a_run_that_fails_says_why_and_where(memory_app: MemoryApp, run_job: RunJob) -> None:
    memory_app.http.answer("POST", URL)
    memory_app.http.answer("POST", URL, status=401)
    ran = run_job(Counting, {"to": 5})
    assert (ran.status, ran.steps) == ("ERROR", 1)
    with pytest.raises(
        AssertionError, match=r"(?s)ERROR after 1 steps: .*401.*state is .*\"n\": 1"
    ):
        ran.completed()


def test_a_state_that_is_no_json_ends_the_run_as_on_a_host(run_job: RunJob) -> None:
    ran = run_job(Wrong, {"to": 1})
    assert ran.error is not None
    assert "state.when is an object" in ran.error


def test_a_job_without_an_end_fails_the_test(run_job: RunJob) -> None:
    with pytest.raises(AssertionError, match=r'Endless did not end within 50 steps.*"n": 50'):
        run_job(Endless, {"to": 1}, most_steps=50)


def test_an_async_job_runs_too(run_job: RunJob) -> None:
    assert list(run_job(Later).completed().waits) == [60]


class Shelving(Job):
    """Takes three records in one step, of which it refuses the second; says how far it is."""

    def prepare(
        self, params: Mapping[str, Any], status: JobStatus | None = None, resuming: bool = False
    ) -> JobStatus:
        return JobStatus({"seen": []})

    def perform(self, status: JobStatus) -> JobStatus:
        aside = self.letters("1", "2", "3")
        for key in {"1", "2", "3"} - aside.keys():
            if key == "2":
                raise errors.RecordRefused("It has no price.", key=key, record={"id": key})
        self.perform_interruptible_task(lambda: self.sleep(5, interruptible=True))
        return JobStatus({"seen": ["1", "3"]}, True, Progress(2, 3, "records"))


def test_a_record_that_a_step_refuses_is_set_aside_in_a_test_too(
    memory_app: MemoryApp, run_job: RunJob
) -> None:
    ran = run_job(Shelving).completed()
    assert (ran.steps, ran.state, ran.waits) == (1, {"seen": ["1", "3"]}, (5,))
    assert ran.progress == {"done": 2, "total": 3, "unit": "records", "message": ""}
    [letter] = memory_app.dead_letters.of(job="Shelving", keys=["2"]).values()
    assert (letter.record, letter.reason) == ({"id": "2"}, "It has no price.")
    [line] = ran.logged("job.run.record_set_aside")
    assert line.fields["letters"] == [letter.letter_id]


def test_what_a_run_cost_is_counted_in_a_test_too(memory_app: MemoryApp, run_job: RunJob) -> None:
    memory_app.http.answer("POST", URL, status=503)
    memory_app.http.answer("POST", URL, status=201)
    ran = run_job(Counting, {"to": 1}, retry=RetryPolicy(attempts=2, backoff_seconds=30))
    kept = ran.completed().run.statistics
    assert (kept["step_ms_total"], kept["step_ms_longest"]) == (60_000.0, 60_000.0)
    assert (kept["attempts_total"], kept["waited_ms"]) == (1, 30_000)


def test_a_state_that_is_too_large_ends_the_run_with_its_size(run_job: RunJob) -> None:
    class Hoarding(Counting):
        def perform(self, status: JobStatus) -> JobStatus:
            return JobStatus({"all": "x" * (10 * 1024 * 1024)})

    ran = run_job(Hoarding, {"to": 1})
    assert "perform returned a state of 10.0 MB; it may have 8 MB." in (ran.error or "")
