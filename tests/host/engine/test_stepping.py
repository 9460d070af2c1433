"""How a run comes to its end: its steps, its failures, and who may still write to it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mooring.adapters.repositories.runs import Runs
from mooring.engine.stepping import WORKERS_LOST
from mooring.errors import (
    CredentialsRejected,
    LeaseLost,
    MooringError,
    NotFound,
    RateLimited,
    RecordInvalid,
    ServiceUnavailable,
)
from mooring.model.manifest import RetryPolicy
from mooring.model.run import Run, RunStatus
from mooring.sdk import Job, JobStatus, logger
from mooring.sdk.context import get_app_context
from mooring.sdk.job import JobInvocation
from mooring.testing.clock import START
from tests.host.engine.driving import THREE_TRIES, Bench, Pages, failing

# -- the steps -----------------------------------------------------------------------------------


def test_a_run_is_prepared_and_performed_until_it_is_complete(bench: Bench) -> None:
    ended = bench.drive(bench.new({"full": True}), Pages)
    assert (ended.status, ended.state, ended.steps) == (RunStatus.COMPLETE, {"page": 3}, 3)
    assert ended.completed_at == START
    assert Pages.calls == [
        ("prepare", {"full": True}, None, False),
        ("perform", 1),
        ("perform", 2),
        ("perform", 3),
    ]
    assert bench.runs.get(ended.run_id) == ended


def test_it_is_told_which_run_it_is_and_for_whom(bench: Bench) -> None:
    class Curious(Pages):
        def on_page(self, page: int) -> None:
            self.calls.append((self.invocation, get_app_context().app_id))

    run_id = bench.new({"a": 1})
    bench.drive(run_id, Curious)
    assert (JobInvocation(run_id, START, {"a": 1}), "test_app") in Pages.calls


def test_every_step_is_logged_and_observers_see_start_and_end(bench: Bench) -> None:
    bench.drive(bench.new(), Pages)
    assert bench.events() == ["job.run.started", *["job.run.step"] * 3, "job.run.finished"]
    assert [line.fields["step"] for line in bench.app.log.lines[1:4]] == [1, 2, 3]
    assert bench.observed == [RunStatus.RUNNING, RunStatus.COMPLETE]


def test_what_a_job_logs_is_tied_to_its_run_and_step(bench: Bench) -> None:
    class Talking(Pages):
        def on_page(self, page: int) -> None:
            logger.info("page", of=page)

    app = replace(bench.app.invocation.app, run_id="run-7")
    bench.drive(bench.new(), Talking, invocation=replace(bench.app.invocation, app=app))
    said = [line.fields for line in bench.app.log.lines if line.event == "page"]
    assert [(line["run_id"], line["step"], line["of"]) for line in said] == [
        ("run-7", 1, 1),
        ("run-7", 2, 2),
        ("run-7", 3, 3),
    ]


def test_each_step_is_committed_before_the_next(bench: Bench) -> None:
    run_id, seen = bench.new(), []

    class Looking(Pages):
        def on_page(self, page: int) -> None:
            row = bench.runs.get(run_id)
            seen.append((row.steps, row.state["page"], row.status))

    bench.drive(run_id, Looking)
    running = RunStatus.RUNNING
    assert seen == [(0, 0, running), (1, 1, running), (2, 2, running)]


def test_coroutines_are_awaited(bench: Bench) -> None:
    class Asynchronous(Job):
        async def prepare(
            self, params: Mapping[str, Any], status: JobStatus | None = None, resuming: bool = False
        ) -> JobStatus:
            await asyncio.sleep(0)
            return JobStatus({"ready": True})

        async def perform(self, status: JobStatus) -> JobStatus:
            await asyncio.sleep(0)
            return replace(status, complete=True)

    ended = bench.drive(bench.new(), Asynchronous)
    assert (ended.status, ended.state, ended.steps) == (RunStatus.COMPLETE, {"ready": True}, 1)


def test_a_job_with_nothing_to_do_is_complete_after_prepare(bench: Bench) -> None:
    class Idle(Pages):
        def prepare(self, *_: Any, **__: Any) -> JobStatus:
            return JobStatus({"why": "nothing new"}, complete=True)

    ended = bench.drive(bench.new(), Idle)
    assert (ended.status, ended.steps, ended.state) == (
        RunStatus.COMPLETE,
        0,
        {"why": "nothing new"},
    )


# -- resuming ------------------------------------------------------------------------------------


class PowerCut(BaseException):
    """Ends everything on the spot, as SIGKILL would."""


class Cut:
    """The runs of a process that ends on the spot: how its run failed is noted by nobody."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs

    def __getattr__(self, name: str) -> Any:
        return getattr(self._runs, name)

    def finish(self, *_: Any, **__: Any) -> Run:
        raise PowerCut

    postpone = finish


