"""Contacts that Brevo refuses are set aside, not sent every time, and tried again when asked."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.sdk import errors
from tests.app.jobs.test_push import ANNA, DECIDED, ON, PLACE, heard, know

REFUSAL = "Brevo refused the values: "
NOTHING = {"changed": 0, "written": 0, "rejected": 0, "unchanged": 0}


def refuse(connected: Any, *, times: int = 1, email: str = ANNA) -> None:
    """Let Brevo refuse the next changes of a contact."""
    connected.sandbox.control(
        "faults", route=f"/brevo/v3/contacts/{email}", method="PUT", status=400, count=times
    )


def sent(connected: Any) -> int:
    """Count the changes of contacts that reached Brevo."""
    return len(connected.sandbox.received(service="brevo", kind="contact.update"))


@pytest.fixture
def aside(connected: Any) -> Any:
    """Give the connector with Anna set aside."""
    connected.set_up(PLACE)
    know(connected, ANNA)
    refuse(connected)
    report = connected.sync(["push"])
    assert report["push"] == {"changed": 1, "written": 0, "rejected": 1, "unchanged": 0}
    return connected


def test_a_contact_that_brevo_refuses_is_set_aside_with_what_was_to_be_written(aside: Any) -> None:
    (letter,) = aside.letters().values()
    assert letter.key == ANNA
    assert letter.reason.startswith(REFUSAL)
    assert letter.record["email"] == ANNA
    assert letter.record["values"]["EXPERIMENT_NAME"] == "checkout_q3"
    assert aside.kept("ledger/") == {}


def test_it_is_not_sent_again_while_it_would_be_the_same(aside: Any) -> None:
    before = sent(aside)
    assert aside.sync(["push"])["push"] == {**NOTHING, "set_aside": 1}
    assert sent(aside) == before
    (letter,) = aside.letters().values()
    assert letter.times == 1
    assert len(aside.app.notifications.entries) == 1


def test_it_is_sent_as_soon_as_something_else_is_to_be_written(aside: Any) -> None:
    know(aside, ANNA, decisions=ON)
    assert aside.sync(["push"])["push"] == {**NOTHING, "changed": 1, "written": 1}
    assert aside.letters() == {}
    assert aside.brevo()[ANNA]["ENABLED_FEATURES"] == "dark_mode"


def test_a_letter_goes_when_nothing_is_to_be_written_any_more(connected: Any) -> None:
    connected.set_up(PLACE)
    know(connected, ANNA)
    connected.sync(["push"])
    know(connected, ANNA, decisions=ON)
    refuse(connected)
    connected.sync(["push"])
    assert list(connected.letters()) == [ANNA]
    know(connected, ANNA, decisions=DECIDED)
    assert connected.sync(["push"])["push"] == {**NOTHING, "unchanged": 1}
    assert connected.letters() == {}


def test_a_retry_really_writes_it(aside: Any) -> None:
    aside.retry(ANNA)
    assert aside.brevo()[ANNA]["EXPERIMENT_NAME"] == "checkout_q3"
    assert aside.letters() == {}
    assert aside.kept("ledger/").keys() == {f"ledger/{ANNA}"}
    assert aside.sync(["push"])["push"] == {**NOTHING, "unchanged": 1}
    titles = [told.title for told in aside.app.notifications.entries]
    assert titles == [
        "1 contact could not be updated in Brevo",
        "All contacts could be updated again",
    ]


def test_a_retry_that_is_refused_again_leaves_it_with_the_new_reason(aside: Any) -> None:
    aside.sandbox.change(contact=ANNA, delete=True)
    aside.retry(ANNA)
    (letter,) = aside.letters().values()
    assert "no contact with this address" in letter.reason
    assert letter.times == 2


def test_a_retry_makes_what_is_missing_in_brevo(aside: Any) -> None:
    aside.sandbox.change(attribute="VARIATION_NAME", delete=True)
    aside.retry(ANNA)
    assert aside.brevo()[ANNA]["VARIATION_NAME"] == "treatment"


def test_a_retry_while_nothing_is_connected_says_what_is_missing(aside: Any) -> None:
    aside.now.services.settings.delete("brevo")
    with pytest.raises(errors.SettingsRefused, match="Brevo connection"):
        aside.retry(ANNA)
    assert list(aside.letters()) == [ANNA]


def test_somebody_unknown_is_written_once_brevo_has_them(connected: Any) -> None:
    connected.set_up(PLACE)
    new = "new.person@example.com"
    heard(connected, new)
    assert connected.sync(["push"])["push"]["rejected"] == 1
    assert connected.sync(["push"])["push"]["set_aside"] == 1
    connected.now.services.clock.sleep(1)
    connected.sandbox.http.post(
        f"{connected.sandbox.info['brevo']}/contacts",
        json={"email": new},
        headers={"api-key": connected.sandbox.credentials["brevo_api_key"]},
    ).raise_for_status()
    (contact,) = [each for each in connected.contacts() if each["email"] == new]
    record = {"email": new, "id": contact["id"], "seen": 0, "values": {}}
    connected.now.services.kv_store.put(f"contact/{new}", record)
    assert connected.sync(["push"])["push"]["written"] == 1
    assert connected.letters() == {}


def test_whoever_left_brevo_leaves_the_shelf_too(aside: Any) -> None:
    aside.know(ANNA)
    aside.sandbox.change(contact=ANNA, delete=True)
    aside.sync(["contacts"])
    assert aside.letters() == {}
