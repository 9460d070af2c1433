"""A new version takes over; what fails on the way leaves everything as it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mooring.adapters.transition_lock import transition_lock
from mooring.errors import AppInvalid, Conflict, LifecycleFailed, MooringError
from mooring.hosting.host import Host
from mooring.model.installation import (
    AppVersion,
    InstallationState,
    UpgradePhase,
)
from mooring.model.run import RunStatus
from tests.host.lifecycle.conftest import Shop, answered, outcomes, services


def test_kept_functions_keep_their_urls_and_others_come_and_go(host: Host, shop: Shop) -> None:
    before = host.endpoints(host.lifecycle.install(shop.version("1.0.0", "hello", "former")))
    done = host.lifecycle.upgrade(shop.version("1.1.0", "hello", "added"))
    after = host.endpoints(done.installation)
    assert sorted(after) == ["added", "hello"]
    assert after["hello"] == before["hello"]
    removed = host.installations.endpoint(before["former"].rsplit("/", 1)[1])
    assert removed is not None
    assert removed.removed_at is not None
    assert (done.before, done.installation.version, done.changed) == ("1.0.0", "1.1.0", True)
    assert done.installation.upgrade is None
    assert answered(host) == "1.1.0"


def test_equal_content_is_nothing_to_do_and_other_content_is_taken(host: Host, shop: Shop) -> None:
    host.lifecycle.install(shop.version("1.0.0"))
    assert not host.lifecycle.upgrade(shop.version("1.0.0")).changed
    assert host.lifecycle.upgrade(shop.version("1.0.0", "hello", "more")).changed
    assert outcomes(host)[2:] == [("upgrade", "begun"), ("upgrade", "done")]


def test_a_lower_version_is_refused_unless_it_is_meant(host: Host, shop: Shop) -> None:
    host.lifecycle.install(shop.version("1.1.0"))
    with pytest.raises(Conflict, match=r"1\.0\.0 is an older version.*--allow-downgrade"):
        host.lifecycle.upgrade(shop.version("1.0.0"))
    host.lifecycle.upgrade(shop.version("1.0.0"), allow_downgrade=True)
    assert answered(host) == "1.0.0"


def test_an_invalid_version_changes_nothing(host: Host, shop: Shop) -> None:
    host.lifecycle.install(shop.version("1.0.0"))
    broken = shop.version("1.1.0")
    (broken / "src/functions/hello.py").write_text("import nothing_of_this_name\n")
    with pytest.raises(AppInvalid):
        host.lifecycle.upgrade(broken)
    assert (answered(host), host.installation("shop").upgrade) == ("1.0.0", None)


def test_a_schema_that_does_not_fit_is_found_before_a_hook_is_called(
    host: Host, shop: Shop
) -> None:
    installation = host.lifecycle.install(shop.version("1.0.0"))
    with pytest.raises(Conflict, match="shop_points"):
        host.lifecycle.upgrade(shop.version("1.1.0", points="string"))
    assert answered(host) == "1.0.0"
    shared = services(host, installation).shared_kv_store
    assert (shared.exists("called/on_install"), shared.exists("called/on_upgrade")) == (True, False)


@pytest.mark.parametrize("hook", ["on_upgrade", "on_finalize_upgrade"])
@pytest.mark.parametrize(
    ("says", "reason"),
    [
        ("return LifecycleResult(success=False, message='no')", "refused: no"),
        ("raise KeyError('x')", "failed: KeyError"),
        ("raise errors.ServiceUnavailable('Away.')", "Away."),
        ("return True", "returned bool"),
        ("raise KeyboardInterrupt", "interrupted"),
    ],
)
def test_a_hook_that_fails_leaves_the_old_version_with_its_data(
    host: Host, shop: Shop, hook: str, says: str, reason: str
) -> None:
    installation = host.lifecycle.install(
        shop.version("1.0.0", jobs={"tidy": {"cron": "0 3 * * *"}})
    )
    own = services(host, installation)
    own.settings.put("main", {"name": "old", "api_key": "old-key"})
    own.kv_store.put("kept", {"by": "1.0.0"})
    body = (
        "storage.settings.put('main', {'name': 'new', 'api_key': 'new-key'})\n"
        "storage.kv_store.put('kept', {'by': '1.1.0'})\n"
        "storage.secrets.put('token', {'value': 'new'})\n"
        f"jobs.reschedule('tidy', None)\njobs.trigger('tidy')\n{says}"
    )
    new = shop.version("1.1.0", "hello", "added", jobs={"tidy": {}}, **{hook: body})
    expected = KeyboardInterrupt if reason == "interrupted" else MooringError
    with pytest.raises(expected) as raised:
        host.lifecycle.upgrade(new)
    if isinstance(raised.value, MooringError):
        assert reason in str(raised.value)
        assert raised.value.hint.startswith("What had been done is undone.")
    now = host.installation("shop")
    assert replace(now, updated_at=installation.updated_at) == installation
    assert answered(host) == "1.0.0"
    assert own.settings.get("main") == {"name": "old", "api_key": "old-key"}
    assert own.kv_store.get("kept") == {"by": "1.0.0"}
    assert not own.secrets.exists("token")
    assert sorted(host.endpoints(now)) == ["hello"]
    assert [s.next_at is None for s in host.schedules.of(now.install_id)] == [False]
    assert [r.status for r in host.runs.recent(app_id="shop")] == [RunStatus.TERMINATED]
    last = host.history.of(app_id="shop")[0]
    assert (last.action, last.outcome, last.actor) == ("upgrade", "failed", "test")
    assert reason in last.message


def test_a_hook_that_may_succeed_later_is_called_again(host: Host, shop: Shop) -> None:
    host.lifecycle.install(shop.version("1.0.0"))
    count = "n = storage.kv_store.increment('tries', 'n')\n"
    retry = f"{count}return LifecycleResult(success=n > 2, retryable=True)"
    done = host.lifecycle.upgrade(shop.version("1.1.0", on_upgrade=retry))
    assert services(host, done.installation).kv_store.get("tries") == {"n": 3}
    never = "return LifecycleResult(success=False, message='later', retryable=True)"
    with pytest.raises(LifecycleFailed, match="refused: later"):
        host.lifecycle.upgrade(shop.version("1.2.0", on_upgrade=never))


def test_after_a_failing_on_after_upgrade_the_new_version_stays_and_can_finish(
    host: Host, shop: Shop
) -> None:
    host.lifecycle.install(shop.version("1.0.0"))
    body = (
        "if storage.kv_store.increment('tries', 'n') < 2:\n"
        "    raise RuntimeError('not yet')\n"
        "return YES"
    )
    new = shop.version("1.1.0", on_after_upgrade=body)
    done = host.lifecycle.upgrade(new)
    assert "on_after_upgrade of shop failed: RuntimeError: not yet" in done.trouble
    assert (answered(host), done.installation.state) == ("1.1.0", InstallationState.INSTALLED)
    assert outcomes(host)[-2:] == [("upgrade", "done"), ("upgrade", "unfinished")]
    (said,) = host.notifications.recent(app_id="shop")
    assert (said.level, "not yet" in said.summary) == ("error", True)
    again = host.lifecycle.upgrade(new)
    assert (again.changed, again.trouble, again.installation.upgrade) == (False, "", None)


def test_runs_that_hooks_start_run_on_the_new_version(host: Host, shop: Shop) -> None:
    host.lifecycle.install(shop.version("1.0.0", jobs={"tidy": {}}))
    trigger = "jobs.trigger('tidy')\nreturn YES"
    host.lifecycle.upgrade(shop.version("1.1.0", jobs={"tidy": {}}, on_upgrade=trigger))
    (run,) = host.runs.recent(app_id="shop")
    assert run.scheduled_at <= host.clock.now()
    assert host.jobs.execute_until_final(run.run_id).state == {"version": "1.1.0"}


def test_jobs_follow_the_new_manifest(host: Host, shop: Shop) -> None:
    former = {"tidy": {"cron": "0 3 * * *"}, "sweep": {"cron": "0 4 * * *"}}
    installation = host.lifecycle.install(shop.version("1.0.0", jobs=former))
    queued = host.jobs.trigger(installation, "tidy", {})
    lost = host.jobs.trigger(installation, "sweep", {})
    now = {"tidy": {"cron": "0 5 * * *"}, "polish": {"cron": "0 6 * * *"}}
    host.lifecycle.upgrade(shop.version("1.1.0", jobs=now))
    schedules = host.schedules.of(installation.install_id)
    assert [(s.job, s.cron) for s in schedules] == [("polish", "0 6 * * *"), ("tidy", "0 5 * * *")]
    ended = host.runs.get(lost.run_id)
    assert ended.status is RunStatus.TERMINATED
    assert ended.error == "The app was upgraded to 1.1.0, which does not have this job."
    assert host.jobs.execute_until_final(queued.run_id).state == {"version": "1.1.0"}


def test_what_an_upgrade_gives_up_is_served_until_there_is_no_way_back(
    host: Host, shop: Shop
) -> None:
    old = host.lifecycle.install(
        shop.version("1.0.0", "hello", "former", jobs={"tidy": {}, "sweep": {}})
    )
    definition = host.lifecycle.read(shop.version("1.1.0", jobs={"tidy": {}}))
    after = AppVersion("1.1.0", host.lifecycle.keep_copy(definition))
    begun = host.installations.begin_upgrade(old, after)
    switched = host.installations.switch(begun, UpgradePhase.SWITCHED)
    versions = host.versions
    assert versions.with_function(switched, "hello").version == "1.1.0"
    assert versions.with_function(switched, "former").version == "1.0.0"
    assert versions.with_function(switched, "never").version == "1.1.0"
    assert versions.with_job(switched, "sweep").version == "1.0.0"
    afterwards = host.installations.switch(switched, UpgradePhase.AFTERWARDS)
    assert versions.with_function(afterwards, "former").version == "1.1.0"


def test_accounts_have_versions_of_their_own(
    host: Host, open_host: Callable[..., Host], shop: Shop
) -> None:
    host.lifecycle.install(shop.version("1.0.0"))
    with open_host(account="acme") as acme:
        acme.lifecycle.install(shop.version("1.0.0"))
        acme.lifecycle.upgrade(shop.version("2.0.0-beta"))
        services(acme, acme.installation("shop")).kv_store.put("own", {"of": "acme"})
    assert answered(host) == "1.0.0"
    assert answered(host, account="acme") == "2.0.0-beta"
    assert not services(host, host.installation("shop")).kv_store.exists("own")
    # A pre-release of one account does not speak for everybody.
    assert host.versions.for_everybody("shop").version == "1.0.0"


def test_one_process_at_a_time_is_at_an_app(
    host: Host, open_host: Callable[..., Host], shop: Shop, home: Path
) -> None:
    installation = host.lifecycle.install(shop.version("1.0.0"))
    with (
        open_host() as other,
        transition_lock(other.database, home / "locks", app_id="shop", account="local") as held,
    ):
        assert held
        with pytest.raises(Conflict, match="Another process installs, upgrades or removes shop"):
            host.lifecycle.upgrade(shop.version("1.1.0"))
        with pytest.raises(Conflict, match="Another process"):
            host.lifecycle.uninstall(installation, purge=False)
        assert host.lifecycle.recover() == []
    assert host.lifecycle.upgrade(shop.version("1.1.0")).changed


def test_a_switch_that_was_cut_off_is_taken_back(host: Host, shop: Shop) -> None:
    old = host.lifecycle.install(shop.version("1.0.0"))
    definition = host.lifecycle.read(shop.version("1.1.0", "hello", "added"))
    after = AppVersion("1.1.0", host.lifecycle.keep_copy(definition))
    begun = host.installations.begin_upgrade(old, after)
    host.installations.add_endpoint(old.install_id, "shop", "added")
    host.installations.switch(begun, UpgradePhase.SWITCHED)
    assert [i.install_id for i in host.lifecycle.recover()] == [old.install_id]
    now = host.installation("shop")
    assert replace(now, updated_at=old.updated_at) == old
    assert sorted(host.endpoints(now)) == ["hello"]
    assert "was cut off, and is undone" in host.history.of(app_id="shop")[0].message
    assert host.lifecycle.recover() == []


def test_an_uninstall_that_was_cut_off_is_taken_back(host: Host, shop: Shop) -> None:
    installation = host.lifecycle.install(
        shop.version("1.0.0", jobs={"tidy": {"cron": "0 3 * * *"}})
    )
    host.installations.set_state(installation.install_id, InstallationState.UNINSTALLING)
    assert len(host.lifecycle.recover()) == 1
    assert host.installation("shop").state is InstallationState.INSTALLED
    assert len(host.schedules.of(installation.install_id)) == 1
