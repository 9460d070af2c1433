"""A contact that Brevo refuses: set aside, seen by people, kept over an archive, tried again."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from mooring.adapters.database import Database
from mooring.hosting.host import Host
from mooring.model.config import HostConfig
from scripts.local_services import APP
from tests.scenarios.conftest import Connector

ANNA = "anna.jansen.1@example.com"
HEARD = {
    "variation": "short",
    "flag": "signup_form",
    "enabled": True,
    "experiment": True,
    "decided_at": 1_790_000_000.5,
    "project_id": None,
    "environment": None,
}


def test_what_brevo_refuses_is_written_once_somebody_asks_for_it(connector: Connector) -> None:
    connector.connect()
    hear_of(connector, ANNA)
    connector.sandbox.control(
        "faults", route=f"/brevo/v3/contacts/{ANNA}", method="PUT", status=400, count=1
    )
    pushed = push(connector)
    assert (pushed["written"], pushed["rejected"]) == (0, 1)
    (letter,) = letters(connector)
    assert (letter["job"], letter["key"], letter["times"]) == ("sync", ANNA, 1)
    assert letter["reason"].startswith("Brevo refused the values")
    assert push(connector)["set_aside"] == 1
    assert ANNA.encode() not in sealed(connector)

    kept = connector.ok("uninstall", APP, "--json").json["archive"]
    assert letters(connector) == []
    connector.ok("restore", kept)
    assert letters(connector) == [letter]

    shown = connector.ok("deadletter", "show", letter["letter_id"], "--json").json
    assert shown["record"]["values"]["VARIATION_NAME"] == "short"
    retried = connector.ok("deadletter", "retry", "--all", APP, "--wait", "--json").json
    assert (retried["retried"], retried["left"]) == (1, 0)
    assert letters(connector) == []
    (contact,) = [each for each in connector.sandbox.contacts() if each["email"] == ANNA]
    assert contact["attributes"]["VARIATION_NAME"] == "short"


def hear_of(connector: Connector, email: str) -> None:
    """Let a listener have reported a decision."""
    with Host.open(HostConfig(home=connector.program.home, secrets="encrypted")) as host:
        services = host.invocation(host.installation(APP), entry_point="test").services
        services.kv_store.put(f"decided/{email}", {"assignments": {"signup_form_length": HEARD}})


def sealed(connector: Connector) -> bytes:
    """Return the records that are set aside, as they are stored."""
    database = Database.open(file=connector.program.home / "mooring.sqlite")
    with database.read() as connection:
        found = connection.scalars(text("SELECT record FROM dead_letters")).all()
    database.close()
    assert found
    return "\n".join(found).encode()


def push(connector: Connector) -> dict[str, Any]:
    run = connector.sync("--parameters", '{"stages": ["push"]}')
    return dict(run["state"]["report"]["push"])


def letters(connector: Connector) -> list[dict[str, Any]]:
    return list(connector.ok("deadletter", "list", "--json").json)
