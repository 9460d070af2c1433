"""What reaches Brevo, in which form, and what becomes of what Brevo does not take."""

from __future__ import annotations

import time
from typing import Any

import pytest

from mooring.sdk import errors
from mooring.sdk.job import JobStatus

ANNA = "anna.jansen.1@example.com"
PLACE = (20000000001, "production")
DECIDED = [["new_checkout", "treatment", True, "checkout_q3", 1_750_000_000]]
ON = [["dark_mode", "on", True, None, 1_760_000_000]]
CREATED_KINDS = {
    "EXPERIMENT_VARIATION": "text",
    "EXPERIMENT_NAME": "text",
    "VARIATION_NAME": "text",
    "EXPERIMENT_DATE": "date",
    "ENABLED_FEATURES": "text",
    "FEATURE_FLAG": "text",
    "FEATURE_ENABLED": "boolean",
    "FEATURE_FLAGS_SYNCED": "date",
}


def know(connected: Any, *emails: str, decisions: list[Any] | None = None) -> None:
    """Let the connector have read these contacts of Brevo and decided for them."""
    ids = {each["email"]: each["id"] for each in connected.contacts()}
    kept = connected.now.services.kv_store
    for email in emails:
        record = {"email": email, "id": ids.get(email, 99999), "seen": time.time() + 60}
        kept.put(f"contact/{email}", {**record, "values": {}})
        kept.put(f"computed/{email}", {"decisions": decisions or DECIDED})


def heard(connected: Any, email: str, **about: Any) -> None:
    """Let a listener have reported a decision."""
    given = {
        "variation": "short",
        "flag": "signup_form",
        "enabled": True,
        "experiment": True,
        "decided_at": 1_790_000_000.5,
        "project_id": None,
        "environment": None,
    }
    record = {"assignments": {"signup_form_length": {**given, **about}}}
    connected.now.services.kv_store.put(f"decided/{email}", record)


def today() -> str:
    return time.strftime("%Y-%m-%d", time.gmtime())


def test_a_few_changes_are_single_calls_with_typed_values(connected: Any) -> None:
    connected.set_up(PLACE)
    know(connected, ANNA)
    report = connected.sync(["push"])
    assert report["push"] == {"changed": 1, "written": 1, "rejected": 0, "unchanged": 0}
    assert connected.written() == {
        ANNA: [
            {
                "EXPERIMENT_VARIATION": "checkout_q3:treatment",
                "EXPERIMENT_NAME": "checkout_q3",
                "VARIATION_NAME": "treatment",
                "EXPERIMENT_DATE": today(),
                "ENABLED_FEATURES": "new_checkout",
                "FEATURE_FLAG": "new_checkout",
                "FEATURE_ENABLED": True,
                "FEATURE_FLAGS_SYNCED": today(),
            }
        ]
    }
    created = connected.sandbox.received(service="brevo", kind="attribute.create")
    assert {each["attribute"]: each["body"]["type"] for each in created} == CREATED_KINDS
    assert not connected.sandbox.received(service="brevo", kind="list.create")
    assert connected.kept("plan/") == {}


@pytest.mark.parametrize("awkward", ["/", "#", "%", "?", "+", "'"])
def test_every_address_is_one_part_of_the_path(connected: Any, awkward: str) -> None:
    connected.set_up(PLACE)
    email = next(each["email"] for each in connected.contacts() if awkward in each["email"])
    know(connected, email)
    assert connected.sync(["push"])["push"]["written"] == 1
    assert connected.brevo()[email]["EXPERIMENT_NAME"] == "checkout_q3"


def test_what_is_no_longer_so_is_erased(connected: Any) -> None:
    connected.set_up(PLACE)
    know(connected, ANNA)
    connected.sync(["push"])
    know(connected, ANNA, decisions=[["new_checkout", "off", False, None, 1_760_000_000]])
    connected.sync(["push"])
    values = connected.brevo()[ANNA]
    assert "EXPERIMENT_VARIATION" not in values
    assert "ENABLED_FEATURES" not in values
    assert values["FEATURE_ENABLED"] is False


