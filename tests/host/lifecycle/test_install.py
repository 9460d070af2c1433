"""Apps come and leave; what fails on the way leaves everything as it was."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from mooring.errors import LifecycleFailed
from mooring.hosting.host import Host
from mooring.model.run import RunStatus
from tests.host.lifecycle.conftest import Shop, outcomes, services


def test_a_failed_install_leaves_nothing_not_even_what_the_app_shares(
    host: Host, shop: Shop
) -> None:
    body = "storage.secrets.put('token', {'value': 'x'})\njobs.trigger('tidy')\nraise ValueError"
    with pytest.raises(LifecycleFailed):
        host.lifecycle.install(shop.version("1.0.0", jobs={"tidy": {}}, on_install=body))
    assert host.installations.all() == []
    assert host.vault.names("install/1") == []
    assert host.runs.recent(app_id="shop") == []
    installation = host.lifecycle.install(shop.version("1.0.0", on_install="return YES"))
    assert not services(host, installation).shared_kv_store.exists("called/none")
    assert outcomes(host) == [
        ("install", "begun"),
        ("install", "failed"),
        ("install", "begun"),
        ("install", "done"),
    ]


def test_a_refusing_on_uninstall_leaves_everything_as_it_was(host: Host, shop: Shop) -> None:
    no = "storage.kv_store.put('gone', {})\nreturn LifecycleResult(success=False, message='no')"
    jobs = {"tidy": {"cron": "0 3 * * *"}}
    before = host.lifecycle.install(shop.version("1.0.0", jobs=jobs, on_uninstall=no))
    run = host.jobs.trigger(before, "tidy", {})
    with pytest.raises(LifecycleFailed, match="refused: no"):
        host.lifecycle.uninstall(before, purge=False)
    now = host.installation("shop")
    assert replace(now, updated_at=before.updated_at) == before
    assert not services(host, now).kv_store.exists("gone")
    assert len(host.schedules.of(now.install_id)) == 1
    ended = host.runs.get(run.run_id)
    assert (ended.status, ended.error) == (RunStatus.TERMINATED, "The app was uninstalled.")


def test_history_names_sections_and_never_values(host: Host, shop: Shop) -> None:
    installation = host.lifecycle.install(shop.version("1.0.0"))
    values = {"name": "Ada", "api_key": "canary-key"}
    host.settings.of(installation).submit("main", values, action="save")
    entry = host.history.of(install_id=installation.install_id)[0]
    assert (entry.action, entry.message) == ("settings", "section main, action save")
    assert "canary" not in json.dumps([e.to_json() for e in host.history.of()])