def crash(bench: Bench, run_id: str, job: type[Any]) -> None:
    with pytest.raises(PowerCut):
        bench.drive(run_id, job, repository=Cut(bench.runs))
    assert bench.runs.get(run_id).status is RunStatus.RUNNING


def test_after_a_crash_it_goes_on_from_the_last_committed_state(bench: Bench) -> None:
    run_id = bench.new()
    crash(bench, run_id, failing(PowerCut))
    Pages.calls.clear()
    ended = bench.drive(run_id, Pages)
    assert Pages.calls == [
        ("prepare", {}, {"page": 1}, True),
        ("perform", 2),
        ("perform", 3),
    ]
    assert (ended.status, ended.steps) == (RunStatus.COMPLETE, 3)


def test_a_crash_in_the_first_step_resumes_with_what_prepare_gave(bench: Bench) -> None:
    class Crashing(Pages):
        def on_page(self, page: int) -> None:
            raise PowerCut

    run_id = bench.new()
    crash(bench, run_id, Crashing)
    Pages.calls.clear()
    bench.drive(run_id, Pages)
    assert Pages.calls[0] == ("prepare", {}, {"page": 0}, True)


def test_a_crash_before_anything_was_committed_is_a_fresh_start(bench: Bench) -> None:
    class Crashing(Pages):
        def prepare(self, *_: Any, **__: Any) -> JobStatus:
            raise PowerCut

    run_id = bench.new()
    crash(bench, run_id, Crashing)
    bench.drive(run_id, Pages)
    assert Pages.calls[0] == ("prepare", {}, None, False)


def test_a_step_that_costs_three_workers_ends_in_error(bench: Bench) -> None:
    run_id = bench.new()
    for _ in range(WORKERS_LOST + 1):  # the first of them has done a step before
        crash(bench, run_id, failing(PowerCut))
    ended = bench.drive(run_id, Pages)
    assert ended.status is RunStatus.ERROR
    assert ended.error is not None
    assert "Step 2 was tried 3 times and each time its worker was lost" in ended.error


def test_a_committed_step_makes_up_for_lost_workers(bench: Bench) -> None:
    run_id = bench.new()
    for page in (1, 1, 2, 2, 3, 3):

        class Crashing(Pages):
            fatal = page

            def on_page(self, page: int) -> None:
                if page == self.fatal:
                    raise PowerCut

        crash(bench, run_id, Crashing)
    assert bench.drive(run_id, Pages).status is RunStatus.COMPLETE


def test_a_worker_that_stops_gives_the_run_back_after_its_step(bench: Bench) -> None:
    run_id = bench.new()
    given_back = bench.drive(run_id, Pages, stopping=lambda: ("perform", 2) in Pages.calls)
    assert (given_back.status, given_back.steps) == (RunStatus.PENDING, 2)
    assert given_back.not_before == START
    assert given_back.attempt == 0
    assert bench.drive(run_id, Pages).status is RunStatus.COMPLETE


# -- failures ------------------------------------------------------------------------------------


