"""What must every store do, whatever keeps its records? Inherit these classes in a test module.

A subclass (named ``Test…``) gives three fixtures: ``store``, ``other`` (a store of another owner in
the same backend) and ``clock`` (the FakeClock that both use).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from mooring.errors import RecordInvalid
from mooring.sdk.ports import KeyValueStore, Record, RecordStore
from mooring.testing.clock import FakeClock

EVERY_JSON_VALUE: Record = {
    "text": "Zürich 🎉 \u0000 \\ ' \"",
    "empty": "",
    "whole": 2**53,
    "negative": -1,
    "fraction": 0.1,
    "true": True,
    "false": False,
    "nothing": None,
    "list": [1, "two", None, [3]],
    "map": {"a": {"b": [{"c": 1}]}},
}


class AnyStoreContract:
    """What settings, secrets and key-value stores have in common."""

    def test_a_missing_record_is_an_empty_map(self, store: Any) -> None:
        assert store.get("nowhere") == {}

    def test_asking_for_a_missing_record_does_not_create_it(self, store: Any) -> None:
        store.get("nowhere")
        assert not store.exists("nowhere")

    def test_every_json_value_comes_back_as_it_was(self, store: Any) -> None:
        store.put("all", EVERY_JSON_VALUE)
        assert store.get("all") == EVERY_JSON_VALUE

    def test_true_does_not_become_a_number(self, store: Any) -> None:
        store.put("all", EVERY_JSON_VALUE)
        assert store.get("all")["true"] is True

    def test_put_replaces_the_whole_record(self, store: Any) -> None:
        store.put("k", {"a": 1, "b": 2})
        store.put("k", {"c": 3})
        assert store.get("k") == {"c": 3}

    def test_an_empty_record_exists(self, store: Any) -> None:
        store.put("k", {})
        assert store.exists("k")

    def test_get_with_fields_returns_only_those_that_exist(self, store: Any) -> None:
        store.put("k", {"a": 1, "b": 2})
        assert store.get("k", ["a", "missing"]) == {"a": 1}

    def test_get_with_no_fields_returns_none_of_them(self, store: Any) -> None:
        store.put("k", {"a": 1})
        assert store.get("k", []) == {}

    def test_changing_what_get_returned_changes_nothing(self, store: Any) -> None:
        store.put("k", {"list": [1]})
        store.get("k")["list"].append(2)
        assert store.get("k") == {"list": [1]}

    def test_changing_what_was_put_changes_nothing(self, store: Any) -> None:
        value = {"list": [1]}
        store.put("k", value)
        value["list"].append(2)
        assert store.get("k") == {"list": [1]}

    def test_keys_differ_by_case(self, store: Any) -> None:
        store.put("Key", {"a": 1})
        assert not store.exists("key")

    def test_owners_do_not_see_each_other(self, store: Any, other: Any) -> None:
        store.put("k", {"a": 1})
        assert other.get("k") == {}

    def test_owners_do_not_delete_each_others_records(self, store: Any, other: Any) -> None:
        store.put("k", {"a": 1})
        other.delete("k")
        assert store.exists("k")

    def test_patch_merges_at_the_top_level(self, store: Any) -> None:
        store.put("k", {"a": {"x": 1}, "b": 2})
        store.patch("k", {"a": {"y": 1}})
        assert store.get("k") == {"a": {"y": 1}, "b": 2}

    def test_patch_returns_the_previous_record(self, store: Any) -> None:
        store.put("k", {"a": 1})
        assert store.patch("k", {"a": 2}) == {"a": 1}

    def test_patch_creates_a_missing_record(self, store: Any) -> None:
        assert store.patch("k", {"a": 1}) == {}
        assert store.get("k") == {"a": 1}

    def test_an_updater_sees_the_record_and_replaces_it(self, store: Any) -> None:
        store.put("k", {"n": 1, "old": True})
        assert store.patch("k", lambda record: {"n": record["n"] + 1}) == {"n": 1, "old": True}
        assert store.get("k") == {"n": 2}

    def test_an_updater_of_a_missing_record_sees_an_empty_map(self, store: Any) -> None:
        store.patch("k", lambda record: {"seen": record})
        assert store.get("k") == {"seen": {}}

    def test_what_an_updater_raises_comes_through_and_changes_nothing(self, store: Any) -> None:
        store.put("k", {"a": 1})
        with pytest.raises(ZeroDivisionError):
            store.patch("k", lambda record: {"a": 1 // 0})
        assert store.get("k") == {"a": 1}

    def test_an_updater_that_changes_its_argument_and_fails_changes_nothing(
        self, store: Any
    ) -> None:
        def spoil(record: Record) -> Record:
            record["list"].append(2)
            raise RuntimeError

        store.put("k", {"list": [1]})
        with pytest.raises(RuntimeError):
            store.patch("k", spoil)
        assert store.get("k") == {"list": [1]}

    def test_no_update_is_lost_among_threads(self, store: Any) -> None:
        def add_ten() -> None:
            for _ in range(10):
                store.patch("k", lambda record: {"n": record.get("n", 0) + 1})

        _at_once(8, add_ten)
        assert store.get("k") == {"n": 80}

    def test_a_deleted_record_is_gone(self, store: Any) -> None:
        store.put("k", {"a": 1})
        store.delete("k")
        assert not store.exists("k")
        assert store.get("k") == {}

    def test_deleting_what_is_not_there_does_not_create_it(self, store: Any) -> None:
        store.delete("nowhere")
        store.delete("nowhere", ["field"])
        assert not store.exists("nowhere")

    def test_deleting_fields_leaves_the_others(self, store: Any) -> None:
        store.put("k", {"a": 1, "b": 2})
        store.delete("k", ["a", "missing"])
        assert store.get("k") == {"b": 2}

    def test_a_record_is_there_until_its_ttl_is_over(self, store: Any, clock: FakeClock) -> None:
        store.put("k", {"a": 1}, ttl=10)
        clock.advance(9.9)
        assert store.exists("k")

    def test_an_expired_record_is_not_there(self, store: Any, clock: FakeClock) -> None:
        store.put("k", {"a": 1}, ttl=10)
        clock.advance(10)
        assert not store.exists("k")
        assert store.get("k") == {}

    def test_patch_starts_afresh_on_an_expired_record(self, store: Any, clock: FakeClock) -> None:
        store.put("k", {"a": 1}, ttl=10)
        clock.advance(10)
        assert store.patch("k", {"b": 2}) == {}
        assert store.get("k") == {"b": 2}

    def test_what_replaces_an_expired_record_does_not_expire(
        self, store: Any, clock: FakeClock
    ) -> None:
        store.put("k", {"a": 1}, ttl=10)
        clock.advance(10)
        store.patch("k", {"b": 2})
        clock.advance(1000)
        assert store.exists("k")

    def test_patch_without_a_ttl_keeps_the_expiry(self, store: Any, clock: FakeClock) -> None:
        store.put("k", {"a": 1}, ttl=10)
        store.patch("k", {"b": 2})
        clock.advance(10)
        assert not store.exists("k")

    def test_patch_with_a_ttl_moves_the_expiry(self, store: Any, clock: FakeClock) -> None:
        store.put("k", {"a": 1}, ttl=10)
        store.patch("k", {"b": 2}, ttl=100)
        clock.advance(50)
        assert store.exists("k")

    def test_put_without_a_ttl_removes_the_expiry(self, store: Any, clock: FakeClock) -> None:
        store.put("k", {"a": 1}, ttl=10)
        store.put("k", {"a": 2})
        clock.advance(1000)
        assert store.exists("k")

    def test_deleting_a_field_keeps_the_expiry(self, store: Any, clock: FakeClock) -> None:
        store.put("k", {"a": 1, "b": 2}, ttl=10)
        store.delete("k", ["a"])
        clock.advance(10)
        assert not store.exists("k")


class RecordStoreContract(AnyStoreContract):
    """Settings and secrets."""

    def test_put_says_that_it_is_done(self, store: RecordStore) -> None:
        assert store.put("k", {"a": 1}) is True

    @pytest.mark.parametrize("fields", [None, ["a"]])
    def test_delete_says_that_it_is_done(
        self, store: RecordStore, fields: list[str] | None
    ) -> None:
        assert store.delete("k", fields) is True


class KeyValueStoreContract(AnyStoreContract):
    """Key-value stores, of an installation or shared."""

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

    def test_increment_starts_at_zero_and_returns_the_new_value(self, store: KeyValueStore) -> None:
        assert store.increment("k", "n", 5) == 5
        assert store.increment("k", "n") == 6
        assert store.increment("k", "n", -0.5) == 5.5

    def test_increment_leaves_the_other_fields(self, store: KeyValueStore) -> None:
        store.put("k", {"a": 1})
        store.increment("k", "n")
        assert store.get("k") == {"a": 1, "n": 1}

    def test_whole_numbers_stay_whole(self, store: KeyValueStore) -> None:
        store.increment("k", "n", 2)
        assert isinstance(store.get("k")["n"], int)

    @pytest.mark.parametrize("value", ["1", True, None, [1], {"n": 1}])
    def test_only_numbers_can_be_incremented(self, store: KeyValueStore, value: object) -> None:
        store.put("k", {"n": value})
        with pytest.raises(RecordInvalid, match="not a number"):
            store.increment("k", "n")
        assert store.get("k") == {"n": value}

    def test_increment_keeps_the_expiry(self, store: KeyValueStore, clock: FakeClock) -> None:
        store.put("k", {"n": 1}, ttl=10)
        store.increment("k", "n")
        clock.advance(10)
        assert store.increment("k", "n") == 1

    def test_increment_with_a_ttl_sets_the_expiry(
        self, store: KeyValueStore, clock: FakeClock
    ) -> None:
        store.increment("k", "n", ttl=10)
        clock.advance(10)
        assert not store.exists("k")

    def test_no_increment_is_lost_among_threads(self, store: KeyValueStore) -> None:
        def add_ten() -> None:
            for _ in range(10):
                store.increment("k", "n")

        _at_once(8, add_ten)
        assert store.get("k") == {"n": 80}

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


def _at_once(threads: int, work: Any) -> None:
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(work) for _ in range(threads)]:
            done.result()
