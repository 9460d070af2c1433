import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from mooring.errors import LoopBlocked
from mooring.sdk import Job, JobStatus
from mooring.sdk.job import JobInvocation
from mooring.testing.clock import START
from mooring.testing.memory import MemoryApp


class Counting(Job):
    def prepare(
        self, params: Mapping[str, Any], status: JobStatus | None = None, resuming: bool = False
    ) -> JobStatus:
        return status if status and resuming else JobStatus({"n": 0})

    def perform(self, status: JobStatus) -> JobStatus:
        status.state["n"] += 1
        status.complete = status.state["n"] == 3
        return status


@pytest.fixture
def job() -> Counting:
    return Counting(JobInvocation("run-1", START, {"full": True}))


def test_a_job_knows_its_run(job: Counting) -> None:
    assert (job.invocation.job_id, job.invocation.parameters) == ("run-1", {"full": True})


def test_a_job_goes_step_by_step_until_it_is_complete(job: Counting) -> None:
    status = job.prepare({})
    while not status.complete:
        status = job.perform(status)
    assert status == JobStatus({"n": 3}, complete=True)


def test_a_job_without_steps_cannot_be_made() -> None:
    with pytest.raises(TypeError, match="abstract"):
        Job(JobInvocation("run-1", START))  # type: ignore[abstract]  # the point of the test


def test_sleep_waits_on_the_clock_of_the_call(job: Counting, memory_app: MemoryApp) -> None:
    job.sleep(5)
    assert memory_app.clock.slept == [5]


def test_sleep_on_the_event_loop_names_its_twin(job: Counting, memory_app: MemoryApp) -> None:
    async def perform() -> None:
        job.sleep(5)

    with pytest.raises(LoopBlocked, match=r"await self\.asleep"):
        asyncio.run(perform())


def test_the_twin_of_sleep_waits_too(job: Counting, memory_app: MemoryApp) -> None:
    asyncio.run(job.asleep(5))
    assert memory_app.clock.slept == [5]


def test_a_job_is_interruptible_only_while_it_says_so(job: Counting) -> None:
    seen = [job.is_interruptible]
    job.perform_interruptible_task(lambda: seen.append(job.is_interruptible))
    assert [*seen, job.is_interruptible] == [False, True, False]


def test_a_failing_task_leaves_the_job_uninterruptible(job: Counting) -> None:
    with pytest.raises(ZeroDivisionError):
        job.perform_interruptible_task(lambda: 1 // 0)
    assert not job.is_interruptible


def test_an_awaited_task_is_interruptible_until_it_is_done(job: Counting) -> None:
    async def task() -> bool:
        await asyncio.sleep(0)
        return job.is_interruptible

    assert asyncio.run(job.aperform_interruptible_task(task))
    assert not job.is_interruptible


def test_an_interruptible_sleep_inside_another_restores_what_was(
    job: Counting, memory_app: MemoryApp
) -> None:
    def task() -> bool:
        job.sleep(1, interruptible=False)
        return job.is_interruptible

    assert job.perform_interruptible_task(task)
