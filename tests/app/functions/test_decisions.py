"""Reported decisions are kept under their contact once, and never without the token."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mooring.errors import RequestInvalid
from mooring.sdk import Request, Response, storage
from mooring.sdk.headers import Headers
from mooring.testing.memory import MemoryApp
from src.functions.decisions import Decisions
from tests.app.functions.conftest import TOKEN, prepare_datafile

ANNA = "anna@example.com"
AT = 1_764_000_000


@pytest.fixture(autouse=True)
def datafiles(connector: MemoryApp) -> None:
    for key in ("shop-key", "mobile-key"):
        prepare_datafile(connector, key)


def decision(user: str = ANNA, *, rule: str = "checkout_q3", **more: Any) -> dict[str, Any]:
    info = {
        "flagKey": "new_checkout",
        "ruleKey": rule,
        "variationKey": "treatment",
        "enabled": True,
    }
    item = {"type": "flag", "userId": user, "attributes": {}, "decisionInfo": info}
    return {**item, "timestamp": AT, **more}


def post(body: Any, authorization: str = f"Bearer {TOKEN}") -> Response:
    headers = Headers({"authorization": authorization} if authorization else {})
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Decisions(Request("POST", headers=headers, body=raw)).perform()


def kept(email: str = ANNA) -> dict[str, Any]:
    return dict(storage.kv_store.get(f"decided/{email}").get("assignments", {}))


def test_a_decision_is_kept_under_its_contact(connector: MemoryApp) -> None:
    answer = post(decision(project_id="1", environment="production"))
    assert (answer.status, answer.body_json) == (200, {"accepted": 1, "shelved": 0})
    assignment = kept()["checkout_q3"]
    assert assignment | {"report_id": ""} == {
        "variation": "treatment",
        "flag": "new_checkout",
        "enabled": True,
        "experiment": True,
        "decided_at": AT,
        "project_id": "1",
        "environment": "production",
        "report_id": "",
    }
    (event,) = connector.odp.events
    assert (event["action"], event["identifiers"]) == ("decision", {"email": ANNA})


def test_a_rule_that_delivers_to_everyone_is_no_experiment(connector: MemoryApp) -> None:
    post(decision(rule="to_everyone"))
    assert set(kept()) == {"new_checkout"}


def test_without_the_datafiles_decisions_are_taken_all_the_same(connector: MemoryApp) -> None:
    storage.kv_store.delete_many(["datafile/shop-key", "datafile/mobile-key"])
    connector.http._answers.clear()
    for key in ("shop-key", "mobile-key"):
        prepare_datafile(connector, key, status=404)
    assert post(decision()).body_json == {"accepted": 1, "shelved": 0}
    assert "decision.rules_unknown" in [line.event for line in connector.log.lines]


def test_a_batch_is_kept_and_what_has_no_contact_is_shelved(connector: MemoryApp) -> None:
    other = decision("u-1", attributes={"email": "Ben@example.com"})
    answer = post([decision(), other, decision("u-2")])
    assert answer.body_json == {"accepted": 2, "shelved": 1}
    assert set(kept("ben@example.com")) == {"checkout_q3"}
    ((key, record),) = storage.kv_store.scan("deadletter/decision/")
    assert record["reason"] == "no contact"
    assert record["record"]["userId"] == "u-2"
    assert key.rpartition("/")[2]


def test_a_user_id_that_is_no_e_mail_by_choice_is_no_contact(connector: MemoryApp) -> None:
    storage.settings.patch("mapping", {"user_id": "EXT_ID"})
    assert post(decision()).body_json == {"accepted": 0, "shelved": 1}


def test_the_same_batch_again_changes_nothing(connector: MemoryApp) -> None:
    batch = [decision(), decision("u-2"), {"eventKey": "purchase", "userId": ANNA}]
    post(batch)
    before = kept(), len(connector.odp.events), storage.kv_store.count("deadletter/decision/")
    (run,) = connector.jobs.runs.values()
    connector.jobs.finish(run.job_id)
    assert post(batch).body_json == {"accepted": 2, "shelved": 1}
    assert before == (
        kept(),
        len(connector.odp.events),
        storage.kv_store.count("deadletter/decision/"),
    )
    assert len(connector.jobs.runs) == 1


def test_decisions_start_one_push(connector: MemoryApp) -> None:
    post(decision())
    post(decision("ben@example.com"))
    assert [run.parameters for run in connector.jobs.runs.values()] == [{"stages": ["push"]}]


def test_switched_off_decisions_are_kept_and_nothing_starts(connector: MemoryApp) -> None:
    storage.settings.patch("sync", {"enabled": False})
    post(decision())
    assert kept()
    assert not connector.jobs.runs


def test_an_event_is_kept_as_one_and_decides_nothing(connector: MemoryApp) -> None:
    item = {"event_key": "purchase", "user_id": ANNA, "event_tags": {"revenue": 4999}}
    assert post(item).body_json == {"accepted": 1, "shelved": 0}
    (event,) = connector.odp.events
    assert event["data"]["optimizely_connector_revenue"] == 4999
    assert not kept()
    assert not connector.jobs.runs


@pytest.mark.parametrize(
    "authorization",
    ["", TOKEN, f"Basic {TOKEN}", "Bearer", "Bearer wrong", f"Bearer {TOKEN}x", "Bearer tökén"],
)
def test_without_the_token_nothing_is_taken(connector: MemoryApp, authorization: str) -> None:
    answer = post(decision(), authorization)
    assert answer.status == 401
    assert answer.headers.get("www-authenticate") == "Bearer"
    assert answer.body_json["error"]["code"] == "request.token"
    assert TOKEN not in f"{answer.text}{connector.log.lines}"
    assert not kept()


def test_without_a_token_set_the_answer_says_how_to_set_one(connector: MemoryApp) -> None:
    storage.secrets.delete("decisions_token")
    answer = post(decision(), "Bearer ")
    assert answer.status == 503
    assert "set decisions_token" in answer.body_json["error"]["hint"]


def test_a_malformed_report_refuses_its_batch_as_a_whole(connector: MemoryApp) -> None:
    with pytest.raises(RequestInvalid) as refused:
        post([decision(), {"type": "flag", "userId": ANNA}])
    assert refused.value.where == "body[1]"
    assert "Report 1: decisionInfo.flagKey is missing." in str(refused.value)
    assert not kept()
    assert not connector.odp.events


@pytest.mark.parametrize("body", [b"", b"{", b'"x"', b"[1]"])
def test_what_is_no_report_is_refused(connector: MemoryApp, body: bytes) -> None:
    with pytest.raises(RequestInvalid):
        post(body)


def test_an_empty_batch_is_fine(connector: MemoryApp) -> None:
    assert post([]).body_json == {"accepted": 0, "shelved": 0}


def test_more_than_a_thousand_at_once_are_too_many(connector: MemoryApp) -> None:
    answer = post([decision()] * 1001)
    assert answer.status == 413
    assert "1000" in answer.body_json["error"]["hint"]


def test_decisions_and_events_are_logged_on_request_without_the_person(
    connector: MemoryApp,
) -> None:
    batch = [decision(), {"eventKey": "purchase", "userId": ANNA}]
    post(batch)
    assert not connector.log.lines or "reported" not in str(connector.log.lines)
    storage.settings.patch("diagnostics", {"log_decisions": True, "log_events": True})
    post(batch)
    events = [line.event for line in connector.log.lines]
    assert {"decision.reported", "event.reported"} <= set(events)
    assert ANNA not in str(connector.log.lines)


def test_an_old_datafile_is_asked_for_again_and_news_start_a_sync(connector: MemoryApp) -> None:
    post(decision())
    asked = len(connector.http.requests)
    post(decision("ben@example.com"))
    assert len(connector.http.requests) == asked
    storage.kv_store.put("datafile_asked/shop-key", {"at": 0})
    connector.http._answers.clear()
    prepare_datafile(connector, "shop-key", revision=8)
    post(decision("cem@example.com"))
    assert len(connector.http.requests) == asked + 1
    assert {"stages": ["catalogue", "flags", "push"]} in [
        run.parameters for run in connector.jobs.runs.values()
    ]


def test_without_following_changes_the_kept_datafile_is_enough(connector: MemoryApp) -> None:
    post(decision())
    asked = len(connector.http.requests)
    storage.settings.patch("projects", {"auto_update": False})
    storage.kv_store.put("datafile_asked/shop-key", {"at": 0})
    post(decision("ben@example.com"))
    assert len(connector.http.requests) == asked
