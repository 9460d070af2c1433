"""Apps come, change and leave; what fails on the way leaves everything as it was."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest
import yaml

from mooring.adapters.archive_file import read_label, write_archive
from mooring.adapters.transition_lock import transition_lock
from mooring.engine import transitions
from mooring.errors import AppInvalid, ArchiveInvalid, Conflict, LifecycleFailed, MooringError
from mooring.host import Host
from mooring.model.config import HostConfig
from mooring.model.installation import (
    AppVersion,
    Installation,
    InstallationState,
    UpgradePhase,
)
from mooring.model.run import RunStatus
from mooring.sdk.context import Services
from mooring.sdk.webhook import Request
from tests.host.web.conftest import App

MASTER_KEY = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA="

LIFECYCLE = """\
from mooring.sdk import Lifecycle as Base
from mooring.sdk import LifecycleResult, LifecycleSettingsResult, errors, jobs, storage

YES = LifecycleResult(success=True)


class Lifecycle(Base):
    def on_install(self):
        return self.answer("on_install")

    def on_settings_form(self, section, action, form_data):
        storage.settings.put(section, form_data)
        return LifecycleSettingsResult()

    def on_upgrade(self, from_version):
        return self.answer("on_upgrade")

    def on_finalize_upgrade(self, from_version):
        return self.answer("on_finalize_upgrade")

    def on_after_upgrade(self):
        return self.answer("on_after_upgrade")

    def on_uninstall(self):
        return self.answer("on_uninstall")

    def answer(self, hook):
        storage.shared_kv_store.put("called/" + hook, {})
        return getattr(self, "_" + hook, lambda: YES)()

"""

JOB = """\
from mooring.sdk import Job, JobStatus


class Tidy(Job):
    def prepare(self, invocation, status, resuming):
        return JobStatus({"version": "VERSION"}, complete=False)

    def perform(self, status):
        return JobStatus(status.state, complete=True)
"""
FORM = """\
sections:
  - key: main
    label: Main
    elements:
      - type: text
        key: name
        label: Name
        help: Any name.
      - type: secret
        key: api_key
        label: Key
        help: A key.
"""


class Shop:
    """Makes versions of an app."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made = 0

    def version(
        self,
        version: str,
        *functions: str,
        jobs: Mapping[str, Any] | None = None,
        **hooks: str,
    ) -> Path:
        """Write a folder with a version; each hook is the body of a function."""
        self._made += 1
        app = App(self._folder / f"made{self._made}")
        for name in functions or ("hello",):
            app.function(name, f'return Response(200, {{"version": "{version}"}})')
        for name, declared in (jobs or {}).items():
            app.write(f"src/jobs/{name}.py", _job(name, version))
            entry = {"entry_point": name.capitalize(), "description": "Tidies.", **declared}
            app.jobs[name] = entry
        root = app.finish()
        manifest = yaml.safe_load((root / "app.yml").read_text())
        manifest["meta"]["version"] = version
        app.write("app.yml", yaml.safe_dump(manifest, sort_keys=False))
        app.write("forms/settings.yml", FORM)
        methods = [
            f"    def _{hook}(self):\n{indent(body, ' ' * 8)}\n" for hook, body in hooks.items()
        ]
        app.write("src/lifecycle/lifecycle.py", LIFECYCLE + "\n".join(methods))
        return root


def _job(name: str, version: str) -> str:
    return JOB.replace("Tidy", name.capitalize()).replace("VERSION", version)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@pytest.fixture
def open_host(home: Path, database_url: str) -> Callable[..., Host]:
    """Open the home, as another process would, on each kind of database."""
    url = database_url if database_url.startswith("postgres") else None

    def opened(**more: Any) -> Host:
        config = HostConfig(
            home=home, secrets="encrypted", database_url=url, master_key=MASTER_KEY, actor="test"
        )
        return Host.open(replace(config, **more))

    return opened


