"""What was uninstalled comes back from its archive, and from no other file."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mooring.adapters.archive_file import read_label, write_archive
from mooring.errors import AppInvalid, ArchiveInvalid, Conflict
from mooring.hosting.host import Host
from mooring.model.config import HostConfig
from mooring.model.installation import (
    InstallationState,
)
from tests.host.lifecycle.conftest import Shop, answered, outcomes, services


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
    own.dead_letters.set_aside(
        job="tidy", run_id="run-1", key="17", record={"name": "canary-Ada"}, reason="No colour."
    )
    host.jobs_of(installation).reschedule("sweep", None)
    archive = host.lifecycle.uninstall(installation, purge=False)
    assert archive is not None
    return archive


def test_what_was_uninstalled_comes_back_as_it_was(host: Host, archive: Path) -> None:
    assert host.installations.all() == []
    assert host.vault.names("install/1") == []
    assert host.dead_letters.recent() == []
    assert "canary" not in archive.read_bytes().decode("latin-1")
    restored = host.lifecycle.restore(archive)
    own = services(host, restored)
    assert own.settings.get("main") == {"name": "Ada", "api_key": "canary-key"}
    assert own.secrets.get("token") == {"value": "canary-token"}
    assert own.kv_store.count("k/") == 50
    assert own.kv_store.get("passing") == {"n": 1}
    letter = own.dead_letters.of(job="tidy", keys=["17"])["17"]
    assert (letter.record, letter.reason) == ({"name": "canary-Ada"}, "No colour.")
    schedules = host.schedules.of(restored.install_id)
    assert [(s.job, s.next_at is None) for s in schedules] == [("sweep", True), ("tidy", False)]
    assert (restored.state, answered(host)) == (InstallationState.INSTALLED, "1.0.0")
    (url,) = host.endpoints(restored).values()
    endpoint = host.installations.endpoint(url.rsplit("/", 1)[1])
    assert endpoint is not None
    assert endpoint.removed_at is None
    assert outcomes(host)[-1] == ("restore", "done")


def test_a_secret_that_comes_back_is_as_old_as_it_was(host: Host, shop: Shop) -> None:
    installation = host.lifecycle.install(shop.version("1.0.0"))
    own = services(host, installation)
    own.settings.put("main", {"api_key": "canary-key"})
    own.secrets.put("token", {"value": "canary-token"})
    before = host.vault.names(installation.owner)
    archive = host.lifecycle.uninstall(installation, purge=False)
    assert archive is not None
    restored = host.lifecycle.restore(archive)
    assert len(before) == 2
    assert host.vault.names(restored.owner) == before


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
