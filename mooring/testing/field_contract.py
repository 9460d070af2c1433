"""What must counters and lists in a key-value record do? See ``contracts``.

These tests call the store as an app does, through the SDK's façade.
"""
# ruff: noqa: D102  # the methods are tests, whose names are the sentences

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mooring.errors import RecordInvalid
from mooring.sdk.context import use
from mooring.sdk.key_value_facade import KeyValueFacade
from mooring.sdk.ports import KeyValueStore
from mooring.sdk.sets import NumberSet
from mooring.testing.clock import FakeClock
from mooring.testing.memory import memory_app
from mooring.testing.store_contract import WRITERS, at_once

Call = Callable[[KeyValueFacade], object]


class CalledByApps:
    """Gives ``kv``, the store as an app calls it, on behalf of an installation."""

    @pytest.fixture
    def kv(self, store: KeyValueStore) -> Iterator[KeyValueFacade]:
        with use(memory_app().invocation):
            yield KeyValueFacade("kv_store", lambda _: store)


class Counters(CalledByApps):
    """Numbers in fields."""

    def test_increment_starts_at_zero_and_returns_the_new_value(
        self, store: KeyValueStore, kv: KeyValueFacade
    ) -> None:
        assert kv.increment("k", "n", 5) == 5
        assert kv.increment("k", "n") == 6
        assert kv.increment("k", "n", -0.5) == 5.5
        assert store.get("k") == {"n": 5.5}

    def test_several_fields_are_incremented_at_once(
        self, store: KeyValueStore, kv: KeyValueFacade
    ) -> None:
        store.put("k", {"a": 1, "other": "x"})
        assert kv.increment_multi("k", {"a": 2, "b": -3}) == {
            "a": 3,
            "b": -3,
        }
        assert store.get("k") == {"a": 3, "b": -3, "other": "x"}

    def test_incrementing_nothing_creates_nothing(
        self, store: KeyValueStore, kv: KeyValueFacade
    ) -> None:
        assert kv.increment_multi("k", {}) == {}
        assert not store.exists("k")

    def test_whole_numbers_stay_whole(self, store: KeyValueStore, kv: KeyValueFacade) -> None:
        kv.increment("k", "n", 2)
        assert isinstance(store.get("k")["n"], int)

    @pytest.mark.parametrize("value", ["1", True, None, [1], {"n": 1}])
    def test_only_numbers_can_be_incremented(
        self, store: KeyValueStore, kv: KeyValueFacade, value: object
    ) -> None:
        store.put("k", {"n": value})
        with pytest.raises(RecordInvalid, match="The field n is not a number") as refused:
            kv.increment("k", "n")
        assert refused.value.where == "k"
        assert store.get("k") == {"n": value}

    @pytest.mark.parametrize("amount", ["1", True, None, float("nan"), float("inf")])
    def test_only_by_numbers_can_be_incremented(
        self, store: KeyValueStore, kv: KeyValueFacade, amount: Any
    ) -> None:
        with pytest.raises(RecordInvalid, match="for the field b"):
            kv.increment_multi("k", {"a": 1, "b": amount})
        assert not store.exists("k")

    def test_what_grows_past_all_numbers_stays_as_it_was(
        self, store: KeyValueStore, kv: KeyValueFacade
    ) -> None:
        store.put("k", {"a": 1, "n": 1.7e308})
        with pytest.raises(RecordInvalid, match="The field n would grow past"):
            kv.increment_multi("k", {"a": 1, "n": 1.7e308})
        assert store.get("k") == {"a": 1, "n": 1.7e308}

    def test_increment_keeps_the_expiry(
        self, store: KeyValueStore, kv: KeyValueFacade, clock: FakeClock
    ) -> None:
        store.put("k", {"n": 1}, ttl=10)
        kv.increment("k", "n")
        clock.advance(10)
        assert kv.increment("k", "n") == 1

    @pytest.mark.parametrize(
        "increase",
        [
            lambda kv: kv.increment("k", "n", ttl=10),
            lambda kv: kv.increment_multi("k", {"n": 1}, ttl=10),
        ],
    )
    def test_increment_with_a_ttl_sets_the_expiry(
        self, store: KeyValueStore, kv: KeyValueFacade, clock: FakeClock, increase: Call
    ) -> None:
        increase(kv)
        clock.advance(9.999999)
        assert store.exists("k")
        clock.advance(0.000001)
        assert not store.exists("k")

    def test_fifty_increments_of_a_new_key_at_once_all_count(
        self, store: KeyValueStore, kv: KeyValueFacade
    ) -> None:
        at_once(lambda _: kv.increment_multi("k", {"a": 1, "b": 2}))
        assert store.get("k") == {"a": WRITERS, "b": 2 * WRITERS}


