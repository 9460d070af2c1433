from __future__ import annotations

from typing import Any

import pytest

from mooring.sdk import errors
from mooring.testing.memory import MemoryApp
from src.clients.optimizely import Optimizely

SHOP, LEGACY, FINANCE = "20000000001", "20000000003", "20000000005"
AUDIENCES = "https://api.optimizely.com/v2/audiences"


def client(connected: Any) -> Optimizely:
    return Optimizely(connected.sandbox.credentials["optimizely_token"])


def test_an_account_is_read(connected: Any) -> None:
    optimizely = client(connected)
    assert str(optimizely.projects()[0]["id"]) == SHOP
    assert {each["key"] for each in optimizely.environments(SHOP)} == {
        "production", "staging", "development",
    }  # fmt: skip
    assert optimizely.environments(SHOP)[0]["datafile"]["sdk_key"] == "SandboxShopProd1"
    assert len(optimizely.audiences(SHOP)) == 14
    assert {each["key"] for each in optimizely.events(LEGACY)} == {"signup"}
    assert len(optimizely.experiments(LEGACY)) == 4
    assert {each["key"] for each in optimizely.features(LEGACY)} == {"signup_form", "pdf_invoice"}


def test_a_closed_project_is_named(connected: Any) -> None:
    with pytest.raises(errors.CredentialsRejected, match=f"may not read project {FINANCE}"):
        client(connected).project(FINANCE)


def test_flags_first_projects_say_that_they_have_no_experiments(connected: Any) -> None:
    with pytest.raises(errors.RequestRefused, match="not available in flags-enabled"):
        client(connected).experiments(SHOP)


def test_a_webhook_is_registered_found_and_removed(connected: Any) -> None:
    optimizely = client(connected)
    event = "project.datafile_updated"
    made = optimizely.register_webhook(SHOP, url="http://127.0.0.1/x", name="us", events=[event])
    (found,) = optimizely.webhooks(SHOP)
    assert (found["id"], found["url"]) == (made["id"], "http://127.0.0.1/x")
    optimizely.delete_webhook(str(made["id"]))
    optimizely.delete_webhook(str(made["id"]))
    assert optimizely.webhooks(SHOP) == []


def test_pages_follow_the_link_even_if_they_are_not_full(memory_app: MemoryApp) -> None:
    link = {"link": f'<{AUDIENCES}?page=2>; rel="next", <{AUDIENCES}?page=1>; rel="first"'}
    memory_app.http.answer("GET", AUDIENCES, json=[{"id": 1}], headers=link)
    memory_app.http.answer("GET", AUDIENCES, json=[{"id": 2}], headers={"link": "<x>; rel=last"})
    assert Optimizely("t").audiences("1") == [{"id": 1}, {"id": 2}]


def test_without_links_a_page_that_is_not_full_is_the_last(memory_app: MemoryApp) -> None:
    memory_app.http.answer("GET", AUDIENCES, json=[{"id": n} for n in range(100)])
    memory_app.http.answer("GET", AUDIENCES, json=[{"id": 100}])
    assert len(Optimizely("t").audiences("1")) == 101


def test_pages_without_end_are_the_fault_of_the_service(
    memory_app: MemoryApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("src.clients.optimizely.MOST_PAGES", 3)
    memory_app.http.answer("GET", AUDIENCES, json=[{}] * 100)
    with pytest.raises(errors.ServiceError, match="more than 3 pages"):
        Optimizely("t").audiences("1")


def test_the_token_is_in_a_header_and_in_the_budget_alone(memory_app: MemoryApp) -> None:
    memory_app.http.answer("GET", AUDIENCES, json=[])
    Optimizely("secret-token").audiences("1")
    (request,) = memory_app.http.requests
    assert request.headers["authorization"] == "Bearer secret-token"
    assert "secret-token" not in request.url
    assert [each.name for each in request.budgets] == ["optimizely-rest"]