def test_a_service_that_is_down_postpones_the_run_longer_each_time_and_then_ends_it(
    bench: Bench,
) -> None:
    job = failing(*[lambda: ServiceUnavailable("Brevo is away.")] * 3)
    run_id, waits = bench.new(), []
    for _ in range(2):
        postponed = bench.drive(run_id, job)
        assert (postponed.status, postponed.error) == (RunStatus.PENDING, "Brevo is away.")
        assert postponed.not_before is not None
        waits.append((postponed.not_before - START).total_seconds())
    assert waits == [10, 15]
    ended = bench.drive(run_id, job)
    assert (ended.status, ended.error) == (RunStatus.ERROR, "Brevo is away.")
    assert (ended.steps, ended.state) == (1, {"page": 1})
    assert bench.events().count("job.run.postponed") == 2


def test_a_run_that_is_tried_again_with_success_shows_no_error(bench: Bench) -> None:
    run_id, job = bench.new(), failing(ServiceUnavailable)
    bench.drive(run_id, job)
    ended = bench.drive(run_id, job)
    assert (ended.status, ended.error, ended.attempt) == (RunStatus.COMPLETE, None, 0)


def test_waiting_as_asked_costs_no_attempt(bench: Bench) -> None:
    run_id, job = bench.new(), failing(*[lambda: RateLimited(retry_after=90)] * 5)
    for _ in range(5):
        postponed = bench.drive(run_id, job)
        assert postponed.not_before == START + timedelta(seconds=90)
        assert (postponed.status, postponed.attempt) == (RunStatus.PENDING, 0)
    assert bench.drive(run_id, job).status is RunStatus.COMPLETE


@pytest.mark.parametrize("error", [CredentialsRejected("Reconnect Brevo."), RecordInvalid("Bad.")])
def test_what_trying_again_cannot_mend_ends_the_run_at_once(
    bench: Bench, error: MooringError
) -> None:
    ended = bench.drive(bench.new(), failing(lambda: error))
    assert (ended.status, ended.error) == (RunStatus.ERROR, error.message)


def test_rejected_credentials_are_told_once_and_before_the_run_ends(bench: Bench) -> None:
    run_id, heard = bench.new(), []

    def hear(error: CredentialsRejected) -> None:
        heard.append((error.section, bench.runs.get(run_id).status))

    invocation = replace(bench.app.invocation, on_rejected=hear)
    job = failing(lambda: CredentialsRejected("Reconnect Brevo.", section="brevo"))
    bench.drive(run_id, job, invocation=invocation)
    assert heard == [("brevo", RunStatus.RUNNING)]
    bench.drive(bench.new(), failing(ServiceUnavailable), invocation=invocation)
    assert len(heard) == 1


def test_steps_are_for_whoever_looks_for_a_fault(bench: Bench) -> None:
    bench.drive(bench.new(), Pages)
    levels = {line.event: line.level for line in bench.app.log.lines}
    assert levels == {
        "job.run.started": "info",
        "job.run.step": "debug",
        "job.run.finished": "info",
    }


def test_a_job_that_wants_one_attempt_gets_one(bench: Bench) -> None:
    once = replace(THREE_TRIES, retry=RetryPolicy(attempts=1))
    ended = bench.drive(bench.new(), failing(ServiceUnavailable), policy=once)
    assert ended.status is RunStatus.ERROR


def test_an_unexpected_exception_is_retried_and_its_trace_is_logged(bench: Bench) -> None:
    postponed = bench.drive(bench.new(), failing(lambda: KeyError("email")))
    assert (postponed.status, postponed.error) == (RunStatus.PENDING, "KeyError: 'email'")
    [trace] = [
        line.fields["traceback"] for line in bench.app.log.lines if "traceback" in line.fields
    ]
    assert "on_page" in trace


def test_an_app_that_calls_exit_fails_like_any_other(bench: Bench) -> None:
    assert bench.drive(bench.new(), failing(lambda: SystemExit(3))).error == "SystemExit: 3"