class Lists(CalledByApps):
    """Queues in fields."""

    def test_what_is_appended_comes_out_in_its_order(
        self, store: KeyValueStore, kv: KeyValueFacade
    ) -> None:
        for value in ("a", {"b": 1}, [2]):
            kv.append("k", "f", value)
        assert store.get("k") == {"f": ["a", {"b": 1}, [2]]}
        assert kv.shift("k", "f") == "a"
        assert store.get("k") == {"f": [{"b": 1}, [2]]}

    def test_what_is_unshifted_comes_out_first(
        self, store: KeyValueStore, kv: KeyValueFacade
    ) -> None:
        store.put("k", {"f": [3]})
        kv.unshift("k", "f", 2)
        kv.unshift_multi("k", {"f": [0, 1], "g": ["x", "y"]})
        assert store.get("k") == {"f": [0, 1, 2, 3], "g": ["x", "y"]}

    def test_several_lists_are_appended_to_at_once(
        self, store: KeyValueStore, kv: KeyValueFacade
    ) -> None:
        store.put("k", {"f": [0], "other": 1})
        kv.append_multi("k", {"f": [1, 2], "g": ("x",)})
        assert store.get("k") == {"f": [0, 1, 2], "other": 1, "g": ["x"]}

    def test_several_lists_are_shifted_by_their_counts(
        self, store: KeyValueStore, kv: KeyValueFacade
    ) -> None:
        store.put("k", {"f": [1, 2, 3], "g": ["x"], "other": 1})
        counts = {"f": 2, "g": 5, "missing": 1}
        expected = {"f": [1, 2], "g": ["x"], "missing": []}
        assert kv.peek_multi("k", counts) == expected
        assert kv.shift_multi("k", counts) == expected
        assert store.get("k") == {"f": [3], "g": [], "other": 1}

    def test_peeking_takes_nothing_away(self, store: KeyValueStore, kv: KeyValueFacade) -> None:
        store.put("k", {"f": ["a", "b"]})
        assert kv.peek("k", "f") == "a"
        assert store.get("k") == {"f": ["a", "b"]}

    @pytest.mark.parametrize("take", ["shift", "peek"])
    @pytest.mark.parametrize("record", [None, {"other": 1}, {"f": []}])
    def test_there_is_no_first_element_of_nothing(
        self, store: KeyValueStore, kv: KeyValueFacade, take: str, record: dict[str, Any] | None
    ) -> None:
        if record is not None:
            store.put("k", record)
        assert getattr(kv, take)("k", "f") is None
        assert getattr(kv, f"{take}_multi")("k", {"f": 3}) == {"f": []}
        assert store.exists("k") is (record is not None)
        assert store.get("k") == (record or {})

    @pytest.mark.parametrize("value", ["text", 1, None, {"a": 1}])
    def test_what_is_no_list_has_no_first_element_to_peek_at(
        self, store: KeyValueStore, kv: KeyValueFacade, value: object
    ) -> None:
        store.put("k", {"f": value})
        assert kv.peek("k", "f") is None
        assert kv.peek_multi("k", {"f": 1}) == {"f": []}

    @pytest.mark.parametrize(
        "change",
        [
            lambda kv: kv.append_multi("k", {"f": [1], "g": [1]}),
            lambda kv: kv.unshift_multi("k", {"f": [1], "g": [1]}),
            lambda kv: kv.shift_multi("k", {"f": 1, "g": 1}),
            lambda kv: kv.append("k", "g", 1),
            lambda kv: kv.unshift("k", "g", 1),
            lambda kv: kv.shift("k", "g"),
        ],
    )
    def test_a_field_that_is_no_list_leaves_all_fields_as_they_were(
        self, store: KeyValueStore, kv: KeyValueFacade, change: Call
    ) -> None:
        for unfit in ("text", 1, None, {"a": 1}, NumberSet([1])):
            store.put("k", {"f": [0], "g": unfit})
            with pytest.raises(RecordInvalid, match="The field g is not a list") as refused:
                change(kv)
            assert refused.value.where == "k"
            assert store.get("k") == {"f": [0], "g": unfit}

    @pytest.mark.parametrize(
        "change",
        [
            lambda kv: kv.append_multi("k", {"f": [1], "g": "text"}),
            lambda kv: kv.unshift_multi("k", {"f": [1], "g": 1}),
            lambda kv: kv.shift_multi("k", {"f": 1, "g": 0}),
            lambda kv: kv.shift_multi("k", {"f": 1, "g": "1"}),
            lambda kv: kv.peek_multi("k", {"f": 1, "g": -1}),
            lambda kv: kv.append_multi("k", {"f": [1], "g": [object()]}),
        ],
    )
    def test_what_is_given_for_one_field_is_looked_at_before_any_changes(
        self, store: KeyValueStore, kv: KeyValueFacade, change: Call
    ) -> None:
        store.put("k", {"f": [0], "g": [0]})
        with pytest.raises(RecordInvalid, match="field g"):
            change(kv)
        assert store.get("k") == {"f": [0], "g": [0]}

    def test_adding_nothing_creates_nothing(self, store: KeyValueStore, kv: KeyValueFacade) -> None:
        kv.append_multi("k", {"f": []})
        assert not store.exists("k")

    def test_changing_a_list_keeps_the_expiry(
        self, store: KeyValueStore, kv: KeyValueFacade, clock: FakeClock
    ) -> None:
        store.put("k", {"f": [1]}, ttl=10)
        kv.append("k", "f", 2)
        kv.shift("k", "f")
        clock.advance(10)
        assert not store.exists("k")

    def test_fifty_appends_to_a_new_key_at_once_all_count(
        self, store: KeyValueStore, kv: KeyValueFacade
    ) -> None:
        at_once(lambda number: kv.append("k", "f", number))
        assert sorted(store.get("k")["f"]) == list(range(WRITERS))

    def test_no_element_is_given_to_two(self, store: KeyValueStore, kv: KeyValueFacade) -> None:
        store.put("k", {"f": list(range(WRITERS))})
        taken: list[Any] = []
        at_once(lambda _: taken.append(kv.shift("k", "f")))
        assert sorted(taken) == list(range(WRITERS))
        assert store.get("k") == {"f": []}


class FieldContract(Counters, Lists):
    """Numbers and lists in the fields of a record."""
