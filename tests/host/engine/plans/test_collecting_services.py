"""In a plan, reads are real and noted, writes are collected and answered."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import cast

import pytest

from mooring.engine.plans.collecting import Collector
from mooring.engine.plans.collecting_services import (
    PlannedHttp,
    PlannedJobs,
    PlannedLetters,
    PlannedNotifications,
    PlannedOdp,
)
from mooring.engine.plans.connections import connection
from mooring.engine.plans.overlay import SecretOverlay
from mooring.errors import NotFound, OutboundDenied, RecordInvalid
from mooring.model.plan import Counted
from mooring.sdk import oauth
from mooring.sdk.context import use
from mooring.sdk.oauth_tokens import Tokens
from mooring.sdk.ports import HttpRequest
from mooring.testing.memory import MemoryApp
from mooring.testing.memory_stores import MemoryRecordStore

URL = "https://api.example.org/things"
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture
def collector() -> Collector:
    return Collector("the-plan")


@pytest.fixture
def http(memory_app: MemoryApp, collector: Collector) -> PlannedHttp:
    def check(request: HttpRequest) -> None:
        if "elsewhere" in request.url:
            raise OutboundDenied

    return PlannedHttp(memory_app.http, collector, check=check)


@pytest.fixture
def jobs(memory_app: MemoryApp, collector: Collector) -> PlannedJobs:
    def check(job: str, parameters: object) -> None:
        if job != "sync":
            raise NotFound(f"no job {job}")

    return PlannedJobs(memory_app.jobs, collector, check=check, reckon=lambda *_: NOON)


def test_a_read_is_made_and_its_first_answer_noted(
    http: PlannedHttp, memory_app: MemoryApp, collector: Collector
) -> None:
    memory_app.http.answer("GET", URL, json={"n": 1})
    memory_app.http.answer("GET", URL, json={"n": 2})
    assert [http.send(HttpRequest("GET", URL)).json()["n"] for _ in range(2)] == [1, 2]
    other = Collector("another")
    memory_app.http.answer("GET", f"{URL}/again", json={"n": 1})
    PlannedHttp(memory_app.http, other, check=lambda _: None).send(
        HttpRequest("GET", f"{URL}/again")
    )
    assert list(collector.reads.values()) == list(other.reads.values())
    assert collector.total == 0


def test_the_status_of_an_answer_is_a_part_of_what_was_read(
    memory_app: MemoryApp,
) -> None:
    found: list[str] = []
    for status in (200, 404):
        collector = Collector("the-plan")
        memory_app.http.answer("GET", f"{URL}/{status}", status=status)
        PlannedHttp(memory_app.http, collector, check=lambda _: None).send(
            HttpRequest("GET", f"{URL}/{status}")
        )
        found += collector.reads.values()
    assert found[0] != found[1]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_write_is_not_made_and_is_taken_without_a_word(
    method: str, http: PlannedHttp, memory_app: MemoryApp, collector: Collector
) -> None:
    answer = http.send(HttpRequest(method, f"{URL}?key=1"))
    assert (answer.status, answer.json(), answer.ok) == (202, {}, True)
    assert memory_app.http.requests == []
    assert collector.counts == [Counted("api.example.org", method, "/things", 1, 1)]
    assert collector.last_unanswered is not None


def test_a_write_is_answered_with_what_the_app_plans_with(
    http: PlannedHttp, collector: Collector
) -> None:
    answer = http.send(HttpRequest("POST", URL, planned={"id": -1}))
    assert (answer.status, answer.json()) == (200, {"id": -1})
    assert collector.last_unanswered is None


def test_a_read_of_what_the_plan_did_not_write_is_answered_with_what_was_planned(
    http: PlannedHttp, memory_app: MemoryApp, collector: Collector
) -> None:
    assert http.send(HttpRequest("GET", URL, planned={"status": "done"})).json() == {
        "status": "done"
    }
    assert memory_app.http.requests == []
    assert collector.reads == {}
    assert collector.total == 0


def test_a_post_that_only_reads_is_made(http: PlannedHttp, memory_app: MemoryApp) -> None:
    memory_app.http.answer("POST", URL, json=[7])
    assert http.send(HttpRequest("POST", URL, reads=True)).json() == [7]


def test_a_write_to_where_the_app_may_not_call_is_refused_as_ever(
    http: PlannedHttp, collector: Collector
) -> None:
    with pytest.raises(OutboundDenied):
        http.send(HttpRequest("POST", "https://elsewhere.example/x"))
    assert collector.total == 0


def test_a_token_is_renewed_for_real_and_kept(
    http: PlannedHttp, memory_app: MemoryApp, collector: Collector
) -> None:
    services = memory_app.invocation.services
    secrets = cast(MemoryRecordStore, services.secrets)
    noting = partial(collector.read_record, "secrets")
    overlay = SecretOverlay(secrets, clock=memory_app.clock, noting=noting)
    planned = replace(services, http=http, secrets=overlay)
    fresh = {"access_token": "second", "refresh_token": "r-2", "expires_in": 3600}
    memory_app.http.answer("POST", f"{URL}/token", json=fresh)
    client = oauth.Client(f"{URL}/token", "me")
    with use(memory_app.invocation):
        expired = Tokens("first", "r-1", memory_app.clock.now() - timedelta(1))
        oauth.keep("shop", expired)
    with use(replace(memory_app.invocation, services=planned)):
        assert oauth.access_token("shop", refresh=client) == "second"
    with use(memory_app.invocation):
        assert oauth.access_token("shop", refresh=client) == "second"
    assert len(memory_app.http.requests) == 1
    kept = services.secrets.get("oauth/shop")
    again = Collector("again")
    again.read_record("secrets", "oauth/shop", connection(kept))
    # A plan rests on whose account it is, and on no token.
    assert (collector.total, collector.reads) == (0, again.reads)


def test_an_answer_that_is_another_each_time_is_not_rested_on(
    http: PlannedHttp, memory_app: MemoryApp, collector: Collector
) -> None:
    memory_app.http.answer("GET", URL, json={"now": 1})
    assert http.send(HttpRequest("GET", URL, volatile=True)).json() == {"now": 1}
    assert collector.reads == {}


def test_the_data_platform_is_asked_and_not_written(
    memory_app: MemoryApp, collector: Collector
) -> None:
    memory_app.odp.upsert_objects("products", [{"product_id": "1"}])
    odp = PlannedOdp(memory_app.odp, collector)
    assert odp.upsert_customers([{"attributes": {"email": "a@example.com"}}] * 2) == 2
    assert odp.send_events([{"type": "t"}]) == 1
    assert odp.upsert_objects("products", [{"product_id": "2"}]) == 1
    assert odp.customer("email", "a@example.com") is None
    assert odp.customers().customers == ()
    assert odp.objects("products") == memory_app.odp.objects("products")
    assert collector.counts == [
        Counted("odp", "upsert_customers", "customers", 1, 2),
        Counted("odp", "send_events", "events", 1, 1),
        Counted("odp", "upsert_objects", "products", 1, 1),
    ]
    assert len(collector.reads) == 3


def test_a_run_that_is_triggered_never_runs_but_can_be_asked_for(
    jobs: PlannedJobs, memory_app: MemoryApp, collector: Collector
) -> None:
    real = memory_app.jobs.trigger("sync", {"n": 0})
    run = jobs.trigger("sync", {"n": 1})
    assert [each.job_id for each in jobs.active("sync")] == [real.job_id, run.job_id]
    assert jobs.get_detail(run.job_id) == run
    assert jobs.get_detail(real.job_id) == real
    assert list(memory_app.jobs.runs) == [real.job_id]
    assert collector.counts == [Counted("jobs", "trigger", "sync", 1, 1)]
    with pytest.raises(NotFound):
        jobs.get_detail("planned-run-9")
    with pytest.raises(NotFound):
        jobs.trigger("other")


def test_a_schedule_is_reckoned_and_not_changed(
    jobs: PlannedJobs, memory_app: MemoryApp, collector: Collector
) -> None:
    assert jobs.reschedule("sync", "0 0 * * * ?") == NOON
    assert memory_app.jobs.crons == {}
    assert collector.counts == [Counted("jobs", "reschedule", "sync", 1, 1)]
    with pytest.raises(NotFound):
        jobs.reschedule("other", None)


def test_what_people_would_be_told_is_shown(memory_app: MemoryApp, collector: Collector) -> None:
    PlannedNotifications(collector).add("warn", "Sync", "Refused", "2 contacts", "a, b")
    assert collector.notifications == [
        {"level": "warn", "activity": "Sync", "title": "Refused", "summary": "2 contacts"}
    ]
    assert memory_app.notifications.entries == []


def test_records_are_set_aside_nowhere_and_the_shelf_is_read(memory_app: MemoryApp) -> None:
    memory_app.dead_letters.set_aside(
        job="sync", run_id="1", key="a", record={"n": 1}, reason="No such thing."
    )
    letters = PlannedLetters(memory_app.dead_letters)
    letters.set_aside(job="sync", run_id="2", key="b", record={}, reason="No such thing.")
    assert set(letters.of(job="sync", keys=["a", "b"])) == {"a"}
    assert letters.handled(job="sync", keys=["a", "b"]) == 1
    assert set(letters.of(job="sync", keys=["a"])) == {"a"}
    assert letters.asked_of(job="sync", run_id="2", limit=5) == []
    with pytest.raises(RecordInvalid):
        letters.set_aside(job="sync", run_id="2", key="c", record={}, reason="")
