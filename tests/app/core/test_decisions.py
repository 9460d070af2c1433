"""Reports of every type and case style say the same; the latest stays."""

from __future__ import annotations

import json
from typing import Any

import pytest

from src.core.decisions import (
    Report,
    ReportInvalid,
    contact_of,
    customer_event,
    merge,
    read_report,
)

NOW = 1_764_064_800.0
ANNA = "anna@example.com"
FLAG = {
    "flagKey": "new_checkout",
    "ruleKey": "checkout_q3",
    "variationKey": "treatment",
    "enabled": True,
    "variables": {},
    "reasons": [],
    "decisionEventDispatched": True,
}


def report(kind: str = "flag", info: Any = None, **more: Any) -> dict[str, Any]:
    item = {"type": kind, "userId": ANNA, "attributes": {}, "decisionInfo": info or FLAG}
    return item | more


def snake(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {
        "".join(f"_{c.lower()}" if c.isupper() else c for c in key): snake(inner)
        for key, inner in value.items()
    }


CASES = [
    ("flag", FLAG, ("checkout_q3", True, "treatment", "new_checkout", True)),
    (
        "flag",
        {**FLAG, "ruleKey": "to_everyone", "variationKey": "on"},
        ("new_checkout", False, "on", "new_checkout", True),
    ),
    (
        "flag",
        {**FLAG, "ruleKey": None, "variationKey": "off", "enabled": False},
        ("new_checkout", False, "off", "new_checkout", False),
    ),
    (
        "feature",
        {
            "featureKey": "gift_cards",
            "featureEnabled": True,
            "source": "feature-test",
            "sourceInfo": {"experimentKey": "gifts", "variationKey": "b"},
        },
        ("gifts", True, "b", "gift_cards", True),
    ),
    (
        "feature",
        {"featureKey": "gift_cards", "source": "rollout", "sourceInfo": {}},
        ("gift_cards", False, "", "gift_cards", False),
    ),
    (
        "ab-test",
        {"experimentKey": "banner", "variationKey": "red"},
        ("banner", True, "red", "", False),
    ),
    (
        "feature-test",
        {"experimentKey": "banner", "variationKey": "red", "featureEnabled": True},
        ("banner", True, "red", "", True),
    ),
    (
        "feature-test",
        {"experimentKey": "banner", "variationKey": None},
        ("banner", True, "", "", False),
    ),
    (
        "feature-variable",
        {"featureKey": "gift_cards", "featureEnabled": True, "variableKey": "limit"},
        ("gift_cards", False, "", "gift_cards", True),
    ),
]


@pytest.mark.parametrize("style", [dict, snake])
@pytest.mark.parametrize(("kind", "info", "expected"), CASES)
def test_every_type_in_either_case_style_says_the_same(
    kind: str, info: dict[str, Any], expected: tuple[Any, ...], style: Any
) -> None:
    read = read_report(style(report(kind, info)), now=NOW, deliveries={"to_everyone"})
    assert (read.key, read.experiment, read.variation, read.flag, read.enabled) == expected
    assert read.user_id == ANNA


@pytest.mark.parametrize("style", [dict, snake])
def test_a_track_notification_is_an_event(style: Any) -> None:
    tags = {"revenue": 4999, "value": 2.5, "colour": "red"}
    item = style({"eventKey": "purchase", "userId": ANNA, "eventTags": tags})
    sent = customer_event(read_report(item, now=NOW), email=ANNA)
    assert (sent["type"], sent["action"]) == ("optimizely", "conversion")
    assert sent["data"]["optimizely_connector_event_key"] == "purchase"
    assert sent["data"]["optimizely_connector_revenue"] == 4999
    assert sent["data"]["optimizely_connector_value"] == 2.5
    assert json.loads(sent["data"]["optimizely_connector_tags"]) == {"colour": "red"}


def test_a_decision_is_an_event_of_the_customer_too() -> None:
    read = read_report(report(project_id=20000000001, environment="production"), now=NOW)
    sent = customer_event(read, email=ANNA)
    assert sent["identifiers"] == {"email": ANNA}
    assert sent["ts"] == NOW
    assert sent["data"] == {
        "optimizely_connector_experiment_key": "checkout_q3",
        "optimizely_connector_variation_key": "treatment",
        "optimizely_connector_flag_key": "new_checkout",
        "optimizely_connector_flag_enabled": True,
        "optimizely_connector_decision_type": "flag",
        "optimizely_connector_project_id": "20000000001",
        "optimizely_connector_environment": "production",
        "optimizely_connector_user_id": ANNA,
    }


@pytest.mark.parametrize(
    ("timestamp", "at"),
    [
        (None, NOW),
        (1_764_000_000, 1_764_000_000.0),
        (1_764_000_000_500, 1_764_000_000.5),
        ("2025-11-24T16:00:00Z", 1_764_000_000.0),
        ("2025-11-24T17:00:00+01:00", 1_764_000_000.0),
        ("2025-11-24T16:00:00", 1_764_000_000.0),
        (NOW + 9999, NOW),
    ],
)
def test_a_time_is_read_and_never_lies_in_the_future(timestamp: Any, at: float) -> None:
    assert read_report(report(timestamp=timestamp), now=NOW).at == at


@pytest.mark.parametrize(
    ("item", "said"),
    [
        (None, "object"),
        ([], "object"),
        ({"userId": "x"}, "type must be one of"),
        (report("flags"), "type must be one of"),
        (report("flag", {"enabled": True}), "decisionInfo.flagKey is missing"),
        (report("ab-test", {"variationKey": "a"}), "decisionInfo.experimentKey is missing"),
        (report("flag", {**FLAG, "enabled": "yes"}), "decisionInfo.enabled must be true or false"),
        (report("feature", {"featureKey": "x", "sourceInfo": 1}), "sourceInfo must be an object"),
        (report(attributes="x"), "attributes must be an object"),
        (report(userId=["x"]), "userId must be a text"),
        (report(timestamp="yesterday"), "ISO 8601"),
        (report(timestamp=-1), "timestamp must be"),
        (report(timestamp=True), "timestamp must be"),
    ],
)
def test_a_malformed_report_says_what_was_expected(item: Any, said: str) -> None:
    with pytest.raises(ReportInvalid, match=said):
        read_report(item, now=NOW)


@pytest.mark.parametrize(
    ("user_id", "attributes", "by_email", "contact"),
    [
        ("u-1", {"email": " Anna@Example.com "}, True, ANNA),
        ("u-1", {"email": "Anna@example.com"}, False, ANNA),
        ("Anna@example.com", {}, True, ANNA),
        ("Anna@example.com", {}, False, None),
        ("anna@example.com", {"email": "nobody"}, True, ANNA),
        ("u-1", {}, True, None),
        ("u-1", {"email": None}, True, None),
        ("u-1", {"email": "a b@example.com"}, True, None),
        ("@example.com", {}, True, None),
    ],
)
def test_the_contact_is_the_e_mail_else_a_user_id_that_is_one(
    user_id: str, attributes: dict[str, Any], by_email: bool, contact: str | None
) -> None:
    read = read_report(report(userId=user_id, attributes=attributes), now=NOW)
    assert contact_of(read, user_id_is_email=by_email) == contact


def read(variation: str, timestamp: float | None, rule: str = "checkout_q3") -> Report:
    info = {**FLAG, "variationKey": variation, "ruleKey": rule}
    return read_report(report(info=info, timestamp=timestamp), now=NOW)


def test_the_latest_decision_of_an_experiment_stays() -> None:
    kept: dict[str, Any] = {}
    for each in (read("a", 100), read("b", 200), read("c", 150)):
        kept = merge(kept, each)
    assert kept["assignments"]["checkout_q3"]["variation"] == "b"
    assert kept["assignments"]["checkout_q3"]["decided_at"] == 200


def test_deciding_the_same_again_is_later_news() -> None:
    kept = merge(merge({}, read("a", 100)), read("a", 200))
    assert kept["assignments"]["checkout_q3"]["decided_at"] == 200


def test_different_experiments_stand_beside_each_other() -> None:
    kept = merge(merge({"note": 1}, read("a", 100)), read("b", 100, "other"))
    assert set(kept["assignments"]) == {"checkout_q3", "other"}
    assert kept["note"] == 1


def test_repeating_a_report_changes_nothing() -> None:
    item = report()
    kept = merge({}, read_report(item, now=NOW))
    assert merge(kept, read_report(item, now=NOW + 60)) == kept


def test_equal_reports_have_one_id_and_different_ones_two() -> None:
    first = read_report(report(timestamp=100), now=NOW)
    assert read_report(report(timestamp=100), now=NOW + 90_000).report_id == first.report_id
    assert read_report(report(timestamp=101), now=NOW).report_id != first.report_id


def test_an_experiment_without_a_variation_no_longer_has_the_contact() -> None:
    out = report("ab-test", {"experimentKey": "checkout_q3", "variationKey": None}, timestamp=200)
    kept = merge(merge({}, read("a", 100)), read_report(out, now=NOW))
    assert kept["assignments"] == {}
    assert merge({}, read_report(out, now=NOW)) == {"assignments": {}}
