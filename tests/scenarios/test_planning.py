"""Plan before write: what the sandbox gets is what was shown, or nothing at all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sandbox.running import Running
from scripts.local_services import APP, SHOP
from tests.conftest import Answer
from tests.scenarios.conftest import Connector


def trigger(connector: Connector, *options: str) -> Answer:
    return connector("jobs", "trigger", APP, "sync", "--json", *options)


def planned(connector: Connector, *stages: str) -> dict[str, Any]:
    parameters = ["--parameters", json.dumps({"stages": stages})] if stages else []
    answer = trigger(connector, "--plan", *parameters)
    assert answer.status == 0, answer.err
    return dict(answer.json)


def why_refused(connector: Connector, plan: dict[str, Any]) -> str:
    """Return why a plan is not applied, and see that nothing was written."""
    received = len(connector.sandbox.received())
    answer = trigger(connector, "--apply", plan["plan_id"], "--wait")
    assert answer.status == 75
    assert connector.sandbox.received(after=received) == []
    return str(json.loads(answer.err)["error"]["message"])


def written(plan: dict[str, Any], sandbox: Running) -> Iterator[tuple[str, str]]:
    """Give what a plan would write to Brevo, as the sandbox names what it receives."""
    base = sandbox.info["brevo"].partition("//")[2]
    for each in plan["counts"]:
        place = f"{each['service']}{each['target']}"
        if place.startswith(base):
            yield from [(each["action"], place.removeprefix(base))] * each["writes"]


def test_a_plan_is_refused_once_a_contact_or_a_flag_has_changed(connector: Connector) -> None:
    connector.connect()
    sandbox = connector.sandbox
    plan = planned(connector, "contacts")
    assert [each["service"] for each in plan["counts"]] == ["odp"]

    address = f"{sandbox.info['brevo']}/contacts/{sandbox.contacts()[0]['id']}"
    key = {"api-key": sandbox.credentials["brevo_api_key"]}
    body = {"attributes": {"FIRSTNAME": "Somebody"}}
    sandbox.http.put(address, json=body, headers=key).raise_for_status()
    said = why_refused(connector, plan)
    assert "/contacts?limit=1000&offset=0" in said
    assert "/cdn/datafiles/" not in said

    plan = planned(connector, "contacts")
    sandbox.change(project_id=SHOP, environment="production", flag="gift_cards", enable=True)
    sandbox.publish(SHOP)
    said = why_refused(connector, plan)
    assert "/cdn/datafiles/" in said
    assert "/contacts?" not in said


def test_what_a_plan_shows_is_exactly_what_brevo_gets(connector: Connector) -> None:
    connector.connect()
    sandbox = connector.sandbox
    settled = len(sandbox.received())
    plan = planned(connector)
    assert sandbox.received(after=settled) == []
    (imported,) = [each for each in plan["counts"] if each["target"].endswith("/contacts/import")]
    assert imported["rows"] == plan["state"]["report"]["push"]["changed"] == 2000

    answer = trigger(connector, "--apply", plan["plan_id"], "--wait")
    assert answer.status == 0, answer.err
    assert answer.json["state"]["report"] == plan["state"]["report"]
    base = sandbox.info["brevo"].removeprefix(sandbox.url)
    received = sandbox.received(after=settled)
    got = [(each["method"], each["path"].removeprefix(base)) for each in received]
    assert sorted(got) == sorted(written(plan, sandbox))
    assert [len(each["rows"]) for each in received if each["kind"] == "contact.import"] == [2000]
