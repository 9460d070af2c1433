"""Webhooks are registered once, follow the choice, and are undone."""

from __future__ import annotations

from typing import Any

from mooring.sdk import storage
from mooring.sdk.context import use
from mooring.testing.memory import MemoryFunctions
from mooring.testing.memory import memory_app as make_memory_app
from src.clients.optimizely import Optimizely
from src.core.settings import Connection
from src.lifecycle.webhooks import REGISTERED, follow_projects
from tests.app.lifecycle.conftest import Connector

SHOP, MOBILE = 20000000001, 20000000002
ADDRESS = "http://127.0.0.1:9/functions/optimizely_connector/optimizely_webhook/uuid"


def choose(connector: Connector, *projects: int) -> dict[str, Any]:
    return connector.choose(*(f"{project}:production" for project in projects))


def test_every_connected_project_announces_its_datafiles(connector: Connector) -> None:
    connector.connect_optimizely()
    choose(connector, SHOP, MOBILE)
    for project in (SHOP, MOBILE):
        (hook,) = connector.webhooks(project)
        assert (hook["url"], hook["events"]) == (ADDRESS, ["project.datafile_updated"])


def test_saving_again_registers_nothing_twice(connector: Connector) -> None:
    connector.connect_optimizely()
    choose(connector, SHOP)
    choose(connector, SHOP)
    assert len(connector.webhooks(SHOP)) == 1


def test_a_project_that_is_taken_out_no_longer_announces(connector: Connector) -> None:
    connector.connect_optimizely()
    choose(connector, SHOP, MOBILE)
    choose(connector, MOBILE)
    assert (connector.webhooks(SHOP), len(connector.webhooks(MOBILE))) == ([], 1)


def test_a_new_address_takes_the_place_of_the_former(connector: Connector) -> None:
    connector.connect_optimizely()
    choose(connector, SHOP)
    connector.app.functions._endpoints[1]["optimizely_webhook"] = f"{ADDRESS}-2"
    choose(connector, SHOP)
    assert [hook["url"] for hook in connector.webhooks(SHOP)] == [f"{ADDRESS}-2"]


def test_uninstalling_removes_what_was_registered(connector: Connector) -> None:
    connector.connect_optimizely()
    choose(connector, SHOP, MOBILE)
    assert connector.lifecycle.on_uninstall().success
    assert connector.webhooks(SHOP) == connector.webhooks(MOBILE) == []
    assert storage.kv_store.get(REGISTERED) == {}


def test_uninstalling_goes_on_without_a_service_and_logs_what_is_left(connector: Connector) -> None:
    connector.connect_optimizely()
    choose(connector, SHOP)
    connector.sandbox.change(token=connector.sandbox.credentials["optimizely_token"], revoke=True)
    assert connector.lifecycle.on_uninstall().success
    (line,) = [line for line in connector.app.log.lines if line.event == "webhook.not_removed"]
    assert line.fields["project_id"] == str(SHOP)


def test_a_token_that_may_not_register_is_told_what_to_do_by_hand(connector: Connector) -> None:
    connector.connect_optimizely()
    route = f"/optimizely/v2/projects/{SHOP}/webhooks"
    connector.sandbox.control("faults", route=route, status=403, count=1)
    said = choose(connector, SHOP)
    assert said["errors"] == {}
    (warning,) = [toast for toast in said["toasts"] if toast["intent"] == "warning"]
    assert f"Settings > Webhooks: address {ADDRESS}" in warning["message"]
    assert storage.settings.get("projects")["connections"]
    told = connector.app.notifications.one(level="warn")
    assert (told.activity, told.summary) == ("Projects", warning["message"])


def test_that_changes_are_not_announced_is_told_once(connector: Connector) -> None:
    connector.connect_optimizely()
    route = f"/optimizely/v2/projects/{SHOP}/webhooks"
    connector.sandbox.control("faults", route=route, status=403, count=2)
    choose(connector, SHOP)
    choose(connector, SHOP)
    connector.app.notifications.one(activity="Projects")


def test_an_address_that_optimizely_cannot_reach_is_not_registered() -> None:
    app = make_memory_app(functions=MemoryFunctions(endpoints={"optimizely_webhook": ADDRESS}))
    with use(app.invocation):
        shop = Connection(str(SHOP), "Shop backend", "production", "sdk-key")
        following = follow_projects(Optimizely("token"), [shop])
    assert not following.complete
    assert "MOORING_PUBLIC_URL" in following.sentence
    assert app.http.requests == []
