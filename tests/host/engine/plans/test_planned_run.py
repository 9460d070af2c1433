"""A job is driven to its end here, at once, and nothing of it is kept."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from mooring.engine.plans import planned_run as planned_run_module
from mooring.engine.plans.applying_services import AppliedHttp, Guard
from mooring.engine.plans.collecting import Collector
from mooring.engine.plans.collecting_services import PlannedHttp, PlannedLetters
from mooring.engine.plans.job_classes import applying
from mooring.engine.plans.planned_run import PlannedRun
from mooring.errors import (
    CredentialsRejected,
    MooringError,
    NotPlanned,
    PlanFailed,
    RateLimited,
    RecordRefused,
    ServiceUnavailable,
)
from mooring.model.manifest import RetryPolicy
from mooring.model.plan import Plan
from mooring.sdk import Job, JobStatus, http
from mooring.sdk.context import use
from mooring.sdk.job import JobInvocation
from mooring.testing.memory import MemoryApp
from tests.host.engine.plans.made import Made

URL = "https://api.example.org/things"
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def planned_run(app: MemoryApp, parameters: Mapping[str, Any] | None = None) -> PlannedRun:
    plan = Plan(
        *("the-plan", "shop", "1.0.0", "1.0.0-abc", "local", 1, "sync"),
        parameters=parameters or {},
        made_at=NOON,
        expires_at=NOON,
    )
    collector = Collector(plan.plan_id)
    services = replace(
        app.invocation.services,
        http=PlannedHttp(app.http, collector, check=lambda _: None),
        dead_letters=PlannedLetters(app.dead_letters),
    )
    invocation = replace(app.invocation, services=services)
    return PlannedRun(
        plan,
        collector,
        invocation,
        retry=RetryPolicy(attempts=2, backoff_seconds=30),
        told=lambda *_: None,
        put_off=lambda error, seconds: app.clock.advance(seconds),
        hide=str,
    )


class Counting(Job):
    """Puts ``parameters.n`` things, one a step, and waits for a day after each."""

    def prepare(
        self, params: Mapping[str, Any], status: JobStatus | None = None, resuming: bool = False
    ) -> JobStatus:
        assert (status, resuming) == (None, False)
        return JobStatus({"left": params["n"]}, complete=not params["n"])

    def perform(self, status: JobStatus) -> JobStatus:
        left = status.state["left"] - 1
        at = self.invocation.planned_at
        http.put(f"{URL}/{left}", json={"run": self.invocation.job_id, "at": str(at)})
        self.sleep(86_400)
        return JobStatus({"left": left}, complete=not left)


class Awaiting(Counting):
    """Does so asynchronously."""

    async def perform(self, status: JobStatus) -> JobStatus:  # type: ignore[override]  # either may
        await self.asleep(86_400, interruptible=True)
        await asyncio.sleep(0)
        return await asyncio.to_thread(super().perform, status)


@pytest.mark.parametrize("job_class", [Counting, Awaiting])
def test_a_plan_says_what_every_step_would_write_and_waits_for_nothing(
    job_class: type[Job], memory_app: MemoryApp
) -> None:
    before = memory_app.clock.now()
    heard: list[int] = []
    run = planned_run(memory_app, {"n": 3})
    run.told = lambda steps, status: heard.append(steps)
    plan = run.driven(job_class)
    assert (plan.steps, plan.total, plan.state) == (3, 3, {"left": 0})
    assert [sample["content"] for sample in plan.samples] == [
        {"run": "the-plan", "at": str(NOON)} for _ in range(3)
    ]
    assert heard == [1, 2, 3]
    assert memory_app.clock.now() == before
    assert memory_app.http.requests == []


def test_a_job_that_has_nothing_to_do_plans_nothing(memory_app: MemoryApp) -> None:
    plan = planned_run(memory_app, {"n": 0}).driven(Counting)
    assert (plan.steps, plan.total, plan.counts) == (0, 0, [])


class Stumbling(Counting):
    """Goes by an answer that a plan does not have."""

    def perform(self, status: JobStatus) -> JobStatus:
        made = http.post(URL).json()["id"]
        return JobStatus({"made": made}, complete=True)


def test_a_job_that_breaks_down_says_which_answer_the_app_should_plan_with(
    memory_app: MemoryApp,
) -> None:
    with pytest.raises(PlanFailed) as raised:
        planned_run(memory_app, {"n": 1}).driven(Stumbling)
    assert "sync broke down while its writes were collected: KeyError: 'id'" in str(raised.value)
    assert "POST api.example.org" in raised.value.hint
    assert "planned=" in raised.value.hint
    (line,) = [line for line in memory_app.log.lines if line.event == "job.plan.raised"]
    assert "KeyError" in line.fields["traceback"]


class Refused(Counting):
    """Is not let in."""

    def perform(self, status: JobStatus) -> JobStatus:
        raise CredentialsRejected("The key is accepted no more.")


def test_what_the_job_says_in_the_words_of_the_host_stays_as_it_is(memory_app: MemoryApp) -> None:
    with pytest.raises(CredentialsRejected, match="The key is accepted no more") as raised:
        planned_run(memory_app, {"n": 1}).driven(Refused)
    assert raised.value.where == "sync, step 1"


class Wrong(Counting):
    """Returns what cannot be kept."""

    def perform(self, status: JobStatus) -> JobStatus:
        return JobStatus({"ids": {1, 2}}, complete=True)


def test_a_state_that_a_run_could_not_keep_is_refused_in_a_plan_too(memory_app: MemoryApp) -> None:
    with pytest.raises(MooringError, match="ids is a set"):
        planned_run(memory_app, {"n": 1}).driven(Wrong)


class Unlucky(Counting):
    """Writes, and then finds the service away: once, or for ever."""

    failures = 0

    def perform(self, status: JobStatus) -> JobStatus:
        done = super().perform(status)
        if type(self).failures < self.invocation.parameters["fails"]:
            type(self).failures += 1
            http.put(f"{URL}/only-in-vain")
            raise ServiceUnavailable("It is away.")
        return done


def test_a_step_that_is_put_off_is_counted_once(
    memory_app: MemoryApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Unlucky, "failures", 0)
    before = memory_app.clock.now()
    plan = planned_run(memory_app, {"n": 1, "fails": 1}).driven(Unlucky)
    alike = planned_run(memory_app, {"n": 1, "fails": 0}).driven(Unlucky)
    assert (plan.writes, plan.counts, plan.samples) == (alike.writes, alike.counts, alike.samples)
    assert plan.total == 1
    assert (memory_app.clock.now() - before).total_seconds() == 30


def test_a_service_that_stays_away_ends_the_plan(
    memory_app: MemoryApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Unlucky, "failures", 0)
    with pytest.raises(ServiceUnavailable, match="It is away"):
        planned_run(memory_app, {"n": 1, "fails": 9}).driven(Unlucky)


class Endless(Counting):
    """Is never complete."""

    def perform(self, status: JobStatus) -> JobStatus:
        return JobStatus({})


def test_a_job_that_does_not_end_ends_the_plan(
    memory_app: MemoryApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planned_run_module, "MOST_STEPS", 20)
    heard: list[int] = []
    run = planned_run(memory_app, {"n": 1})
    run.told = lambda steps, status: heard.append(steps)
    with pytest.raises(PlanFailed, match="sync had not ended after 20 steps") as raised:
        run.driven(Endless)
    assert (heard[-1], raised.value.exit_status) == (20, 1)


class Limited(Counting):
    """Is told to come again later, for ever."""

    def perform(self, status: JobStatus) -> JobStatus:
        raise RateLimited("Too fast.", retry_after=self.invocation.parameters["after"])


@pytest.mark.parametrize(("after", "waited"), [(3600, 0), (60, 600)])
def test_a_plan_does_not_wait_for_long(after: int, waited: int, memory_app: MemoryApp) -> None:
    before = memory_app.clock.now()
    with pytest.raises(PlanFailed, match="a plan waits 60 s at once and 600 s in all: Too fast"):
        planned_run(memory_app, {"n": 1, "after": after}).driven(Limited)
    assert (memory_app.clock.now() - before).total_seconds() == waited


class Choosy(Counting):
    """Refuses some records, or all for ever."""

    def perform(self, status: JobStatus) -> JobStatus:
        if self.invocation.parameters.get("never"):
            raise RecordRefused("Not this one.", key="a", record={})
        for key in ("a", "b"):
            if key not in self.seen:
                self.seen.add(key)
                raise RecordRefused("Not this one.", key=key, record={"key": key})
        return super().perform(status)

    def __init__(self, invocation: JobInvocation) -> None:
        super().__init__(invocation)
        self.seen: set[str] = set()


def test_a_step_goes_on_without_the_records_that_it_refuses(memory_app: MemoryApp) -> None:
    plan = planned_run(memory_app, {"n": 1}).driven(Choosy)
    assert (plan.steps, plan.total) == (1, 1)
    assert memory_app.dead_letters.of(job="sync", keys=["a", "b"]) == {}


def test_a_step_that_refuses_for_ever_ends_the_plan(memory_app: MemoryApp) -> None:
    with pytest.raises(RecordRefused, match="Not this one"):
        planned_run(memory_app, {"n": 1, "never": True}).driven(Choosy)


# -- the class of a job that applies a plan ------------------------------------------------------


def applied(app: MemoryApp, job_class: type[Job], plan: Plan) -> tuple[Any, Guard]:
    """Make the job of a run that applies a plan."""
    guard = Guard(plan, run_id="the-run", made=Made())
    made = applying(job_class, plan, guard)
    return made(JobInvocation("the-run", NOON, {"n": 99, "mooring_plan": "the-plan"})), guard


def test_an_applied_job_has_the_time_and_parameters_of_its_plan_and_its_own_name(
    memory_app: MemoryApp,
) -> None:
    plan = planned_run(memory_app, {"n": 2}).driven(Counting)
    job, _ = applied(memory_app, Counting, plan)
    assert job.invocation == JobInvocation("the-run", NOON, {"n": 2}, planned_at=NOON)
    assert job.prepare({"n": 99, "mooring_plan": "the-plan"}).state == {"left": 2}
    assert (type(job).__qualname__, type(job).__module__) == ("Counting", Counting.__module__)


@pytest.mark.parametrize("job_class", [Counting, Awaiting])
def test_a_job_that_ends_without_all_that_was_planned_is_not_complete(
    job_class: type[Job], memory_app: MemoryApp
) -> None:
    plan = planned_run(memory_app, {"n": 2}).driven(Counting)
    memory_app.http.answer("PUT", f"{URL}/0")
    job, guard = applied(memory_app, job_class, plan)

    def performed() -> JobStatus:
        status = job.perform(JobStatus({"left": 1}))
        return status if isinstance(status, JobStatus) else asyncio.run(status)

    with use(memory_app.invocation), pytest.raises(NotPlanned, match="2 writes of the plan"):
        performed()
    with pytest.raises(NotPlanned):
        guard.check_all_made()


class Swallowing(Counting):
    """Catches what it is told, and goes on as if nothing were."""

    def perform(self, status: JobStatus) -> JobStatus:
        with contextlib.suppress(NotPlanned):
            http.delete(f"{URL}/another")
        return JobStatus({"left": 1})


def test_a_step_in_which_something_was_refused_is_not_done(memory_app: MemoryApp) -> None:
    plan = planned_run(memory_app, {"n": 2}).driven(Counting)
    job, guard = applied(memory_app, Swallowing, plan)
    services = memory_app.invocation.services
    held = replace(services, http=AppliedHttp(services.http, guard))
    for _ in range(2):
        with (
            use(replace(memory_app.invocation, services=held)),
            pytest.raises(NotPlanned, match=r"DELETE .* is not in"),
        ):
            job.perform(JobStatus({"left": 2}))


def test_a_job_that_is_complete_at_once_made_nothing_of_the_plan(memory_app: MemoryApp) -> None:
    plan = replace(planned_run(memory_app, {"n": 1}).driven(Counting), parameters={"n": 0})
    job, _ = applied(memory_app, Counting, plan)
    with pytest.raises(NotPlanned, match="1 write of the plan not made"):
        job.prepare({})
