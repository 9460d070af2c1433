"""Secrets come under a new master key while everybody goes on, whatever happens on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from mooring.adapters.database import Database
from mooring.adapters.masking import MASK, Masker
from mooring.adapters.secrets.encrypted import EncryptedKeyring
from mooring.adapters.secrets.key_ring import KEY_ID, KeyRing
from mooring.adapters.secrets.key_source import KeySource
from mooring.adapters.secrets.master_key import MasterKey, keys_in
from mooring.adapters.secrets.vault import Vault, open_vault
from mooring.adapters.tables import meta, sealed_secrets
from mooring.errors import ConfigurationInvalid, Conflict, SecretStoreUnusable
from mooring.model.config import HostConfig
from mooring.testing.clock import FakeClock

OWNER = "install/1"
VALUES = {f"secrets/{number:03}": f"value-{number:03}" for number in range(25)}
FORMER = MasterKey(bytes(range(32)))
NEW = MasterKey(bytes(range(100, 132)))

OWN = pytest.mark.parametrize("config", ["own"], indirect=True)
GIVEN = pytest.mark.parametrize("config", ["given", "postgresql"], indirect=True)
ON_SQLITE = pytest.mark.parametrize("config", ["own", "given"], indirect=True)


class Process:
    """What one process of the host has of the secrets: a vault with keys of its own."""

    def __init__(self, config: HostConfig, database: Database, clock: FakeClock) -> None:
        self.masker = Masker()
        self.clock = clock

        ring = KeyRing.open(config, database, clock=clock)
        store = EncryptedKeyring(database, keys=ring)
        self.vault: Vault = open_vault(
            config, database, masker=self.masker, offer=lambda kind: store, clock=clock
        )

    @property
    def key_id(self) -> str:
        assert self.vault.keys is not None
        return self.vault.keys.current().key_id

    def everything(self) -> dict[str, str | None]:
        return {name: self.vault.get(OWNER, name) for name in VALUES}


@pytest.fixture(params=["own", "given", "postgresql"])
def config(request: pytest.FixtureRequest, tmp_path: Path) -> HostConfig:
    """A home whose key is its own, or given, with either database."""
    home = HostConfig(home=tmp_path, secrets="encrypted")
    return home if request.param == "own" else replace(home, master_key=FORMER.text)


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Database:
    """The database that goes with the home."""
    kind = "postgresql" if "postgresql" in request.node.callspec.id else "sqlite"
    found: Database = request.getfixturevalue(f"{kind}_database")
    return found


@pytest.fixture
def start(config: HostConfig, database: Database, clock: FakeClock) -> Callable[..., Process]:
    """Start a process; `key` is what it is given, if keys are given at all."""

    def started(key: MasterKey | None = None) -> Process:
        given = replace(config, master_key=key.text) if config.master_key and key else config
        return Process(given, database, clock)

    return started


@pytest.fixture
def running(start: Callable[..., Process]) -> Process:
    """A process that has stored some secrets under the first key."""
    process = start()
    for name, value in VALUES.items():
        process.vault.set(OWNER, name, value)
    return process


def key_ids(database: Database) -> set[str]:
    with database.read() as connection:
        return set(connection.scalars(select(sealed_secrets.c.key_id)))


def test_everything_comes_under_the_new_key(
    running: Process, start: Callable[..., Process], database: Database
) -> None:
    former = running.key_id
    told: list[tuple[int, int]] = []
    done = start().vault.rotation().run(NEW, progress=lambda *numbers: told.append(numbers))
    assert (done.key_id, done.former_id) == (NEW.key_id, former)
    assert (done.secrets, done.resumed, done.unreadable) == (len(VALUES), False, ())
    assert key_ids(database) == {NEW.key_id}
    assert told[-1] == (len(VALUES), len(VALUES))
    assert start(NEW).everything() == VALUES


def test_a_running_process_goes_on_with_what_it_has(
    running: Process, start: Callable[..., Process], database: Database
) -> None:
    start().vault.rotation().run(NEW)
    assert running.everything() == VALUES
    running.vault.set(OWNER, "secrets/later", "set by a process of the former key")
    assert key_ids(database) == {NEW.key_id}
    assert start(NEW).vault.get(OWNER, "secrets/later") == "set by a process of the former key"


def test_a_running_process_that_only_looks_has_the_new_key_for_good(
    running: Process, start: Callable[..., Process]
) -> None:
    rotation = start().vault.rotation()
    rotation.run(NEW)
    running.vault.learn_all()
    if rotation.key_is_given:
        rotation.end_grace()
    assert running.everything() == VALUES


def test_secrets_that_are_written_meanwhile_come_under_the_new_key(
    running: Process, start: Callable[..., Process], database: Database
) -> None:
    def write(done: int, total: int) -> None:
        running.vault.set(OWNER, "secrets/000", f"set when {done} were done")

    start().vault.rotation().run(NEW, progress=write)
    assert key_ids(database) == {NEW.key_id}
    assert (start(NEW).vault.get(OWNER, "secrets/000") or "").startswith("set when")


def test_what_does_not_open_stays_and_is_named(
    running: Process, start: Callable[..., Process], database: Database
) -> None:
    here = sealed_secrets.c.username == "secrets/007"
    with database.write() as connection:
        connection.execute(update(sealed_secrets).where(here).values(ciphertext=b"damaged"))
    done = start().vault.rotation().run(NEW)
    assert [name.split()[-1] for name in done.unreadable] == ["secrets/007"]
    assert done.secrets == len(VALUES) - 1
    assert key_ids(database) == {NEW.key_id, done.former_id}


def test_the_present_key_is_no_new_one(running: Process, start: Callable[..., Process]) -> None:
    rotation = start().vault.rotation()
    rotation.run(NEW)
    if rotation.key_is_given:
        rotation.end_grace()
    with pytest.raises(Conflict, match="is the present one"):
        rotation.run(NEW)


@ON_SQLITE
def test_of_the_former_ciphertext_nothing_is_left_in_any_file(
    config: HostConfig, running: Process, start: Callable[..., Process], database: Database
) -> None:
    with database.read() as connection:
        former = list(connection.scalars(select(sealed_secrets.c.ciphertext)))
    start().vault.rotation().run(NEW)
    kept = b"".join(file.read_bytes() for file in config.home.rglob("*") if file.is_file())
    assert [text for text in former if bytes(text) in kept] == []


# -- killed on the way


class Killed(BaseException):
    """The process ended here."""


@contextmanager
def killed_at(step: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """End at the given write to the disk: before it, or (every second step) right after it."""
    steps = 0

    def count() -> None:
        nonlocal steps
        steps += 1
        if steps == step:
            raise Killed

    database_write, key_write = Database.write, KeySource.write

    @contextmanager
    def counted_write(self: Database) -> Iterator[Any]:
        if self._outer():
            with database_write(self) as connection:
                yield connection
            return
        count()
        with database_write(self) as connection:
            yield connection
        count()

    def counted_keys(self: KeySource, *keys: MasterKey) -> None:
        count()
        key_write(self, *keys)
        count()

    with monkeypatch.context() as patch:
        patch.setattr(Database, "write", counted_write)
        patch.setattr(KeySource, "write", counted_keys)
        yield


def test_killed_at_any_step_every_secret_opens_and_the_next_rotation_goes_on(
    running: Process,
    start: Callable[..., Process],
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mooring.adapters.secrets.renewal.BATCH", 10)
    step, former = 0, FORMER
    while True:
        step += 1
        new, rotating = MasterKey.make(), start(former)
        try:
            with killed_at(step, monkeypatch):
                rotating.vault.rotation().run(new)
                break
        except Killed:
            assert running.everything() == VALUES
            assert start(former).everything() == VALUES
            running.vault.set(OWNER, "secrets/000", VALUES["secrets/000"])
            rotation = start(former).vault.rotation()
            done = rotation.run(new if rotation.key_is_given else None)
            assert key_ids(database) == {done.key_id} == {running.key_id}
            assert running.everything() == VALUES
            if rotation.key_is_given:
                assert done.key_id == new.key_id
                rotation.end_grace()
            former = new
            assert start(former).everything() == VALUES
    assert step > 8


# -- a key of the home's own


@OWN
def test_a_home_makes_its_new_key_itself(
    config: HostConfig, running: Process, start: Callable[..., Process]
) -> None:
    file = config.home / "master.key"
    before = file.read_text()
    done = start().vault.rotation().run()
    (key,) = keys_in(file.read_text(), place="", mend="")
    assert file.read_text() != before
    assert key.key_id == done.key_id
    assert done.until is None
    assert file.stat().st_mode & 0o777 == 0o600
    assert sorted(f.name for f in config.home.glob("*master*")) == [
        "master.key",
        "master.key.lock",
    ]


@OWN
def test_one_rotation_at_a_time(running: Process, start: Callable[..., Process]) -> None:
    def rotate_too(done: int, total: int) -> None:
        with pytest.raises(Conflict, match="Somebody else is rotating"):
            start().vault.rotation().run()

    assert start().vault.rotation().run(progress=rotate_too).secrets == len(VALUES)


# -- a key from outside


@GIVEN
def test_a_key_from_outside_is_not_made_here(
    running: Process, start: Callable[..., Process]
) -> None:
    with pytest.raises(ConfigurationInvalid, match="--new-key-file"):
        start().vault.rotation().run()
    assert running.key_id == FORMER.key_id


@GIVEN
def test_until_the_grace_period_ends_either_key_opens(
    running: Process, start: Callable[..., Process], clock: FakeClock, database: Database
) -> None:
    done = start().vault.rotation().run(NEW, grace=timedelta(hours=2))
    assert done.until == clock.now() + timedelta(hours=2)
    clock.advance(2 * 3600 - 1)
    assert start(FORMER).everything() == start(NEW).everything() == VALUES
    clock.advance(1)
    with pytest.raises(SecretStoreUnusable, match=r"they need .* since .*was rotated") as unusable:
        start(FORMER)
    assert NEW.key_id in str(unusable.value)
    assert start(NEW).everything() == VALUES


@GIVEN
def test_a_grace_period_that_is_over_leaves_nothing_for_the_former_key_to_open(
    running: Process, start: Callable[..., Process], clock: FakeClock, database: Database
) -> None:
    start().vault.rotation().run(NEW)
    ring = start(NEW).vault.keys
    assert isinstance(ring, KeyRing)
    assert not ring.end_grace()
    clock.advance(24 * 3600)
    assert ring.end_grace()
    assert not ring.end_grace()
    with database.read() as connection:
        kept = {row.key for row in connection.execute(select(meta))}
    assert "secrets.handover" not in kept


@GIVEN
def test_the_grace_period_can_be_ended_at_once(
    running: Process, start: Callable[..., Process], clock: FakeClock
) -> None:
    rotation = start().vault.rotation()
    rotation.run(NEW)
    begun = clock.now()
    assert rotation.end_grace() == FORMER.key_id
    assert clock.now() - begun == timedelta(seconds=3)  # for those who have not looked yet
    with pytest.raises(SecretStoreUnusable, match="give this process the new one"):
        start(FORMER)
    with pytest.raises(Conflict, match="in its grace period"):
        rotation.end_grace()


@GIVEN
def test_without_grace_the_former_key_opens_nothing_right_after(
    running: Process, start: Callable[..., Process]
) -> None:
    done = start().vault.rotation().run(NEW, grace=timedelta(0))
    assert done.until is None
    with pytest.raises(SecretStoreUnusable, match="give this process the new one"):
        start(FORMER)


@GIVEN
def test_a_second_rotation_waits_for_the_end_of_the_first(
    running: Process, start: Callable[..., Process]
) -> None:
    start().vault.rotation().run(NEW)
    with pytest.raises(Conflict, match=r"grace period, until .*--finish"):
        start(NEW).vault.rotation().run(MasterKey.make())


@GIVEN
def test_a_handover_that_was_changed_hands_over_nothing(
    running: Process, start: Callable[..., Process], database: Database
) -> None:
    start().vault.rotation().run(NEW)
    other = MasterKey.make()
    with database.write() as connection:
        text = connection.scalar(select(meta.c.value).where(meta.c.key == "secrets.handover"))
    database.record("secrets.handover", str(text).replace(NEW.key_id, other.key_id))
    database.record(KEY_ID, other.key_id)
    with pytest.raises(SecretStoreUnusable, match="it was changed"):
        start(FORMER)


# -- what else


def test_the_masker_knows_the_keys(
    config: HostConfig, running: Process, start: Callable[..., Process]
) -> None:
    start().vault.rotation().run(NEW)
    running.vault.learn_all()
    for text in NEW.spellings:
        assert running.masker.hide(text) == MASK
    if config.master_key:
        assert running.masker.hide(FORMER.text) == MASK
