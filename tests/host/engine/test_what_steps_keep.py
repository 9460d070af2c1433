"""What is kept with every step: progress, statistics, records set aside, also after outages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from mooring.adapters.repositories.runs import Runs
from mooring.engine import failures
from mooring.errors import (
    DatabaseAway,
    DatabaseBusy,
    RateLimited,
    RecordRefused,
    ServiceUnavailable,
)
from mooring.model.run import RunStatus
from mooring.sdk import Job, JobStatus, Progress
from tests.host.engine.driving import Bench, Pages, failing


def test_progress_is_committed_with_every_step_and_given_back_on_resuming(bench: Bench) -> None:
    run_id = bench.new()
    seen: list[Any] = []

    class Telling(Pages):
        def prepare(self, *given: Any, **more: Any) -> JobStatus:
            status = super().prepare(*given, **more)
            seen.append(status.progress)
            return status

        def perform(self, status: JobStatus) -> JobStatus:
            seen.append(bench.runs.get(run_id).progress)
            status = super().perform(status)
            status.progress = Progress(status.state["page"], 3, "pages")
            if status.state["page"] == 2 and len(seen) < 4:
                raise ServiceUnavailable
            return status

    one = {"done": 1, "total": 3, "unit": "pages", "message": ""}
    bench.drive(run_id, Telling)
    assert seen == [None, None, one]
    ended = bench.drive(run_id, Telling)
    assert seen[3:5] == [Progress(1, 3, "pages"), one]
    assert ended.progress == {**one, "done": 3}


def test_statistics_are_kept_with_every_step_over_all_attempts(bench: Bench) -> None:
    run_id = bench.new()
    left = [ServiceUnavailable("Away."), RateLimited(retry_after=90)]

    class Slow(Pages):
        def on_page(self, page: int) -> None:
            bench.app.clock.advance(page)
            if page == 2 and left:
                raise left.pop(0)

    for _ in range(2):
        bench.drive(run_id, Slow)
    assert bench.runs.get(run_id).statistics["attempts_total"] == 2
    assert bench.drive(run_id, Slow).to_json()["statistics"] == {
        "step_ms_total": 6000.0,
        "step_ms_longest": 3000.0,
        "attempts_total": 2,
        "waited_ms": 100_000,
    }


class Records(Job):
    """One step that takes a record of the state after the other, and refuses odd ones."""

    def prepare(
        self, params: Mapping[str, Any], status: JobStatus | None = None, resuming: bool = False
    ) -> JobStatus:
        return status or JobStatus({"done": []})

    def perform(self, status: JobStatus) -> JobStatus:
        aside = self.letters(*map(str, range(5)))
        for number in range(5):
            if number % 2 and str(number) not in aside:
                status.state["done"].append("half done")
                raise RecordRefused("It is odd.", key=str(number), record={"number": number})
        status.state["done"] += [number for number in range(5) if str(number) not in aside]
        return replace(status, complete=True)


def test_a_record_that_is_refused_is_set_aside_and_the_step_done_again(bench: Bench) -> None:
    invocation = replace(
        bench.app.invocation, app=replace(bench.app.invocation.app, entry_point="job:sync")
    )
    ended = bench.drive(bench.new(), Records, invocation=invocation)
    assert (ended.status, ended.steps, ended.state) == (RunStatus.COMPLETE, 1, {"done": [0, 2, 4]})
    said = [line.fields for line in bench.app.log.lines if line.event == "job.run.record_set_aside"]
    kept = bench.app.dead_letters.of(job="sync", keys=["1", "3"])
    assert [(line["letters"], line["reason"]) for line in said] == [
        ([kept["1"].letter_id], "It is odd."),
        ([kept["3"].letter_id], "It is odd."),
    ]
    assert not any("key" in line for line in said)
    assert {key: letter.record for key, letter in kept.items()} == {
        "1": {"number": 1},
        "3": {"number": 3},
    }


def test_a_step_that_refuses_every_record_ends_in_error(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failures, "MOST_SET_ASIDE", 3)
    refused = lambda: RecordRefused("Bad.", key="7", record={})  # noqa: E731  # one of many
    ended = bench.drive(bench.new(), failing(*[refused] * 9))
    assert ended.status is RunStatus.ERROR
    assert ended.error == "Bad. It was the record after 3 others of one step."


# -- a database that is away ---------------------------------------------------------------------


class Away:
    """The runs of a database that is away for a while, as often as told."""

    def __init__(self, runs: Runs, *, method: str, times: int, stored: bool = False) -> None:
        self._runs, self._method, self._times, self._stored = runs, method, times, stored

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._runs, name)

        def write(*given: Any, **more: Any) -> Any:
            if name == self._method and self._times:
                self._times -= 1
                if self._stored:
                    found(*given, **more)
                raise (DatabaseBusy if self._times % 2 else DatabaseAway)("Not now.")
            return found(*given, **more)

        return write


@pytest.mark.parametrize("method", ["commit_prepared", "commit_step", "complete"])
def test_while_the_database_is_away_a_step_that_is_done_waits_to_be_stored(
    bench: Bench, method: str
) -> None:
    away = Away(bench.runs, method=method, times=3)
    ended = bench.drive(bench.new(), Pages, repository=away)
    assert (ended.status, ended.steps) == (RunStatus.COMPLETE, 3)
    assert [call for call in Pages.calls if call[0] == "perform"] == [
        ("perform", 1),
        ("perform", 2),
        ("perform", 3),
    ]
    assert bench.events().count("job.run.database_away") == 1


@pytest.mark.parametrize("method", ["commit_prepared", "commit_step", "complete"])
def test_a_step_whose_storing_was_not_heard_of_counts_once(bench: Bench, method: str) -> None:
    away = Away(bench.runs, method=method, times=1, stored=True)
    ended = bench.drive(bench.new(), Pages, repository=away)
    assert (ended.status, ended.steps, ended.state) == (RunStatus.COMPLETE, 3, {"page": 3})
    assert len(Pages.calls) == 4


def test_a_service_whose_database_is_away_puts_the_run_off_and_costs_no_attempt(
    bench: Bench,
) -> None:
    run_id, job = bench.new(), failing(*[lambda: DatabaseAway("Away.")] * 5)
    for _ in range(5):
        assert bench.drive(run_id, job).attempt == 0
    assert bench.drive(run_id, job).status is RunStatus.COMPLETE
