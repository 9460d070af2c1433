"""A change that Optimizely announces refreshes the datafile and starts one synchronisation."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mooring.errors import RequestInvalid, ServiceUnavailable
from mooring.sdk import Request, Response, jobs, storage
from mooring.testing.memory import MemoryApp
from src.functions.optimizely_webhook import OptimizelyWebhook
from tests.app.functions.conftest import CDN, prepare_datafile

STAGES = ["catalogue", "flags", "push"]


def announce(revision: int | None = 7, *, project_id: Any = 1, key: str = "shop-key") -> Response:
    body = {
        "project_id": project_id,
        "timestamp": 1767225600,
        "event": "project.datafile_updated",
        "data": {"revision": revision, "cdn_url": f"{CDN}/{key}.json", "environment": "Production"},
    }
    return OptimizelyWebhook(Request("POST", body=json.dumps(body).encode())).perform()


def triggered(app: MemoryApp) -> list[Any]:
    return [run.parameters for run in app.jobs.runs.values()]


def test_the_datafile_is_fetched_and_a_sync_started(connector: MemoryApp) -> None:
    prepare_datafile(connector, "shop-key")
    assert announce().status == 204
    assert [request.url for request in connector.http.requests] == [f"{CDN}/shop-key.json"]
    assert triggered(connector) == [{"stages": STAGES}]


def test_a_revision_that_is_not_there_yet_asks_for_a_later_try(connector: MemoryApp) -> None:
    prepare_datafile(connector, "shop-key", revision=6)
    with pytest.raises(ServiceUnavailable, match="revision 6"):
        announce(7)
    assert triggered(connector) == []


def test_a_run_that_waits_is_enough_and_one_that_runs_is_not(connector: MemoryApp) -> None:
    prepare_datafile(connector, "shop-key")
    announce()
    announce(7)
    assert len(triggered(connector)) == 1
    (run,) = connector.jobs.runs.values()
    connector.jobs.finish(run.job_id)
    announce(7)
    assert len(triggered(connector)) == 2


def test_a_waiting_push_does_not_stand_for_the_flags(connector: MemoryApp) -> None:
    prepare_datafile(connector, "shop-key")
    jobs.trigger("sync", {"stages": ["push"]})
    announce()
    assert {"stages": STAGES} in triggered(connector)


@pytest.mark.parametrize(("project_id", "key"), [(99, "shop-key"), (1, "other-key")])
def test_what_is_not_connected_is_acknowledged_and_left_alone(
    connector: MemoryApp, project_id: int, key: str
) -> None:
    assert announce(project_id=project_id, key=key).status == 204
    assert (connector.http.requests, triggered(connector)) == ([], [])


def test_switched_off_only_the_datafile_is_refreshed(connector: MemoryApp) -> None:
    prepare_datafile(connector, "shop-key")
    storage.settings.patch("sync", {"enabled": False})
    assert announce().status == 204
    assert (len(connector.http.requests), triggered(connector)) == (1, [])


def test_another_change_concerns_every_environment_of_its_project(connector: MemoryApp) -> None:
    prepare_datafile(connector, "mobile-key")
    body = {"project_id": "2", "event": "project.flag_updated", "data": [{"id": 1}]}
    answer = OptimizelyWebhook(Request("POST", body=json.dumps(body).encode())).perform()
    assert answer.status == 204
    assert [request.url for request in connector.http.requests] == [f"{CDN}/mobile-key.json"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"event": "x"}'])
def test_what_is_no_webhook_is_refused(connector: MemoryApp, body: bytes) -> None:
    with pytest.raises(RequestInvalid):
        OptimizelyWebhook(Request("POST", body=body)).perform()
