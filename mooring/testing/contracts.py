"""What must every store do, whatever keeps its records? Inherit these classes in a test module.

A subclass (named ``Test…``) gives three fixtures: ``store``, ``other`` (a store of another owner in
the same backend) and ``clock`` (the FakeClock that both use).
"""
# ruff: noqa: D102  # the methods are tests, whose names are the sentences

from __future__ import annotations

import pytest

from mooring.errors import RecordInvalid
from mooring.sdk.ports import KeyValueStore, Record, RecordStore
from mooring.sdk.records import KEY_VALUE_BYTES, SETTINGS_BYTES
from mooring.sdk.sets import NumberSet
from mooring.testing.bulk_contract import BulkContract
from mooring.testing.clock import FakeClock
from mooring.testing.field_contract import FieldContract
from mooring.testing.set_contract import SetContract
from mooring.testing.store_contract import AnyStoreContract


class RecordStoreContract(AnyStoreContract):
    """Settings and secrets."""

    most_bytes = SETTINGS_BYTES

    def test_sets_belong_into_key_value_records(self, store: RecordStore) -> None:
        with pytest.raises(RecordInvalid, match="a NumberSet is kept in kv_store alone"):
            store.put("k", {"ids": NumberSet([1])})

    def test_put_says_that_it_is_done(self, store: RecordStore) -> None:
        assert store.put("k", {"a": 1}) is True

    @pytest.mark.parametrize("fields", [None, ["a"]])
    def test_delete_says_that_it_is_done(
        self, store: RecordStore, fields: list[str] | None
    ) -> None:
        assert store.delete("k", fields) is True


class KeyValueStoreContract(AnyStoreContract, FieldContract, SetContract, BulkContract):
    """Key-value stores, of an installation or shared."""

    most_bytes = KEY_VALUE_BYTES

    def test_put_returns_the_previous_record(self, store: KeyValueStore) -> None:
        assert store.put("k", {"a": 1}) == {}
        assert store.put("k", {"b": 2}) == {"a": 1}

    def test_put_returns_nothing_of_an_expired_record(
        self, store: KeyValueStore, clock: FakeClock
    ) -> None:
        store.put("k", {"a": 1}, ttl=10)
        clock.advance(10)
        assert store.put("k", {"b": 2}) == {}

    def test_delete_returns_what_it_removed(self, store: KeyValueStore) -> None:
        store.put("k", {"a": 1})
        assert store.delete("k") == {"a": 1}
        assert store.delete("k") == {}

    def test_delete_with_fields_returns_the_removed_ones(self, store: KeyValueStore) -> None:
        store.put("k", {"a": 1, "b": 2})
        assert store.delete("k", ["a", "missing"]) == {"a": 1}

    def test_an_updater_sees_and_sets_how_long_the_record_lives(
        self, store: KeyValueStore, clock: FakeClock
    ) -> None:
        store.put("k", {"n": 1}, ttl=10)
        clock.advance(4)
        assert store.patch_with_ttl("k", lambda record, ttl: ({"left": ttl}, 20)) == {"n": 1}
        clock.advance(19.999999)
        assert store.get("k") == {"left": 6}
        clock.advance(0.000001)
        assert not store.exists("k")

    def test_an_updater_may_let_the_record_stay_for_good(
        self, store: KeyValueStore, clock: FakeClock
    ) -> None:
        store.put("k", {"n": 1}, ttl=10)
        store.patch_with_ttl("k", lambda record, _: (record, None))
        clock.advance(1000)
        assert store.exists("k")

    def test_a_ttl_that_an_updater_hands_back_leaves_the_expiry_where_it_is(
        self, store: KeyValueStore, clock: FakeClock
    ) -> None:
        def slowly(record: Record, ttl: float | None) -> tuple[Record, float | None]:
            clock.advance(5)
            return {"n": 2}, ttl

        store.put("k", {"n": 1}, ttl=10)
        store.patch_with_ttl("k", slowly)
        clock.advance(4.999999)
        assert store.get("k") == {"n": 2}
        clock.advance(0.000001)
        assert not store.exists("k")

    def test_a_record_that_stays_and_a_missing_one_have_no_ttl(self, store: KeyValueStore) -> None:
        store.patch_with_ttl("new", lambda record, ttl: ({**record, "ttl": ttl}, ttl))
        assert store.patch_with_ttl("new", lambda record, ttl: ({"ttl": ttl}, 5)) == {"ttl": None}

    @pytest.mark.parametrize("ttl", [0, -1.0])
    def test_an_updater_must_return_a_ttl_that_is_one(
        self, store: KeyValueStore, ttl: float
    ) -> None:
        with pytest.raises(RecordInvalid, match="A ttl is a positive number"):
            store.patch_with_ttl("k", lambda record, _: (record, ttl))
        assert not store.exists("k")
