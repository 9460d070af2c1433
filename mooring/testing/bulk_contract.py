"""What must bulk access to a key-value store do? See ``contracts``."""
# ruff: noqa: D102  # the methods are tests, whose names are the sentences

from __future__ import annotations

from typing import Any

import pytest

from mooring.errors import RecordInvalid
from mooring.sdk.ports import KeyValueStore
from mooring.sdk.records import KEY_VALUE_BYTES
from mooring.testing.clock import FakeClock


class BulkContract:
    """Many records at once, and in key order."""

    def test_get_many_returns_the_records_that_exist(self, store: KeyValueStore) -> None:
        store.put_many({"a": {"n": 1}, "b": {"n": 2}})
        assert store.get_many(["a", "b", "missing"]) == {"a": {"n": 1}, "b": {"n": 2}}

    def test_bulk_access_to_nothing_does_nothing(self, store: KeyValueStore) -> None:
        store.put_many({})
        assert store.get_many([]) == {}
        assert store.delete_many([]) == 0

    def test_put_many_replaces_records_and_their_expiry(
        self, store: KeyValueStore, clock: FakeClock
    ) -> None:
        store.put("a", {"old": 1}, ttl=10)
        store.put_many({"a": {"new": 1}})
        clock.advance(10)
        assert store.get("a") == {"new": 1}

    def test_several_thousand_records_go_in_and_out_at_once(self, store: KeyValueStore) -> None:
        records = {f"k{number:05}": {"n": number} for number in range(3000)}
        store.put_many(records)
        assert store.get_many(list(records)) == records
        assert store.delete_many(list(records)) == 3000

    def test_delete_many_counts_what_was_there(
        self, store: KeyValueStore, clock: FakeClock
    ) -> None:
        store.put_many({"a": {}, "b": {}})
        store.put("expired", {}, ttl=10)
        clock.advance(10)
        assert store.delete_many(["a", "a", "expired", "missing"]) == 1
        assert store.exists("b")

    def test_scan_walks_a_prefix_in_code_point_order(self, store: KeyValueStore) -> None:
        store.put_many({f"p:{end}": {"end": end} for end in ["b", "B", "é", "a-1", "a1", "Z"]})
        store.put_many({"q:a": {}, "p": {}})
        assert [key for key, _ in store.scan("p:")] == [
            "p:B",
            "p:Z",
            "p:a-1",
            "p:a1",
            "p:b",
            "p:é",
        ]

    def test_scan_returns_the_records_too(self, store: KeyValueStore) -> None:
        store.put("p:a", {"n": 1})
        assert store.scan("p:") == [("p:a", {"n": 1})]

    def test_scan_goes_on_after_a_key(self, store: KeyValueStore) -> None:
        store.put_many({f"p:{number}": {} for number in range(5)})
        assert [key for key, _ in store.scan("p:", after="p:1", limit=2)] == ["p:2", "p:3"]

    @pytest.mark.parametrize("prefix", ["a%", "a_", "a\\", "a*", "a["])
    def test_no_character_of_a_prefix_is_a_wildcard(
        self, store: KeyValueStore, prefix: str
    ) -> None:
        store.put_many({f"{prefix}x": {}, "abx": {}, "axx": {}})
        assert [key for key, _ in store.scan(prefix)] == [f"{prefix}x"]
        assert store.count(prefix) == 1

    def test_an_empty_prefix_means_every_record(
        self, store: KeyValueStore, other: KeyValueStore
    ) -> None:
        store.put_many({"a": {}, "b": {}})
        other.put("c", {})
        assert store.count("") == 2
        assert [key for key, _ in store.scan("")] == ["a", "b"]

    def test_expired_records_are_neither_scanned_nor_counted(
        self, store: KeyValueStore, clock: FakeClock
    ) -> None:
        store.put("p:gone", {}, ttl=10)
        store.put("p:here", {})
        clock.advance(10)
        assert store.count("p:") == 1
        assert [key for key, _ in store.scan("p:")] == ["p:here"]

    def test_an_unfit_record_stops_all_of_a_bulk_write(self, store: KeyValueStore) -> None:
        for unfit in ({"a": object()}, {"a": "x" * KEY_VALUE_BYTES}):
            with pytest.raises(RecordInvalid) as refused:
                store.put_many({"fine": {"n": 1}, "unfit": unfit})
            assert refused.value.where == "unfit"
        assert store.count("") == 0

    @pytest.mark.parametrize("key", ["", "a\x00b", "\ud800"])
    def test_bulk_access_takes_no_key_that_a_backend_cannot_hold(
        self, store: KeyValueStore, key: str
    ) -> None:
        store.put("fine", {})
        calls: list[Any] = [store.get_many, store.delete_many, lambda k: store.put_many({k[1]: {}})]
        for call in calls:
            with pytest.raises(RecordInvalid, match="A key"):
                call(["fine", key])
        assert store.exists("fine")

    @pytest.mark.parametrize("prefix", ["a\x00", "\ud800"])
    def test_no_key_begins_with_what_is_no_text(self, store: KeyValueStore, prefix: str) -> None:
        for call in (store.scan, store.count, lambda p: store.scan("", after=p)):
            with pytest.raises(RecordInvalid, match="A key has no control characters"):
                call(prefix)

    @pytest.mark.parametrize("limit", [0, -1, 1.5, "2", True])
    def test_a_scan_returns_a_number_of_records(self, store: KeyValueStore, limit: Any) -> None:
        with pytest.raises(RecordInvalid, match="1 or more"):
            store.scan("", limit=limit)

    def test_a_scan_may_ask_for_more_than_anybody_has(self, store: KeyValueStore) -> None:
        store.put("k", {})
        assert store.scan("", limit=10**30) == [("k", {})]

    @pytest.mark.parametrize("prefix", ["", "install/", "../", "app/", "c"])
    def test_a_prefix_never_leads_to_another_owner(
        self, store: KeyValueStore, other: KeyValueStore, prefix: str
    ) -> None:
        other.put_many({"c": {}, "install/1": {}, "../c": {}, "app/x": {}})
        assert store.scan(prefix) == []
        assert store.count(prefix) == 0
        assert store.delete_many(["c", "install/1", "../c"]) == 0
        assert other.count("") == 4
