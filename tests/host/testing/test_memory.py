import pytest

from mooring.errors import NotFound, RateLimited, ServiceUnavailable
from mooring.sdk import http, jobs, notifications, storage
from mooring.sdk.context import AppContext, Invocation, current
from mooring.testing.clock import START, FakeClock
from mooring.testing.memory import MemoryApp, MemoryJobs
from mooring.testing.memory import memory_app as make_memory_app

URL = "https://api.example.org/things"


def test_the_fixture_puts_its_invocation_in_force(invocation: Invocation) -> None:
    assert current() is invocation


def test_the_app_context_is_that_of_the_present_call(
    invocation: Invocation, app_context: AppContext
) -> None:
    assert app_context is current().app


def test_each_installation_has_stores_of_its_own(memory_app: MemoryApp) -> None:
    storage.settings.put("k", {"a": 1})
    storage.secrets.put("k", {"b": 2})
    storage.kv_store.put("k", {"c": 3})
    assert storage.settings.get("k") == {"a": 1}
    assert storage.shared_kv_store.get("k") == {}
    assert make_memory_app().invocation.services.settings.get("k") == {}


def test_prepared_answers_come_in_order_and_the_last_one_stays(memory_app: MemoryApp) -> None:
    memory_app.http.answer("GET", URL, json={"page": 1})
    memory_app.http.answer("GET", URL, json={"page": 2})
    assert [http.get(URL).json()["page"] for _ in range(3)] == [1, 2, 2]


def test_an_answer_can_be_that_of_some_params_alone(memory_app: MemoryApp) -> None:
    memory_app.http.answer("GET", URL, json={"page": 1})
    memory_app.http.answer("GET", URL, params={"after": "1"}, json={"page": 2})
    asked: list[dict[str, str]] = [{"after": "1", "limit": "5"}, {"limit": "5"}, {"after": "1"}]
    pages = [http.get(URL, params=params).json()["page"] for params in asked]
    assert pages == [2, 1, 2]


def test_what_was_sent_is_recorded(memory_app: MemoryApp) -> None:
    memory_app.http.answer("POST", URL, status=201)
    http.post(URL, json={"a": 1}, params={"dry": "1"})
    [sent] = memory_app.http.requests
    assert (sent.method, sent.url, sent.body, sent.params) == (
        "POST",
        URL,
        b'{"a":1}',
        {"dry": "1"},
    )


def test_a_call_nobody_prepared_names_what_is_prepared(memory_app: MemoryApp) -> None:
    memory_app.http.answer("GET", URL)
    with pytest.raises(AssertionError, match=f"prepared: GET {URL}"):
        http.delete(URL)


def test_a_prepared_429_raises_as_the_real_client_does(memory_app: MemoryApp) -> None:
    memory_app.http.answer("GET", URL, status=429, headers={"Retry-After": "7"})
    with pytest.raises(RateLimited) as caught:
        http.get(URL)
    assert caught.value.retry_after == 7


def test_a_prepared_503_that_asks_to_wait_raises_as_the_real_client_does(
    memory_app: MemoryApp,
) -> None:
    memory_app.http.answer("GET", URL, status=503, headers={"Retry-After": "9"})
    with pytest.raises(RateLimited) as caught:
        http.get(URL)
    assert (caught.value.retry_after, caught.value.status) == (9, 503)


def test_a_prepared_500_raises_as_the_real_client_does(memory_app: MemoryApp) -> None:
    memory_app.http.answer("GET", URL, status=503)
    with pytest.raises(ServiceUnavailable):
        http.get(URL)


def test_a_triggered_run_is_active_until_it_is_finished(memory_app: MemoryApp) -> None:
    run = jobs.trigger("sync", {"full": True})
    assert [one.job_id for one in jobs.active("sync")] == [run.job_id]
    memory_app.jobs.finish(run.job_id)
    assert jobs.active("sync") == []
    assert jobs.get_status(run.job_id) == "COMPLETE"


def test_only_named_jobs_can_be_triggered() -> None:
    with pytest.raises(NotFound, match="It has: sync"):
        MemoryJobs(jobs=["sync"]).trigger("snyc")


def test_sleeping_moves_the_fake_clock_and_nothing_else() -> None:
    clock = FakeClock()
    clock.sleep(3600)
    assert (clock.now() - START).total_seconds() == 3600
    assert clock.slept == [3600]


def test_what_was_told_is_found_by_level_and_activity(memory_app: MemoryApp) -> None:
    notifications.info("Import", " Begun ", "s")
    notifications.error("Import", "Failed", "s" * 9999)
    told = memory_app.notifications
    assert told.one(level="info").title == "Begun"
    assert len(told.one(level="error").summary) == 2000
    with pytest.raises(AssertionError, match=r"2 of Import, not one(.|\n)*Begun(.|\n)*Failed"):
        told.one(activity="Import")
    with pytest.raises(AssertionError, match="0 of warn, not one"):
        told.one(level="warn")
