"""While the host serves: schedules fire, signed webhooks trigger, forged ones do not."""

from __future__ import annotations

import time

from scripts.local_services import APP, MOBILE, SHOP
from tests.scenarios.conftest import Connector

PROJECTS = (SHOP, MOBILE)


def test_a_schedule_starts_a_run_by_itself(connector: Connector) -> None:
    connector.connect()
    with connector.serve():
        connector.ok("settings", APP, "sync", "--set", "schedule=0/2 * * * * ?")
        run = connector.wait_for(
            lambda run: run["job"] == "sync" and run["status"] == "COMPLETE", why="the cron fires"
        )
    assert run["state"]["report"]["push"]["written"] == 2000


def test_a_signed_webhook_brings_a_flag_change_to_brevo(connector: Connector) -> None:
    with connector.serve():
        connector.connect()
        known = {connector.sync()["run_id"]} | {run["run_id"] for run in connector.runs()}
        change = {"project_id": SHOP, "environment": "production", "flag": "gift_cards"}
        connector.sandbox.change(**change, enable=True)
        connector.sandbox.change(**change, percentage=100)
        told = connector.sandbox.publish(SHOP)["webhooks"]
        assert [posted["status"] for posted in told] == [202]
        run = connector.wait_for(
            lambda run: run["run_id"] not in known and run["status"] == "COMPLETE",
            why="the webhook's run",
        )
    assert run["state"]["report"]["push"]["written"] > 0
    features = [c["attributes"]["ENABLED_FEATURES"] for c in connector.sandbox.contacts()]
    assert all("gift_cards" in text.split(", ") for text in features)


def test_each_projects_webhook_is_taken_once_its_own_secret_is_known(connector: Connector) -> None:
    with connector.serve():
        connector.connect()
        statuses = [connector.sandbox.publish(each)["webhooks"][0]["status"] for each in PROJECTS]
        assert statuses == [202, 401]
        secrets = " ".join(connector.sandbox.webhook_secrets())
        setting = ("settings", APP, "projects", "--set", "webhook_secret=-")
        connector.ok(*setting, "--action", "save", stdin=secrets)
        time.sleep(1)  # what a command changes is in force within a second
        statuses = [connector.sandbox.publish(each)["webhooks"][0]["status"] for each in PROJECTS]
        assert statuses == [202, 202]


def test_a_forged_webhook_is_refused_and_starts_nothing(connector: Connector) -> None:
    with connector.serve():
        connector.connect()
        known = {run["run_id"] for run in connector.runs()}
        url = connector.ok("functions", APP, "--json").json["optimizely_webhook"]
        body = b'{"project_id": 1, "event": "project.datafile_updated", "data": {}}'
        http = connector.sandbox.http
        unsigned = http.post(url, content=body)
        forged = http.post(url, content=body, headers={"x-hub-signature": "sha1=" + "0" * 40})
    assert (unsigned.status_code, forged.status_code) == (401, 401)
    assert unsigned.json()["error"]["code"] == "request.signature"
    assert {run["run_id"] for run in connector.runs()} == known


def test_urls_answer_410_after_uninstalling(connector: Connector) -> None:
    with connector.serve():
        connector.connect()
        url = connector.ok("functions", APP, "--json").json["optimizely_webhook"]
        connector.ok("uninstall", APP)
        assert connector.sandbox.http.post(url, content=b"{}").status_code == 410


def test_a_second_host_on_the_same_home_is_refused(connector: Connector) -> None:
    with connector.serve() as serving:
        second = connector("serve", "--public-port", "0", "--console-port", "0")
    assert second.status == 75
    assert serving.public in second.err
    assert "Traceback" not in second.err


def test_a_full_port_is_refused_with_its_number(connector: Connector) -> None:
    taken = str(connector.sandbox.http.build_request("GET", connector.sandbox.url).url.port)
    refused = connector("serve", "--public-port", taken, "--console-port", "0")
    assert refused.status == 74
    assert taken in refused.err
    assert "--public-port" in refused.err
