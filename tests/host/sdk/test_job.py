import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from mooring.errors import LoopBlocked
from mooring.sdk import Job, JobStatus, storage
from mooring.sdk.context import use
from mooring.sdk.interruption import Interrupted, Interruption
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


# -- interruption --------------------------------------------------------------------------------


@pytest.fixture
def interruption(memory_app: MemoryApp) -> Iterator[Interruption]:
    """What tells the job of this test to end, while it runs on behalf of an installation."""
    made = Interruption()
    with use(replace(memory_app.invocation, interruption=made)):
        yield made


def test_a_task_whose_run_is_told_to_end_does_so_at_its_next_service(
    job: Counting, interruption: Interruption
) -> None:
    done: list[str] = []

    def task() -> None:
        interruption.tell()
        done.append("by other means")
        storage.kv_store.put("a", {})
        done.append("never")

    with pytest.raises(Interrupted):
        job.perform_interruptible_task(task)
    assert done == ["by other means"]
    assert not job.is_interruptible


def test_a_task_that_asks_for_nothing_ends_with_its_last_line(
    job: Counting, interruption: Interruption
) -> None:
    with pytest.raises(Interrupted):
        job.perform_interruptible_task(interruption.tell)


def test_an_awaited_task_is_cancelled(job: Counting, interruption: Interruption) -> None:
    async def perform() -> None:
        asyncio.get_running_loop().call_later(0.02, interruption.tell)
        await job.aperform_interruptible_task(lambda: asyncio.sleep(600))

    with pytest.raises(Interrupted):
        asyncio.run(perform())


def test_an_awaited_task_that_cancels_itself_is_not_interrupted(
    job: Counting, interruption: Interruption
) -> None:
    async def task() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(job.aperform_interruptible_task(task))
    assert not interruption.told


def test_whoever_begins_to_be_interruptible_too_late_is_interrupted_at_once(
    job: Counting, interruption: Interruption
) -> None:
    interruption.tell()
    with pytest.raises(Interrupted):
        job.perform_interruptible_task(lambda: pytest.fail("It began."))
