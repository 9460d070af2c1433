"""The database's record stores keep the contract of every store, and their own promises."""

from __future__ import annotations

import json
import multiprocessing
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack, closing
from functools import partial

import pytest
from sqlalchemy import Engine, event, text

from mooring.adapters.clock import SystemClock
from mooring.adapters.database import Database
from mooring.adapters.record_rows import next_prefix
from mooring.adapters.record_stores import (
    KeyValueRecords,
    SecretRecords,
    SettingsRecords,
    sweep,
)
from mooring.adapters.secrets.vault import Vault
from mooring.errors import RecordInvalid
from mooring.sdk.field_edits import increased
from mooring.sdk.ports import Record
from mooring.testing.clock import FakeClock
from mooring.testing.contracts import KeyValueStoreContract, RecordStoreContract
from mooring.testing.store_contract import WRITERS, at_once

TOKEN = "tok-3f9a77d2c1"


def settings_of(owner: str, database: Database, vault: Vault, clock: FakeClock) -> SettingsRecords:
    return SettingsRecords(
        database,
        owner=owner,
        vault=vault,
        secret_fields={"auth": frozenset({"token", "other"})},
        clock=clock,
    )


def with_field(record: Record, number: int) -> Record:
    return {**record, f"f{number}": number}


def patch_and_increment(database_url: str, numbers: Sequence[int]) -> None:
    """Work in a process of its own."""
    with closing(Database.open(database_url)) as database:
        store = KeyValueRecords(database, owner="install/1", clock=SystemClock())
        for number in numbers:
            store.patch("new", partial(with_field, number=number))
            store.edit("new", increased("new", {"n": 1}))


@pytest.fixture
def settings(database: Database, vault: Vault, clock: FakeClock) -> SettingsRecords:
    return settings_of("install/1", database, vault, clock)


@pytest.fixture
def key_values(database: Database, clock: FakeClock) -> KeyValueRecords:
    return KeyValueRecords(database, owner="install/1", clock=clock)


class TestKeyValueRecords(KeyValueStoreContract):
    @pytest.fixture
    def store(self, key_values: KeyValueRecords) -> KeyValueRecords:
        return key_values

    @pytest.fixture
    def other(self, database: Database, clock: FakeClock) -> KeyValueRecords:
        return KeyValueRecords(database, owner="app/shop", clock=clock)


class TestSettingsRecords(RecordStoreContract):
    @pytest.fixture
    def store(self, settings: SettingsRecords) -> SettingsRecords:
        return settings

    @pytest.fixture
    def other(self, database: Database, vault: Vault, clock: FakeClock) -> SettingsRecords:
        return settings_of("install/2", database, vault, clock)


class TestSettingsRecordsWithSecrets(RecordStoreContract):
    """A section whose fields are all secret behaves no differently for the app."""

    @pytest.fixture
    def store(self, database: Database, vault: Vault, clock: FakeClock) -> SettingsRecords:
        return self._store("install/1", database, vault, clock)

    @pytest.fixture
    def other(self, database: Database, vault: Vault, clock: FakeClock) -> SettingsRecords:
        return self._store("install/2", database, vault, clock)

    def _store(
        self, owner: str, database: Database, vault: Vault, clock: FakeClock
    ) -> SettingsRecords:
        fields = frozenset({"a", "b", "n", "list", "text", "map"})
        secret = dict.fromkeys(("k", "all"), fields)
        return SettingsRecords(
            database, owner=owner, vault=vault, secret_fields=secret, clock=clock
        )


class TestSecretRecords(RecordStoreContract):
    @pytest.fixture
    def store(self, vault: Vault) -> SecretRecords:
        return SecretRecords(vault, owner="install/1")

    @pytest.fixture
    def other(self, vault: Vault) -> SecretRecords:
        return SecretRecords(vault, owner="install/2")


def test_a_secret_setting_is_in_the_vault_and_not_in_the_row(
    settings: SettingsRecords, database: Database
) -> None:
    settings.put("auth", {"token": TOKEN, "region": "eu"})
    with database.read() as connection:
        row = connection.scalar(text("SELECT value FROM settings"))
    assert json.loads(row) == {"token": {"redacted": True}, "region": "eu"}


def test_the_app_gets_its_secret_setting_back(settings: SettingsRecords) -> None:
    settings.put("auth", {"token": TOKEN, "region": "eu"})
    assert settings.get("auth") == {"token": TOKEN, "region": "eu"}


def test_putting_back_a_redacted_secret_leaves_it_unchanged(settings: SettingsRecords) -> None:
    settings.put("auth", {"token": TOKEN})
    settings.put("auth", {"token": {"redacted": True}, "region": "eu"})
    assert settings.get("auth") == {"token": TOKEN, "region": "eu"}


def test_a_secret_setting_that_is_emptied_leaves_the_vault(
    settings: SettingsRecords, vault: Vault
) -> None:
    settings.put("auth", {"token": TOKEN})
    settings.patch("auth", {"token": ""})
    assert vault.names("install/1") == []


