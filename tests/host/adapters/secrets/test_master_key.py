"""One key per home: made once, kept private, and never taken for another."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from mooring.adapters.database import Database
from mooring.adapters.secrets.master_key import MasterKey, master_key
from mooring.errors import HomeUnusable, SecretStoreUnusable
from mooring.model.config import HostConfig

SECRET = bytes(range(200, 232))


@pytest.fixture
def config(tmp_path: Path) -> HostConfig:
    return HostConfig(home=tmp_path, secrets="encrypted")


def given(config: HostConfig, text: str) -> HostConfig:
    return replace(config, master_key=text)


def test_a_new_home_makes_its_key_for_its_owners_eyes_only(
    config: HostConfig, sqlite_database: Database
) -> None:
    key = master_key(config, sqlite_database)
    file = config.home / "master.key"
    assert file.stat().st_mode & 0o777 == 0o600
    assert base64.urlsafe_b64decode(file.read_bytes()) == key.secret
    assert len(key.secret) == 32
    assert [f.name for f in config.home.glob("*master*")] == ["master.key"]


def test_the_same_home_has_the_same_key_ever_after(
    config: HostConfig, sqlite_database: Database
) -> None:
    assert master_key(config, sqlite_database) == master_key(config, sqlite_database)


def test_many_who_start_at_once_agree_on_one_key(
    config: HostConfig, sqlite_database: Database
) -> None:
    with ThreadPoolExecutor(8) as threads:
        keys = set(threads.map(lambda _: master_key(config, sqlite_database), range(16)))
    assert len(keys) == 1


@pytest.mark.parametrize(
    "written",
    [
        lambda s: base64.b64encode(s).decode(),
        lambda s: base64.urlsafe_b64encode(s).decode(),
        lambda s: base64.b64encode(s).decode().rstrip("="),
        lambda s: s.hex(),
        lambda s: s.hex().upper(),
        lambda s: f"  {base64.b64encode(s).decode()}\n",
    ],
)
def test_a_key_may_be_given_in_base64_or_hexadecimal(
    config: HostConfig, database: Database, written: Callable[[bytes], str]
) -> None:
    assert master_key(given(config, written(SECRET)), database) == MasterKey(SECRET)
    assert not (config.home / "master.key").exists()


def test_a_key_may_be_given_as_a_file(
    config: HostConfig, database: Database, tmp_path: Path
) -> None:
    file = tmp_path / "elsewhere.key"
    file.write_text(SECRET.hex())
    assert master_key(replace(config, master_key_file=file), database) == MasterKey(SECRET)


@pytest.mark.parametrize("text", ["", "password", "ü" * 43, SECRET.hex()[:-2], "z" * 64, "A" * 45])
def test_what_is_no_key_is_refused_without_being_repeated(
    config: HostConfig, sqlite_database: Database, text: str
) -> None:
    with pytest.raises(SecretStoreUnusable, match="openssl rand -base64 32") as unusable:
        master_key(given(config, text), sqlite_database)
    assert unusable.value.where == "MOORING_MASTER_KEY"
    assert not text or text not in str(unusable.value)


def test_another_key_than_before_is_refused_by_its_id(
    config: HostConfig, database: Database
) -> None:
    first = master_key(given(config, SECRET.hex()), database)
    other = MasterKey(os.urandom(32))
    with pytest.raises(SecretStoreUnusable, match="not the master key") as unusable:
        master_key(given(config, other.secret.hex()), database)
    message = str(unusable.value)
    assert first.key_id in message
    assert other.key_id in message
    assert other.secret.hex() not in message


def test_a_key_that_got_lost_is_not_replaced(config: HostConfig, sqlite_database: Database) -> None:
    master_key(config, sqlite_database)
    (config.home / "master.key").unlink()
    with pytest.raises(SecretStoreUnusable, match=r"master\.key: The master key is missing"):
        master_key(config, sqlite_database)
    assert not (config.home / "master.key").exists()


def test_a_key_that_others_can_read_is_refused_with_the_remedy(
    config: HostConfig, sqlite_database: Database
) -> None:
    master_key(config, sqlite_database)
    (config.home / "master.key").chmod(0o644)
    with pytest.raises(SecretStoreUnusable, match="chmod 600"):
        master_key(config, sqlite_database)


def test_with_postgresql_the_key_must_be_given(config: HostConfig, database: Database) -> None:
    if not database.is_postgresql:
        master_key(config, database)
        return
    with pytest.raises(SecretStoreUnusable, match="MOORING_MASTER_KEY or MOORING_MASTER_KEY_FILE"):
        master_key(config, database)
    assert not (config.home / "master.key").exists()


def test_a_home_that_cannot_hold_the_key_is_named(
    config: HostConfig, sqlite_database: Database, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(HomeUnusable, match="MOORING_MASTER_KEY_FILE"):
        master_key(replace(config, home=tmp_path / "file"), sqlite_database)


def test_a_key_file_that_cannot_be_read_is_named(
    config: HostConfig, sqlite_database: Database, tmp_path: Path
) -> None:
    with pytest.raises(SecretStoreUnusable, match="cannot be read") as unusable:
        master_key(replace(config, master_key_file=tmp_path), sqlite_database)
    assert unusable.value.where == str(tmp_path)


def test_the_id_and_the_representation_tell_nothing_about_the_key() -> None:
    key = MasterKey(SECRET)
    assert len(key.key_id) == 16
    assert key.key_id == MasterKey(SECRET).key_id != MasterKey(bytes(32)).key_id
    assert SECRET.hex()[:8] not in repr(key) + key.key_id
    assert "secret" not in repr(key)