def test_an_import_writes_booleans_as_words_and_erases_too(
    connected: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected.set_up(PLACE)
    know(connected, ANNA)
    connected.sync(["push"])
    connected.now.services.kv_store.put(f"computed/{ANNA}", {"decisions": ON})
    state = _imported(connected, monkeypatch)
    assert state["report"]["push"]["written"] == 1
    values = connected.brevo()[ANNA]
    assert "EXPERIMENT_VARIATION" not in values
    assert values["FEATURE_ENABLED"] is True
    (sent,) = connected.sandbox.received(service="brevo", kind="contact.import")
    (row,) = sent["rows"]
    assert set(row["attributes"]) == set(CREATED_KINDS)
    assert row["attributes"]["FEATURE_ENABLED"] == "Yes"
    assert row["attributes"]["EXPERIMENT_VARIATION"] == ""
    assert sent["disable_notification"] is True


def test_rows_that_an_import_sets_aside_do_not_hold_up_the_others(
    connected: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected.set_up(PLACE)
    know(connected, ANNA, "not an address")
    state = _imported(connected, monkeypatch)
    assert state["report"]["push"]["written"] == 1
    assert state["report"]["push"]["rejected"] == 1
    (letter,) = connected.letters().values()
    assert letter.record["email"] == "not an address"
    assert "invalid_emails" in letter.reason
    assert connected.kept("ledger/").keys() == {f"ledger/{ANNA}"}


def test_all_imports_use_one_list_in_one_folder(
    connected: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected.set_up(PLACE)
    know(connected, ANNA)
    _imported(connected, monkeypatch)
    know(connected, ANNA, decisions=ON)
    _imported(connected, monkeypatch)
    assert len(connected.sandbox.received(service="brevo", kind="folder.create")) == 1
    assert len(connected.sandbox.received(service="brevo", kind="list.create")) == 1


def test_an_import_that_nobody_finishes_ends_with_the_remedy(
    connected: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("src.jobs.push.MOST_POLLS", 2)
    monkeypatch.setattr("src.clients.brevo.UNFINISHED", ("queued", "processing", "completed"))
    connected.set_up(PLACE)
    know(connected, ANNA)
    with pytest.raises(errors.ServiceUnavailable, match="Import history"):
        _imported(connected, monkeypatch)


def test_many_changes_first_read_whom_brevo_knows(connected: Any) -> None:
    connected.set_up(PLACE)
    connected.sync(["contacts", "flags"])
    connected.sandbox.change(contact=ANNA, delete=True)
    report = connected.sync(["push"])
    assert report["contacts"] == {"read": 1999}
    assert report["push"] == {"changed": 1999, "written": 1999, "rejected": 0, "unchanged": 0}
    assert ANNA not in connected.brevo()
    assert len(connected.sandbox.received(service="brevo", kind="contact.import")) == 1
    assert connected.kept("plan/") == {}


def test_what_a_listener_saw_is_written_with_its_day(connected: Any) -> None:
    connected.set_up(PLACE)
    know(connected, ANNA)
    heard(connected, ANNA)
    connected.sync(["push"])
    values = connected.brevo()[ANNA]
    assert values["EXPERIMENT_VARIATION"] == "checkout_q3:treatment, signup_form_length:short"
    assert (values["EXPERIMENT_NAME"], values["VARIATION_NAME"]) == ("signup_form_length", "short")
    assert values["FEATURE_FLAG"] == "signup_form"
    assert values["EXPERIMENT_DATE"] == "2026-09-21"
    assert values["ENABLED_FEATURES"] == "new_checkout"
    assert connected.sync(["push"])["push"]["changed"] == 0


def test_a_listener_may_know_somebody_before_the_sync_does(connected: Any) -> None:
    connected.set_up(PLACE)
    heard(connected, ANNA)
    assert connected.sync(["push"])["push"]["written"] == 1
    assert connected.brevo()[ANNA]["VARIATION_NAME"] == "short"


def test_nobody_is_created_for_a_listener_and_the_others_go_on(connected: Any) -> None:
    connected.set_up(PLACE)
    heard(connected, "nobody@example.com")
    know(connected, ANNA)
    report = connected.sync(["push"])
    assert report["push"] == {"changed": 2, "written": 1, "rejected": 1, "unchanged": 0}
    assert "nobody@example.com" not in connected.brevo()
    (letter,) = connected.letters().values()
    assert "no contact with this address" in letter.reason
    (line,) = [each for each in connected.app.log.lines if each.event == "push.rejected"]
    assert line.fields["count"] == 1
    assert "nobody@example.com" not in str(connected.app.log.lines)
    told = connected.app.notifications.one(activity="Synchronisation")
    assert (told.level, told.title) == ("warn", "1 contact could not be updated in Brevo")
    assert "no contact with this address" in told.summary


def test_an_attribute_of_another_type_is_refused_before_anything_is_written(
    connected: Any,
) -> None:
    connected.set_up(PLACE)
    know(connected, ANNA)
    connected.sandbox.http.post(
        f"{connected.sandbox.info['brevo']}/contacts/attributes/normal/EXPERIMENT_DATE",
        json={"type": "text"},
        headers={"api-key": connected.sandbox.credentials["brevo_api_key"]},
    ).raise_for_status()
    with pytest.raises(errors.RequestRefused, match="EXPERIMENT_DATE is text in Brevo") as caught:
        connected.sync(["push"])
    assert "has to be date" in str(caught.value)
    assert "Field mapping" in str(caught.value)
    assert connected.written() == {}


@pytest.mark.parametrize("many", [False, True])
def test_what_brevo_drops_without_a_word_is_noticed(
    connected: Any, monkeypatch: pytest.MonkeyPatch, many: bool
) -> None:
    connected.set_up(PLACE)
    know(connected, ANNA)
    monkeypatch.setattr("src.jobs.push.IMPORT_ABOVE", 0 if many else 500)

    phases = ["import" if many else "update"]

    def drop(phase: str) -> None:
        if phase in phases:
            phases.clear()
            connected.sandbox.change(attribute="VARIATION_NAME", delete=True)

    state = _stepped(connected, drop)
    assert state["report"]["push"]["rejected"] == 1
    (letter,) = connected.letters().values()
    assert letter.reason == "Brevo accepted the change but does not show it: VARIATION_NAME."
    assert connected.kept("ledger/") == {}


def test_what_was_written_before_the_key_was_refused_is_remembered(connected: Any) -> None:
    connected.set_up(PLACE)
    first, second = sorted(each["email"] for each in connected.contacts()[40:42])
    know(connected, first, second)
    connected.sandbox.control(
        "faults", route=f"/brevo/v3/contacts/{second}", method="PUT", status=401, count=1
    )
    with pytest.raises(errors.CredentialsRejected, match="API key"):
        connected.sync(["push"])
    assert connected.kept("ledger/").keys() == {f"ledger/{first}"}
    assert connected.sync(["push"])["push"]["written"] == 1
    assert {email: len(sent) for email, sent in connected.written().items()} == {
        first: 1, second: 1,
    }  # fmt: skip


def test_plans_of_a_run_that_died_are_forgotten(connected: Any) -> None:
    connected.set_up(PLACE)
    connected.now.services.kv_store.put(f"plan/dead/fresh/{ANNA}", {"values": {"A": "b"}})
    connected.sync(["push"])
    assert connected.kept("plan/") == {}
    assert connected.written() == {}


def _imported(connected: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Push by import, as a run that has just read the contacts."""
    monkeypatch.setattr("src.jobs.push.IMPORT_ABOVE", 0)
    return _stepped(connected, lambda phase: None)


def _stepped(connected: Any, before: Any) -> dict[str, Any]:
    job = connected.job()
    status = job.prepare({"stages": ["push"]})
    status.state["read_now"] = True
    while not status.complete:
        before(status.state["position"].get("phase", ""))
        status = job.perform(JobStatus(status.state))
    return dict(status.state)