def test_deleting_a_section_deletes_its_secrets(settings: SettingsRecords, vault: Vault) -> None:
    settings.put("auth", {"token": TOKEN})
    settings.delete("auth")
    assert vault.names("install/1") == []


def test_a_field_that_stops_being_secret_is_still_readable(
    settings: SettingsRecords, database: Database, vault: Vault, clock: FakeClock
) -> None:
    settings.put("auth", {"token": TOKEN})
    later = SettingsRecords(database, owner="install/1", vault=vault, secret_fields={}, clock=clock)
    assert later.get("auth") == {"token": TOKEN}


def test_a_settings_row_and_its_secret_are_stored_together_or_not_at_all(
    settings: SettingsRecords, vault: Vault
) -> None:
    with pytest.raises(RecordInvalid):
        settings.put("auth", {"token": TOKEN, "note": "x" * 200_000})
    assert vault.names("install/1") == []


def test_a_change_of_settings_can_be_noticed(settings: SettingsRecords, database: Database) -> None:
    before = database.revision("settings")
    settings.put("auth", {"region": "eu"})
    assert database.revision("settings") > before


def test_secret_records_name_what_they_hold(vault: Vault, clock: FakeClock) -> None:
    secrets = SecretRecords(vault, owner="install/1")
    secrets.put("hooks/signature", {"value": TOKEN})
    assert secrets.names() == [("hooks/signature", clock.now())]


@pytest.mark.parametrize(
    "change",
    [
        lambda store: store.put("k", {"n": 1}),
        lambda store: store.patch("k", {"n": 1}),
        lambda store: store.edit("k", increased("k", {"n": 1, "m": 2})),
        lambda store: store.delete("k", ["n"]),
        lambda store: store.put_many({"a": {}, "b": {}}),
    ],
)
def test_a_change_is_one_transaction(
    key_values: KeyValueRecords, change: Callable[[KeyValueRecords], object]
) -> None:
    begun: list[object] = []
    note = begun.append
    event.listen(Engine, "begin", note)
    try:
        change(key_values)
    finally:
        event.remove(Engine, "begin", note)
    assert len(begun) == 1


def test_fifty_updaters_in_several_hosts_all_count(database_url: str) -> None:
    with ExitStack() as opened:
        hosts = [opened.enter_context(closing(Database.open(database_url))) for _ in range(5)]
        stores = [KeyValueRecords(host, owner="install/1", clock=SystemClock()) for host in hosts]
        at_once(lambda number: stores[number % 5].patch("new", partial(with_field, number=number)))
        assert len(stores[0].get("new")) == WRITERS


def test_fifty_updaters_in_several_processes_all_count(database_url: str) -> None:
    with closing(Database.open(database_url)) as host:
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(3, mp_context=context) as pool:
            shares = [range(start, WRITERS, 3) for start in range(3)]
            list(pool.map(patch_and_increment, [database_url] * 3, shares))
        store = KeyValueRecords(host, owner="install/1", clock=SystemClock())
        found = store.get("new")
        assert found.pop("n") == WRITERS
        assert len(found) == WRITERS


def test_merges_increments_and_bulk_writes_of_one_key_do_not_undo_each_other(
    key_values: KeyValueRecords,
) -> None:
    key_values.put_many({"k": {"n": 0}})

    def work(number: int) -> None:
        key_values.edit("k", increased("k", {"n": 1}))
        key_values.patch("k", {f"f{number}": 1})
        key_values.put_many({f"other{number}": {}})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(24)))
    assert key_values.get("k") == {"n": 24, **{f"f{number}": 1 for number in range(24)}}


def test_ten_thousand_records_are_put_within_seconds(key_values: KeyValueRecords) -> None:
    records = {f"contact:{n:06}": {"n": n, "email": f"p{n}@example.com"} for n in range(10_000)}
    started = time.perf_counter()
    key_values.put_many(records)
    assert time.perf_counter() - started < 10


def test_what_a_keychain_would_keep_is_looked_at_with_the_whole_record(
    settings: SettingsRecords,
) -> None:
    settings.put("auth", {"token": TOKEN})
    with pytest.raises(RecordInvalid, match="most of it in the field note"):
        settings.put("auth", {"token": "changed", "note": "x" * 200_000})
    assert settings.get("auth") == {"token": TOKEN}


def test_what_only_looks_redacted_is_kept(settings: SettingsRecords) -> None:
    settings.put("plain", {"a": {"redacted": True}})
    assert settings.get("plain") == {"a": {"redacted": True}}


def test_sweeping_removes_only_what_has_expired(
    key_values: KeyValueRecords, database: Database, clock: FakeClock
) -> None:
    key_values.put("gone", {}, ttl=10)
    key_values.put("here", {}, ttl=20)
    clock.advance(10)
    assert sweep(database, now=clock.now()) == 1
    assert key_values.exists("here")


@pytest.mark.parametrize(
    ("prefix", "following"),
    [("a", "b"), ("a\U0010ffff", "b"), ("\ud7ff", "\ue000"), ("\U0010ffff", None), ("", None)],
)
def test_the_end_of_a_prefix_is_the_next_text_by_code_point(
    prefix: str, following: str | None
) -> None:
    assert next_prefix(prefix) == following
