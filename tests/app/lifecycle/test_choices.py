"""Schedule, flags and names are checked before they are kept."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from mooring.errors import ScheduleInvalid
from mooring.sdk import storage
from src.clients.stored_settings import load_settings
from tests.app.lifecycle.conftest import Connector

SYNC: dict[str, Any] = {
    "enabled": True,
    "schedule": "0 */2 * * *",
    "experiments": True,
    "feature_flags": True,
    "flags": [],
    "audiences": True,
    "events": True,
}
MAPPING = {
    "user_id": "email",
    "experiment_key": "EXPERIMENT_NAME",
    "variation_key": "VARIATION_NAME",
    "decision_timestamp": "EXPERIMENT_DATE",
    "experiment_variation": "EXPERIMENT_VARIATION",
    "feature_key": "FEATURE_FLAG",
    "feature_enabled": "FEATURE_ENABLED",
    "enabled_features": "ENABLED_FEATURES",
    "flags_synced": "FEATURE_FLAGS_SYNCED",
    "audience_name": "AUDIENCE_SEGMENT",
    "audience_segments": "OPT_SEGMENTS",
}


def test_the_schedule_becomes_the_installations_own(connector: Connector) -> None:
    said = connector.submit("sync", **{**SYNC, "schedule": " 30  6 * * 1-5 "})
    assert said["errors"] == {}
    assert connector.app.jobs.crons == {"sync": ("30 6 * * 1-5", "UTC")}
    assert storage.settings.get("sync")["schedule"] == "30 6 * * 1-5"


def test_the_next_time_is_told(connector: Connector, monkeypatch: pytest.MonkeyPatch) -> None:
    next_at = datetime(2026, 11, 25, 12, tzinfo=UTC)
    monkeypatch.setattr(connector.app.jobs, "reschedule", lambda *_, **__: next_at)
    toast, unconnected = connector.submit("sync", **SYNC)["toasts"]
    assert toast == {
        "intent": "success",
        "message": "Saved. Next synchronisation: 2026-11-25 12:00 UTC.",
    }
    assert unconnected["intent"] == "info"
    assert "Optimizely connection and Projects and Brevo connection" in unconnected["message"]


def test_a_schedule_that_never_comes_due_is_warned_of(
    connector: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connector.app.jobs, "reschedule", lambda *_, **__: None)
    toast, _ = connector.submit("sync", **{**SYNC, "schedule": "0 0 30 2 *"})["toasts"]
    assert toast["intent"] == "warning"
    assert "never comes due" in toast["message"]


def test_switching_off_stops_the_schedule_and_keeps_what_was_chosen(connector: Connector) -> None:
    connector.submit("sync", **{**SYNC, "enabled": False, "audiences": False})
    assert connector.app.jobs.crons == {"sync": (None, "UTC")}
    settings = load_settings()
    assert (settings.enabled, settings.audiences, settings.experiments) == (False, False, True)


def test_a_schedule_that_means_nothing_is_an_error_at_its_field(
    connector: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise ScheduleInvalid("61 is no minute.", hint="Minutes go from 0 to 59.", field="minute")

    monkeypatch.setattr(connector.app.jobs, "reschedule", refuse)
    before = storage.settings.get("sync")
    said = connector.submit("sync", **{**SYNC, "schedule": "61 * * * *"})
    assert said["errors"] == {"sync.schedule": ["61 is no minute. Minutes go from 0 to 59."]}
    assert storage.settings.get("sync") == before


def test_flags_are_looked_up_in_the_connected_projects(connector: Connector) -> None:
    connector.connect_optimizely()
    connector.choose("20000000001:production", "20000000002:production")
    said = connector.submit("sync", **{**SYNC, "flags": ["gift_card", "20000000002:dark_mode"]})
    assert said["errors"]["sync.flags"] == [
        "No connected project has a flag gift_card. Did you mean gift_cards?"
    ]
    said = connector.submit("sync", **{**SYNC, "flags": ["gift_cards", "20000000002:dark_mode"]})
    assert said["errors"] == {}
    assert load_settings().flags == frozenset({"gift_cards", "20000000002:dark_mode"})


def test_names_of_attributes_are_kept_in_capitals(connector: Connector) -> None:
    said = connector.submit("mapping", **{**MAPPING, "experiment_key": "test_name"})
    assert said["errors"] == {}
    assert load_settings().experiment_key == "TEST_NAME"


def test_two_values_cannot_share_an_attribute(connector: Connector) -> None:
    said = connector.submit("mapping", **{**MAPPING, "variation_key": "experiment_name"})
    assert list(said["errors"]) == ["mapping.variation_key"]
    assert load_settings().variation_key == "VARIATION_NAME"


@pytest.mark.parametrize(("given", "kept"), [("Email", "email"), ("EXT_ID", "EXT_ID")])
def test_the_user_id_names_a_field(connector: Connector, given: str, kept: str) -> None:
    connector.submit("mapping", **{**MAPPING, "user_id": given})
    assert load_settings().user_id == kept


def test_a_user_id_that_no_contact_can_have_is_refused(connector: Connector) -> None:
    connector.connect_brevo()
    said = connector.submit("mapping", **{**MAPPING, "user_id": "custmer_number"})
    (sentence,) = said["errors"]["mapping.user_id"]
    assert sentence.startswith("Contacts in Brevo have no attribute custmer_number.")
    assert load_settings().user_id == "email"
    assert connector.submit("mapping", **{**MAPPING, "user_id": "country"})["errors"] == {}


def test_diagnostics_are_kept(connector: Connector) -> None:
    connector.submit("diagnostics", debug=True, log_decisions=False, log_events=True)
    settings = load_settings()
    assert (settings.debug, settings.log_decisions, settings.log_events) == (True, False, True)
