"""The button starts one run, or says what is missing."""

from __future__ import annotations

import pytest

from mooring.sdk import storage
from tests.app.lifecycle.conftest import Connector


def connect(connector: Connector) -> None:
    connector.connect_optimizely()
    connector.choose("20000000001:production")
    connector.connect_brevo()


def test_a_full_run_starts_at_once(connector: Connector) -> None:
    connect(connector)
    said = connector.submit("sync", "sync_now")
    assert said["toasts"][0]["intent"] == "success"
    (run,) = connector.app.jobs.runs.values()
    assert (run.job, run.parameters) == ("sync", {})


def test_a_run_that_is_under_way_is_enough(connector: Connector) -> None:
    connect(connector)
    connector.submit("sync", "sync_now")
    said = connector.submit("sync", "sync_now")
    assert "already under way" in said["toasts"][0]["message"]
    assert len(connector.app.jobs.runs) == 1


@pytest.mark.parametrize("missing", ["optimizely", "projects", "brevo"])
def test_what_is_missing_is_named_and_the_form_leads_there(
    connector: Connector, missing: str
) -> None:
    connect(connector)
    storage.settings.delete(missing)
    said = connector.submit("sync", "sync_now")
    assert said["toasts"][0]["intent"] == "danger"
    assert said["redirect"] == missing
    assert not connector.app.jobs.runs