@pytest.mark.parametrize("kind", [KeyboardInterrupt, asyncio.CancelledError, GeneratorExit])
def test_an_app_that_raises_what_ends_programs_fails_like_any_other(
    bench: Bench, kind: type[BaseException]
) -> None:
    def drive_it() -> Run:
        return bench.drive(bench.new(), failing(kind))

    # As in a worker; in the main thread a KeyboardInterrupt is somebody's Ctrl-C.
    with ThreadPoolExecutor(1) as threads:
        postponed = threads.submit(drive_it).result()
    assert postponed.status is RunStatus.PENDING
    assert kind.__name__ in (postponed.error or "")


def test_no_secret_stays_in_the_error(bench: Bench) -> None:
    postponed = bench.drive(bench.new(), failing(lambda: ValueError("key hunter22 refused")))
    assert postponed.error == "ValueError: key ••• refused"


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ({"since": START}, "state.since is a datetime"),
        ({"pages": [1, {"seen": {1}}]}, "state.pages[1].seen is a set"),
        ({"n": math.nan}, "state.n is nan"),
        ({"by": {7: "x"}}, "state.by has the key 7, which is an int"),
        ([1], "state is a list"),
        ({"total": 10**5000}, "state.total is a number of more than"),
    ],
)
def test_a_state_that_is_no_json_ends_the_run_and_is_named(
    bench: Bench, state: Any, said: str
) -> None:
    class Careless(Pages):
        def perform(self, status: JobStatus) -> JobStatus:
            return JobStatus(state)

    ended = bench.drive(bench.new(), Careless)
    assert ended.status is RunStatus.ERROR
    assert ended.error is not None
    assert said in ended.error


def test_a_step_that_returns_nothing_is_told_so(bench: Bench) -> None:
    class Silent(Pages):
        def perform(self, status: JobStatus) -> JobStatus:
            return None  # type: ignore[return-value]  # the mistake that is meant

    ended = bench.drive(bench.new(), Silent)
    assert ended.error == "perform returned None. It must return a JobStatus."
    assert ended.status is RunStatus.ERROR


def test_a_class_that_cannot_be_loaded_ends_the_run(bench: Bench) -> None:
    def gone() -> type[Any]:
        raise NotFound("There is no job sync.")

    ended = bench.drive(bench.new(), Pages, job_class=gone)
    assert (ended.status, ended.error) == (RunStatus.ERROR, "There is no job sync.")


def test_an_observer_that_fails_costs_nothing_and_is_logged(bench: Bench) -> None:
    def broken(_: Run) -> None:
        raise RuntimeError("hunter22")

    ended = bench.drive(bench.new(), Pages, observe=broken)
    assert ended.status is RunStatus.COMPLETE
    failed = [line for line in bench.app.log.lines if line.event == "job.run.observer_failed"]
    assert [line.fields["error"] for line in failed] == ["RuntimeError: •••"] * 2


# -- losing the run ------------------------------------------------------------------------------


def test_a_run_that_is_terminated_from_outside_stops_at_its_next_commit(bench: Bench) -> None:
    run_id = bench.new()

    class Terminated(Pages):
        def on_page(self, page: int) -> None:
            if page == 2:
                bench.runs.terminate(run_id, now=START)

    ended = bench.drive(run_id, Terminated)
    assert (ended.status, ended.steps) == (RunStatus.TERMINATED, 1)
    assert Pages.calls[-1] == ("perform", 2)
    assert bench.events()[-1] == "job.run.let_go"


def test_a_worker_that_lost_the_run_neither_writes_nor_fails_it(bench: Bench) -> None:
    run_id = bench.new()

    class Overtaken(Pages):
        def on_page(self, page: int) -> None:
            if page == 2:
                bench.drive(run_id, Pages)
                raise ValueError("too late")

    ended = bench.drive(run_id, Overtaken)
    assert (ended.status, ended.state, ended.error) == (RunStatus.COMPLETE, {"page": 3}, None)


def test_a_run_is_taken_only_at_the_epoch_that_was_handed_over(bench: Bench) -> None:
    run_id = bench.new()
    assert bench.take(run_id, epoch=0).epoch == 1
    with pytest.raises(LeaseLost, match="epoch 1"):
        bench.take(run_id, epoch=0)