@pytest.fixture
def host(open_host: Callable[..., Host]) -> Iterator[Host]:
    with open_host() as host:
        yield host


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Call a hook again at once."""
    monkeypatch.setattr(transitions, "AGAIN_AFTER", (0.0, 0.0))


def services(host: Host, installation: Installation) -> Services:
    """Give the stores of an installation as its functions have them."""
    return host.invocation(installation, entry_point="test").services


def answered(host: Host, function: str = "hello", **of: Any) -> Any:
    """Say which version answers."""
    installation = host.installation("shop", **of)
    request = Request(method="GET")
    return host.invoke(installation, function, request).body_json["version"]


def outcomes(host: Host) -> list[tuple[str, str]]:
    """Return what happened to the app, oldest first."""
    return [(e.action, e.outcome) for e in reversed(host.history.of(app_id="shop"))]


# -- upgrade -----------------------------------------------------------------------------------


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


# -- recovery ----------------------------------------------------------------------------------


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


# -- install, uninstall, restore ---------------------------------------------------------------


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


@pytest.fixture
def archive(host: Host, shop: Shop) -> Path:
    """Give the archive of an app that had something of everything."""
    jobs = {"tidy": {"cron": "0 3 * * *"}, "sweep": {"cron": "0 4 * * *"}}
    installation = host.lifecycle.install(shop.version("1.0.0", jobs=jobs))
    own = services(host, installation)
    own.settings.put("main", {"name": "Ada", "api_key": "canary-key"})
    own.secrets.put("token", {"value": "canary-token"})
    own.kv_store.put_many({f"k/{n}": {"n": n} for n in range(50)})
    own.kv_store.put("passing", {"n": 1}, ttl=3600)
    host.jobs_of(installation).reschedule("sweep", None)
    archive = host.lifecycle.uninstall(installation, purge=False)
    assert archive is not None
    return archive


def test_what_was_uninstalled_comes_back_as_it_was(host: Host, archive: Path) -> None:
    assert host.installations.all() == []
    assert host.vault.names("install/1") == []
    assert "canary" not in archive.read_bytes().decode("latin-1")
    restored = host.lifecycle.restore(archive)
    own = services(host, restored)
    assert own.settings.get("main") == {"name": "Ada", "api_key": "canary-key"}
    assert own.secrets.get("token") == {"value": "canary-token"}
    assert own.kv_store.count("k/") == 50
    assert own.kv_store.get("passing") == {"n": 1}
    schedules = host.schedules.of(restored.install_id)
    assert [(s.job, s.next_at is None) for s in schedules] == [("sweep", True), ("tidy", False)]
    assert (restored.state, answered(host)) == (InstallationState.INSTALLED, "1.0.0")
    (url,) = host.endpoints(restored).values()
    endpoint = host.installations.endpoint(url.rsplit("/", 1)[1])
    assert endpoint is not None
    assert endpoint.removed_at is None
    assert outcomes(host)[-1] == ("restore", "done")


def test_it_comes_back_without_the_hosts_copy_of_the_app(host: Host, archive: Path) -> None:
    shutil.rmtree(host.home.path / "apps")
    host.lifecycle.restore(archive)
    assert answered(host) == "1.0.0"


def test_nothing_is_restored_over_an_installation(host: Host, shop: Shop, archive: Path) -> None:
    host.lifecycle.restore(archive)
    with pytest.raises(Conflict, match=r"shop 1\.0\.0 is installed in account local"):
        host.lifecycle.restore(archive)
    again = host.lifecycle.uninstall(host.installation("shop"), purge=False)
    host.lifecycle.install(shop.version("2.0.0"))
    assert again is not None
    with pytest.raises(Conflict, match=r"shop 2\.0\.0 is installed"):
        host.lifecycle.restore(again)


def test_an_archive_of_another_home_is_refused(archive: Path, tmp_path: Path, shop: Shop) -> None:
    with Host.open(HostConfig(home=tmp_path / "other", secrets="encrypted")) as other:
        with pytest.raises(ArchiveInvalid, match="another home wrote it, or it was purged"):
            other.lifecycle.restore(archive)
        uninstalled = other.lifecycle.install(shop.version("1.0.0"))
        other.lifecycle.uninstall(uninstalled, purge=False)
        with pytest.raises(ArchiveInvalid, match="another home"):
            other.lifecycle.restore(archive)


def test_a_changed_archive_changes_nothing(host: Host, archive: Path) -> None:
    whole = archive.read_bytes()
    archive.write_bytes(whole[:-40] + bytes([whole[-40] ^ 1]) + whole[-39:])
    with pytest.raises(ArchiveInvalid):
        host.lifecycle.restore(archive)
    assert host.installations.all() == []
    assert host.vault.names("install/1") == []
    archive.write_bytes(whole)
    host.lifecycle.restore(archive)


@pytest.mark.parametrize(
    "name", ["../../evil.py", "/evil.py", "src/../../evil.py", "home.key", ".", "etc/passwd"]
)
def test_no_archive_writes_outside_of_the_app(
    host: Host, archive: Path, tmp_path: Path, name: str
) -> None:
    label = read_label(archive)
    key = host.vault.get(f"archives/{label.install_id}", label.archive_id)
    assert key is not None
    record = {"file": name, "content": "ZXZpbA=="}
    write_archive(archive, label, key=bytes.fromhex(key), records=[record])
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ArchiveInvalid, match="no file of an app"):
        host.lifecycle.restore(archive)
    assert [p for p in sorted(tmp_path.rglob("*")) if "lock" not in p.name] == [
        p for p in before if "lock" not in p.name
    ]


def test_an_archive_with_another_app_is_refused(host: Host, archive: Path) -> None:
    label = read_label(archive)
    key = host.vault.get(f"archives/{label.install_id}", label.archive_id)
    assert key is not None
    write_archive(archive, label, key=bytes.fromhex(key), records=[])
    with pytest.raises(AppInvalid):
        host.lifecycle.restore(archive)
    assert host.installations.all() == []


def test_a_purge_deletes_everything_archives_too(host: Host, archive: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.write_bytes(archive.read_bytes())
    restored = host.lifecycle.restore(archive)
    assert host.lifecycle.uninstall(restored, purge=True) is None
    assert not archive.exists()
    with pytest.raises(ArchiveInvalid, match="purged"):
        host.lifecycle.restore(copy)
    assert [host.vault.names(owner) for owner in ("install/1", "archives/1")] == [[], []]
    assert outcomes(host)[-1] == ("purge", "done")


def test_what_was_uninstalled_can_be_purged_later(host: Host, archive: Path) -> None:
    assert host.lifecycle.purge("shop") == 1
    assert not archive.exists()
    assert host.vault.names("archives/1") == []


def test_history_names_sections_and_never_values(host: Host, shop: Shop) -> None:
    installation = host.lifecycle.install(shop.version("1.0.0"))
    values = {"name": "Ada", "api_key": "canary-key"}
    host.settings.of(installation).submit("main", values, action="save")
    entry = host.history.of(install_id=installation.install_id)[0]
    assert (entry.action, entry.message) == ("settings", "section main, action save")
    assert "canary" not in json.dumps([e.to_json() for e in host.history.of()])
