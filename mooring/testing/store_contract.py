"""What do settings, secrets and key-value stores have in common? See ``contracts``."""
# ruff: noqa: D102  # the methods are tests, whose names are the sentences

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

import pytest

from mooring.errors import RecordInvalid
from mooring.sdk.ports import Record
from mooring.testing.clock import FakeClock
from mooring.testing.refusal_contract import Refusals

WRITERS = 50
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
LOOKS_LIKE_SETS: Record = {
    "list": [{"$numbers": [1]}, {"$$numbers": [1]}],
    "map": {"$strings": ["a"]},
    "text": '{"$numbers":[1]}',
}
ODD_KEYS = [
    "../2",
    "install/2",
    "install/1/kv",
    "secrets/k",
    "k/",
    "k%",
    "k_",
    "k\\",
    "'",
    "é",
    "🎉",
]


def at_once(work: Callable[[int], object], *, writers: int = WRITERS) -> None:
    """Do the work in so many threads, which all begin together."""
    ready = threading.Barrier(writers)

    def begin(number: int) -> None:
        ready.wait(30)
        work(number)

    with ThreadPoolExecutor(writers) as pool:
        begun = [pool.submit(copy_context().run, begin, number) for number in range(writers)]
        for done in begun:
            done.result()


class WholeRecords:
    """Reading, replacing, patching and deleting."""

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

    def test_looking_like_a_stored_set_makes_no_set(self, store: Any) -> None:
        store.put("all", LOOKS_LIKE_SETS)
        assert store.get("all") == LOOKS_LIKE_SETS

    def test_a_key_is_nothing_but_its_letters(self, store: Any, other: Any) -> None:
        for key in ODD_KEYS:
            store.put(key, {"text": key})
        assert {store.get(key)["text"] for key in ODD_KEYS} == set(ODD_KEYS)
        assert not any(other.exists(key) for key in [*ODD_KEYS, "k", "2"])

    def test_an_updater_may_call_the_store_and_other_threads_may_too(self, store: Any) -> None:
        def update(record: Record) -> Record:
            with ThreadPoolExecutor(1) as pool:
                pool.submit(store.put, "another", {"n": 1}).result(timeout=10)
            return {"n": store.get("another")["n"] + 1}

        store.patch("k", update)
        assert store.get("k") == {"n": 2}

    def test_fifty_patches_of_a_new_key_at_once_all_count(self, store: Any) -> None:
        at_once(lambda number: store.patch("k", {f"f{number}": number}))
        assert store.get("k") == {f"f{number}": number for number in range(WRITERS)}

    def test_fifty_updaters_of_a_new_key_at_once_all_count(self, store: Any) -> None:
        at_once(lambda _: store.patch("k", lambda record: {"n": record.get("n", 0) + 1}))
        assert store.get("k") == {"n": WRITERS}


class Expiry:
    """How long records live: to the instant, by the clock that the store is given."""

    def test_a_record_is_there_to_the_last_microsecond_of_its_ttl(
        self, store: Any, clock: FakeClock
    ) -> None:
        store.put("k", {"a": 1}, ttl=10)
        clock.advance(9.999999)
        assert store.exists("k")

    def test_a_record_is_gone_at_the_instant_its_ttl_is_over(
        self, store: Any, clock: FakeClock
    ) -> None:
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

    def test_an_expired_record_has_no_fields_to_delete(self, store: Any, clock: FakeClock) -> None:
        store.put("k", {"a": 1}, ttl=0.5)
        clock.advance(0.5)
        store.delete("k", ["a"])
        assert not store.exists("k")

    def test_a_ttl_is_a_positive_number_of_seconds(self, store: Any) -> None:
        unfit: list[Any] = [0, -1, float("inf"), float("nan"), 1e12, "60", True]
        for ttl in unfit:
            with pytest.raises(RecordInvalid, match="A ttl is a positive number") as refused:
                store.put("k", {"a": 1}, ttl=ttl)
            assert refused.value.where == "k"
        assert not store.exists("k")


class AnyStoreContract(WholeRecords, Expiry, Refusals):
    """What every store has to pass."""
