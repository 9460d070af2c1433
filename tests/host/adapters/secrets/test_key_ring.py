"""One key per home: made once, kept private, and never taken for another."""

from __future__ import annotations

import base64
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from mooring.adapters.database import Database
from mooring.adapters.secrets.key_ring import KeyRing
from mooring.adapters.secrets.master_key import MasterKey
from mooring.errors import HomeUnusable, SecretStoreUnusable
from mooring.model.config import HostConfig

SECRET = bytes(range(200, 232))


@pytest.fixture
def config(tmp_path: Path) -> HostConfig:
    return HostConfig(home=tmp_path, secrets="encrypted")


ring = KeyRing.open


def given(config: HostConfig, text: str) -> HostConfig:
    return replace(config, master_key=text)


def test_a_new_home_makes_its_key_for_its_owners_eyes_only(
    config: HostConfig, sqlite_database: Database
) -> None:
    key = ring(config, sqlite_database).current()
    file = config.home / "master.key"
    assert file.stat().st_mode & 0o777 == 0o600
    assert base64.urlsafe_b64decode(file.read_bytes()) == key.secret
    assert len(key.secret) == 32
    assert [f.name for f in config.home.glob("*master*")] == ["master.key"]


def test_the_same_home_has_the_same_key_ever_after(
    config: HostConfig, sqlite_database: Database
) -> None:
    first = ring(config, sqlite_database).current()
    assert ring(config, sqlite_database).current() == first


def test_many_who_start_at_once_agree_on_one_key(
    config: HostConfig, sqlite_database: Database
) -> None:
    with ThreadPoolExecutor(8) as threads:
        keys = set(threads.map(lambda _: ring(config, sqlite_database).current(), range(16)))
    assert len(keys) == 1


def test_a_key_may_be_given_in_the_environment(config: HostConfig, database: Database) -> None:
    assert ring(given(config, SECRET.hex()), database).current() == MasterKey(SECRET)
    assert not (config.home / "master.key").exists()


def test_a_key_may_be_given_as_a_file(
    config: HostConfig, database: Database, tmp_path: Path
) -> None:
    file = tmp_path / "elsewhere.key"
    file.write_text(SECRET.hex())
    keys = ring(replace(config, master_key_file=file), database)
    assert keys.current() == MasterKey(SECRET)


def test_what_is_no_key_is_refused_with_how_to_make_one(
    config: HostConfig, sqlite_database: Database
) -> None:
    with pytest.raises(SecretStoreUnusable, match="openssl rand -base64 32") as unusable:
        ring(given(config, "password"), sqlite_database)
    assert unusable.value.where == "MOORING_MASTER_KEY"
    assert "password" not in str(unusable.value)


def test_another_key_than_before_is_refused_by_its_id(
    config: HostConfig, database: Database
) -> None:
    first = ring(given(config, SECRET.hex()), database).current()
    other = MasterKey(os.urandom(32))
    with pytest.raises(SecretStoreUnusable, match="not the master key") as unusable:
        ring(given(config, other.secret.hex()), database)
    message = str(unusable.value)
    assert first.key_id in message
    assert other.key_id in message
    assert other.secret.hex() not in message


def test_a_key_that_got_lost_is_not_replaced(config: HostConfig, sqlite_database: Database) -> None:
    ring(config, sqlite_database)
    (config.home / "master.key").unlink()
    with pytest.raises(SecretStoreUnusable, match=r"master\.key: The master key is missing"):
        ring(config, sqlite_database)
    assert not (config.home / "master.key").exists()


def test_a_key_that_others_can_read_is_refused_with_the_remedy(
    config: HostConfig, sqlite_database: Database
) -> None:
    ring(config, sqlite_database)
    (config.home / "master.key").chmod(0o644)
    with pytest.raises(SecretStoreUnusable, match="chmod 600"):
        ring(config, sqlite_database)


def test_with_postgresql_the_key_must_be_given(config: HostConfig, database: Database) -> None:
    if not database.is_postgresql:
        ring(config, database)
        return
    with pytest.raises(SecretStoreUnusable, match="MOORING_MASTER_KEY or MOORING_MASTER_KEY_FILE"):
        ring(config, database)
    assert not (config.home / "master.key").exists()


def test_a_home_that_cannot_hold_the_key_is_named(
    config: HostConfig, sqlite_database: Database, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(HomeUnusable, match="MOORING_MASTER_KEY_FILE"):
        ring(replace(config, home=tmp_path / "file"), sqlite_database)


def test_a_key_file_that_cannot_be_read_is_named(
    config: HostConfig, sqlite_database: Database, tmp_path: Path
) -> None:
    with pytest.raises(SecretStoreUnusable, match="cannot be read") as unusable:
        ring(replace(config, master_key_file=tmp_path), sqlite_database)
    assert unusable.value.where == str(tmp_path)
