"""The host dies in the middle of a synchronisation; what becomes of the run and of the contacts?"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from typing import Any

import pytest

from scripts.local_services import APP
from tests.scenarios.conftest import Connector
from tests.scenarios.test_sync import CONTACTS


@pytest.mark.parametrize("steps", [1, 4, 7])
def test_a_run_whose_host_was_killed_resumes_and_completes(
    connector: Connector, steps: int
) -> None:
    connector.connect()
    connector.sandbox.control("faults", route="/brevo/v3", delay=0.05, count=1000)
    with connector.serve() as serving:
        run_id = connector.ok("jobs", "trigger", APP, "sync", "--json").json["run_id"]
        reached(connector, run_id, steps)
        serving.kill()
    interrupted = show(connector, run_id)
    assert interrupted["status"] == "RUNNING"
    with connector.serve():
        done = connector.wait_for(
            lambda run: run["run_id"] == run_id and run["status"] == "COMPLETE",
            why="the run completes after the restart",
        )
    assert done["steps"] > interrupted["steps"]
    contacts = connector.sandbox.contacts()
    missing = [c["email"] for c in contacts if not c["attributes"].get("FEATURE_FLAGS_SYNCED")]
    assert len(contacts) == CONTACTS
    assert missing == []
    assert written_differently(connector.sandbox.received(service="brevo")) == {}


def reached(connector: Connector, run_id: str, steps: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        run = show(connector, run_id)
        assert run["status"] in ("PENDING", "RUNNING"), run
        if run["steps"] >= steps:
            return
    raise AssertionError(f"the run did not reach step {steps}")


def show(connector: Connector, run_id: str) -> dict[str, Any]:
    return dict(connector.ok("jobs", "show", run_id, "--json").json)


def written_differently(entries: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Name the contacts that were sent different values, with what they were sent."""
    sent: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        if entry["kind"] == "contact.import":
            for row in entry["rows"]:
                sent[row["email"]].add(json.dumps(row["attributes"], sort_keys=True))
        elif entry["kind"] == "contact.update":
            sent[entry["contact"]].add(json.dumps(entry["attributes"], sort_keys=True))
    return {email: sorted(values) for email, values in sent.items() if len(values) > 1}
