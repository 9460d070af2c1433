"""From the accounts to Brevo: what is written, what is not written again, what a change touches."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from optimizely.decision.optimizely_decide_option import OptimizelyDecideOption
from optimizely.optimizely import Optimizely

from sandbox.running import Running
from scripts.local_services import MOBILE, SHOP, sdk_key
from tests.scenarios.conftest import Connector

CONTACTS = 2000
SHARED = frozenset({"dark_mode"})  # the flags that both projects have
OURS = ("ENABLED_FEATURES", "EXPERIMENT_VARIATION", "EXPERIMENT_NAME", "VARIATION_NAME")


def attributes_of(contact: Mapping[str, Any], datafile: Mapping[str, Any]) -> dict[str, Any]:
    """Give Optimizely's attributes of a Brevo contact, as design and documentation say."""
    known = {name.upper(): value for name, value in contact["attributes"].items()}
    found = {"email": contact["email"]}
    for attribute in datafile["attributes"]:
        value = known.get(attribute["key"].upper())
        if value is not None and value != "":
            found[attribute["key"]] = value
    return found


def datafile_of(sandbox: Running, project_id: int) -> dict[str, Any]:
    key = sdk_key(sandbox, project_id)
    answer = sandbox.http.get(f"{sandbox.info['optimizely_cdn']}/datafiles/{key}.json")
    return dict(answer.raise_for_status().json())


def decisions_of(
    contacts: list[dict[str, Any]], datafile: Mapping[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Let the SDK itself decide every flag for every contact."""
    client = Optimizely(json.dumps(datafile))
    for contact in contacts:
        attributes: Any = attributes_of(contact, datafile)
        user = client.create_user_context(contact["email"], attributes)
        assert user is not None
        options = [OptimizelyDecideOption.DISABLE_DECISION_EVENT]
        yield contact["email"], user.decide_all(options)


def expected(
    contacts: list[dict[str, Any]], sandbox: Running
) -> dict[str, tuple[str, dict[str, str]]]:
    """Compute enabled flags, and variations by experiment, straight from the SDK."""
    found: dict[str, tuple[list[str], dict[str, str]]] = {c["email"]: ([], {}) for c in contacts}
    for project_id in (SHOP, MOBILE):
        datafile = datafile_of(sandbox, project_id)
        running = {e["key"] for e in datafile["experiments"] if e["status"] == "Running"}
        for email, decisions in decisions_of(contacts, datafile):
            enabled, variations = found[email]
            for key, decision in decisions.items():
                if decision.enabled:
                    enabled.append(f"{project_id}:{key}" if key in SHARED else key)
                if decision.rule_key in running:
                    variations[decision.rule_key] = decision.variation_key
    return {
        email: (", ".join(sorted(enabled)), variations)
        for email, (enabled, variations) in found.items()
    }


def assignments(text: str | None) -> dict[str, str]:
    pairs = (pair.rpartition(":") for pair in (text or "").split(", ") if pair)
    return {name: variation for name, _, variation in pairs}


def test_brevo_holds_what_the_sdk_decides_for_every_contact_and_flag(connector: Connector) -> None:
    connector.connect()
    before = connector.sandbox.contacts()
    run = connector.sync()
    assert run["status"] == "COMPLETE"
    assert len(before) == CONTACTS
    wanted = expected(before, connector.sandbox)
    wrong: list[tuple[object, ...]] = []
    for contact in connector.sandbox.contacts():
        features, variations = wanted[contact["email"]]
        written = contact["attributes"]
        got = assignments(written.get("EXPERIMENT_VARIATION"))
        if written.get("ENABLED_FEATURES", "") != features:
            wrong.append((contact["email"], written.get("ENABLED_FEATURES"), features))
        if {k: v for k, v in got.items() if k in variations} != variations:
            wrong.append((contact["email"], got, variations))
    assert not wrong, wrong[:5]


def test_no_impression_leaves_the_machine(connector: Connector) -> None:
    connector.connect()
    connector.sync()
    assert connector.sandbox.received(service="optimizely", kind="events") == []
    assert not [e for e in connector.sandbox.received() if "event" in e["kind"]]


def test_nothing_is_written_when_nothing_changed_and_then_only_what_changed(
    connector: Connector,
) -> None:
    connector.connect()
    connector.sync()
    settled = len(connector.sandbox.received())
    again = connector.sync()
    assert again["state"]["report"]["push"]["written"] == 0
    assert connector.sandbox.received(service="brevo", after=settled) == []

    before = {c["email"]: c["attributes"] for c in connector.sandbox.contacts()}
    change = {"project_id": SHOP, "environment": "production", "flag": "gift_cards"}
    connector.sandbox.change(**change, enable=True)
    connector.sandbox.change(**change, percentage=100)
    connector.sandbox.publish(SHOP)
    connector.sync()
    after = {c["email"]: c["attributes"] for c in connector.sandbox.contacts()}
    affected = {e for e in after if _ours(after[e]) != _ours(before[e])}
    touched = set(_written_contacts(connector.sandbox.received(service="brevo", after=settled)))
    assert affected
    assert touched == affected


def _ours(attributes: Mapping[str, Any]) -> list[Any]:
    return [attributes.get(name) for name in OURS]


def _written_contacts(entries: list[dict[str, Any]]) -> Iterator[str]:
    """Name the contacts of every write that Brevo received."""
    for entry in entries:
        yield from emails_in(entry)


def emails_in(entry: Mapping[str, Any]) -> list[str]:
    """Name the contacts of one entry of the sandbox's record."""
    if entry["kind"] == "contact.import":
        return [row["email"] for row in entry["rows"]]
    return [entry["contact"]] if entry["kind"] == "contact.update" else []
