"""A sealed secret opens under its own address and key, and nowhere else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError
from sqlalchemy import select, update

from mooring.adapters.database import Database
from mooring.adapters.secrets.encrypted import EncryptedKeyring
from mooring.adapters.secrets.master_key import MasterKey
from mooring.adapters.tables import sealed_secrets
from mooring.errors import SecretStoreUnusable
from tests.host.adapters.secrets.conftest import FixedKeys

SECRET = "tok-5e2b77c1d0 ü"
KEY = MasterKey(bytes(range(32)))
PLACE = ("mooring/home/install/1", "settings/auth/token")


@pytest.fixture
def store(database: Database) -> EncryptedKeyring:
    return EncryptedKeyring(database, keys=FixedKeys(KEY))


def rows(database: Database) -> list[tuple[bytes, bytes]]:
    with database.read() as connection:
        query = select(sealed_secrets.c.nonce, sealed_secrets.c.ciphertext)
        return [(bytes(row.nonce), bytes(row.ciphertext)) for row in connection.execute(query)]


def tamper(database: Database, **values: object) -> None:
    with database.write() as connection:
        connection.execute(update(sealed_secrets).values(**values))


def test_it_speaks_the_keyring_librarys_language(store: EncryptedKeyring) -> None:
    assert isinstance(store, KeyringBackend)
    assert store.get_password(*PLACE) is None
    store.set_password(*PLACE, SECRET)
    assert store.get_password(*PLACE) == SECRET
    store.set_password(*PLACE, "another")
    assert store.get_password(*PLACE) == "another"
    store.delete_password(*PLACE)
    assert store.get_password(*PLACE) is None
    with pytest.raises(PasswordDeleteError):
        store.delete_password(*PLACE)


@pytest.mark.parametrize("value", ["", "x", "x" * 100_000, "line\nbreak\x00 \U0001f511"])
def test_every_text_comes_back_as_it_was(store: EncryptedKeyring, value: str) -> None:
    store.set_password(*PLACE, value)
    assert store.get_password(*PLACE) == value


def test_the_database_holds_no_readable_value(store: EncryptedKeyring, database: Database) -> None:
    store.set_password(*PLACE, SECRET)
    ((nonce, ciphertext),) = rows(database)
    assert SECRET.encode() not in nonce + ciphertext
    assert len(ciphertext) == len(SECRET.encode()) + 16


def test_equal_values_do_not_look_equal(store: EncryptedKeyring, database: Database) -> None:
    for number in range(20):
        store.set_password("service", str(number), SECRET)
    sealed = rows(database)
    assert len({nonce for nonce, _ in sealed}) == len({text for _, text in sealed}) == 20


@pytest.mark.parametrize("column", ["service", "username", "key_id"])
def test_a_row_that_was_moved_does_not_open(
    store: EncryptedKeyring, database: Database, column: str
) -> None:
    store.set_password(*PLACE, SECRET)
    tamper(database, **{column: "elsewhere"})
    service, username = PLACE
    moved = {"service": service, "username": username, column: "elsewhere"}
    with pytest.raises(SecretStoreUnusable, match="does not open"):
        store.get_password(moved["service"], moved["username"])


@pytest.mark.parametrize("column", ["nonce", "ciphertext"])
def test_a_row_that_was_changed_does_not_open(
    store: EncryptedKeyring, database: Database, column: str
) -> None:
    store.set_password(*PLACE, SECRET)
    ((nonce, ciphertext),) = rows(database)
    before = {"nonce": nonce, "ciphertext": ciphertext}[column]
    tamper(database, **{column: before[:-1] + bytes([before[-1] ^ 1])})
    with pytest.raises(SecretStoreUnusable, match="does not open"):
        store.get_password(*PLACE)


def test_rows_that_were_swapped_do_not_open(store: EncryptedKeyring, database: Database) -> None:
    store.set_password("service", "a", "one")
    store.set_password("service", "b", "two")
    name = sealed_secrets.c.username
    with database.write() as connection:
        for before, after in (("a", "c"), ("b", "a"), ("c", "b")):
            connection.execute(update(sealed_secrets).where(name == before).values(username=after))
    for place in ("a", "b"):
        with pytest.raises(SecretStoreUnusable, match="put here from another place"):
            store.get_password("service", place)


@pytest.mark.parametrize("left", [0, 1, 15, 16, 20])
@pytest.mark.parametrize("column", ["nonce", "ciphertext"])
def test_a_row_that_was_cut_short_does_not_open(
    store: EncryptedKeyring, database: Database, column: str, left: int
) -> None:
    store.set_password(*PLACE, SECRET)
    ((nonce, ciphertext),) = rows(database)
    whole = {"nonce": nonce, "ciphertext": ciphertext}[column]
    if len(whole) <= left:
        whole += bytes(left + 1)
    tamper(database, **{column: whole[:left]})
    with pytest.raises(SecretStoreUnusable, match="it was changed") as unusable:
        store.get_password(*PLACE)
    assert PLACE[1] in str(unusable.value)


def test_the_key_id_of_a_row_is_sealed_in_too(database: Database) -> None:
    other = MasterKey(os.urandom(32))
    store = EncryptedKeyring(database, keys=FixedKeys(KEY, other))
    store.set_password(*PLACE, SECRET)
    tamper(database, key_id=other.key_id)
    with pytest.raises(SecretStoreUnusable, match="it was changed"):
        store.get_password(*PLACE)


def test_a_former_key_opens_what_it_has_locked(store: EncryptedKeyring, database: Database) -> None:
    store.set_password(*PLACE, SECRET)
    other = MasterKey(os.urandom(32))
    assert EncryptedKeyring(database, keys=FixedKeys(other, KEY)).get_password(*PLACE) == SECRET


def test_another_key_opens_nothing_and_the_error_says_what_to_do(
    store: EncryptedKeyring, database: Database
) -> None:
    store.set_password(*PLACE, SECRET)
    other = EncryptedKeyring(database, keys=FixedKeys(MasterKey(os.urandom(32))))
    with pytest.raises(SecretStoreUnusable) as unusable:
        other.get_password(*PLACE)
    message = str(unusable.value)
    assert KEY.key_id in message
    assert "give back the former master key" in message
    assert SECRET not in message


def test_addresses_that_join_alike_are_two(store: EncryptedKeyring) -> None:
    store.set_password("a", "b/c", "one")
    store.set_password("a/b", "c", "two")
    assert (store.get_password("a", "b/c"), store.get_password("a/b", "c")) == ("one", "two")


def test_the_environment_cannot_change_the_store(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYRING_PROPERTY_KEY", "theirs")
    assert EncryptedKeyring(database, keys=FixedKeys(KEY)).keys.current() is KEY


def test_the_sqlite_file_is_the_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "new.sqlite"
    database = Database.open(file=file)
    EncryptedKeyring(database, keys=FixedKeys(KEY)).set_password(*PLACE, SECRET)
    files = list(tmp_path.glob("new.sqlite*"))
    assert {one.stat().st_mode & 0o777 for one in files} == {0o600}
    assert all(SECRET.encode() not in one.read_bytes() for one in files)
    database.close()
