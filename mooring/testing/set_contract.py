"""What must sets in a key-value record do? See ``contracts``."""
# ruff: noqa: D102  # the methods are tests, whose names are the sentences

from __future__ import annotations

from typing import Any

import pytest

from mooring.errors import RecordInvalid
from mooring.sdk.key_value_facade import KeyValueFacade
from mooring.sdk.ports import KeyValueStore, Record
from mooring.sdk.sets import NumberSet, StringSet
from mooring.testing.clock import FakeClock
from mooring.testing.field_contract import Call, CalledByApps
from mooring.testing.store_contract import WRITERS, at_once


def kinds(record: Record) -> dict[str, type]:
    """Return of which type each field is."""
    return {field: type(value) for field, value in record.items()}


WITH_SETS: Record = {
    "numbers": NumberSet([1, 2.5, -3]),
    "texts": StringSet(["a", "é", "$numbers"]),
    "no numbers": NumberSet(),
    "no texts": StringSet(),
}


class KeptSets:
    """Sets as values: they stay what they are, wherever they go."""

    def same(self, found: Record) -> bool:
        return found == WITH_SETS and kinds(found) == kinds(WITH_SETS)

    def test_sets_survive_put_and_get(self, store: KeyValueStore) -> None:
        store.put("k", WITH_SETS)
        assert self.same(store.get("k"))
        assert self.same(store.put("k", {}))

    def test_sets_survive_patch(self, store: KeyValueStore) -> None:
        store.patch("k", WITH_SETS)
        store.patch("k", {"n": 1})
        assert self.same(store.delete("k", list(WITH_SETS)))

    def test_sets_survive_an_updater(self, store: KeyValueStore) -> None:
        def update(record: Record) -> Record:
            assert self.same(record)
            record["texts"].add("b")
            return record

        store.put("k", WITH_SETS)
        assert self.same(store.patch("k", update))
        assert store.get("k")["texts"] == StringSet(["a", "b", "é", "$numbers"])

    def test_sets_survive_bulk_access(self, store: KeyValueStore) -> None:
        store.put_many({"k": WITH_SETS})
        assert self.same(store.get_many(["k"])["k"])
        assert self.same(store.scan("k")[0][1])

    def test_sets_survive_deep_inside(self, store: KeyValueStore) -> None:
        deep = {"list": [{"map": {"ids": NumberSet([1])}}, NumberSet()]}
        store.put("k", deep)
        assert store.get("k") == deep
        assert isinstance(store.get("k")["list"][0]["map"]["ids"], NumberSet)

    def test_changing_a_set_that_get_returned_changes_nothing(self, store: KeyValueStore) -> None:
        store.put("k", WITH_SETS)
        store.get("k")["numbers"].add(99)
        assert self.same(store.get("k"))

    @pytest.mark.parametrize(
        ("kind", "element"),
        [(NumberSet, "1"), (NumberSet, True), (NumberSet, float("nan")), (StringSet, 1)],
    )
    def test_a_set_has_elements_of_its_kind(
        self, store: KeyValueStore, kind: Any, element: object
    ) -> None:
        with pytest.raises(RecordInvalid, match=r"The field m\.ids .* does not belong in a"):
            store.put("k", {"m": {"ids": kind([element])}})
        assert not store.exists("k")

    def test_a_plain_set_is_refused_with_advice(self, store: KeyValueStore) -> None:
        with pytest.raises(RecordInvalid, match="keep a NumberSet or a StringSet"):
            store.put("k", {"ids": set()})


class SetOperations(CalledByApps):
    """Putting into sets, taking out, asking."""

    def test_a_number_is_added_once(self, store: KeyValueStore, kv: KeyValueFacade) -> None:
        assert kv.add_number("k", "ids", 1) is True
        assert kv.add_number("k", "ids", 1) is False
        assert store.get("k") == {"ids": NumberSet([1])}
        assert kinds(store.get("k")) == {"ids": NumberSet}

    def test_a_text_is_added_once(self, store: KeyValueStore, kv: KeyValueFacade) -> None:
        assert kv.add_string("k", "names", "a") is True
        assert kv.add_string("k", "names", "a") is False
        assert kinds(store.get("k")) == {"names": StringSet}

    def test_what_was_added_is_in_until_it_is_removed(
        self, store: KeyValueStore, kv: KeyValueFacade
    ) -> None:
        store.put("k", {"ids": NumberSet([1]), "names": StringSet(["a"])})
        for _ in range(2):
            assert kv.has_number("k", "ids", 1) is kv.has_string("k", "names", "a")
            there = kv.has_number("k", "ids", 1)
            assert kv.remove_number("k", "ids", 1) is there
            assert kv.remove_string("k", "names", "a") is there
        assert store.get("k") == {"ids": set(), "names": set()}

    def test_a_set_that_lost_its_last_element_keeps_its_kind(
        self, store: KeyValueStore, kv: KeyValueFacade
    ) -> None:
        store.put("k", {"ids": NumberSet([1])})
        kv.remove_number("k", "ids", 1)
        assert kinds(store.get("k")) == {"ids": NumberSet}
        with pytest.raises(RecordInvalid, match="The field ids is not a set of texts"):
            kv.add_string("k", "ids", "a")

    def test_several_sets_answer_what_is_new_there_and_gone(
        self, store: KeyValueStore, kv: KeyValueFacade
    ) -> None:
        store.put("k", {"f": NumberSet([1]), "other": 1})
        values = {"f": [1, 2, 2], "g": [3]}
        added = kv.add_number_multi("k", values)
        assert (added, kinds(added)) == ({"f": {2}, "g": {3}}, {"f": NumberSet, "g": NumberSet})
        asked = {"f": [1, 9], "g": [9], "missing": [1]}
        answer = {"f": {1}, "g": set(), "missing": set()}
        assert kv.has_number_multi("k", asked) == answer
        assert kv.remove_number_multi("k", asked) == answer
        assert store.get("k") == {"f": {2}, "g": {3}, "other": 1}

    def test_several_sets_of_texts_answer_too(
        self, store: KeyValueStore, kv: KeyValueFacade
    ) -> None:
        values = {"f": ["a", "b"], "g": ["c"]}
        added = kv.add_string_multi("k", values)
        assert (added, kinds(added)) == (
            {"f": {"a", "b"}, "g": {"c"}},
            {"f": StringSet, "g": StringSet},
        )
        assert kv.has_string_multi("k", {"f": ["a", "z"]}) == {"f": {"a"}}
        gone = kv.remove_string_multi("k", {"f": ["a"], "g": ["z"]})
        assert gone == {"f": {"a"}, "g": set()}
        assert store.get("k") == {"f": {"b"}, "g": {"c"}}

    @pytest.mark.parametrize("ask", ["has", "remove"])
    def test_asking_creates_nothing(
        self, store: KeyValueStore, kv: KeyValueFacade, ask: str
    ) -> None:
        assert getattr(kv, f"{ask}_number")("k", "f", 1) is False
        assert getattr(kv, f"{ask}_string_multi")("k", {"f": ["a"]}) == {"f": set()}
        assert not store.exists("k")

    @pytest.mark.parametrize(
        "change",
        [
            lambda kv: kv.add_number_multi("k", {"f": [2], "g": [2]}),
            lambda kv: kv.remove_number_multi("k", {"f": [1], "g": [1]}),
            lambda kv: kv.has_number_multi("k", {"f": [1], "g": [1]}),
            lambda kv: kv.add_number("k", "g", 1),
        ],
    )
    def test_a_field_of_another_kind_leaves_all_fields_as_they_were(
        self, store: KeyValueStore, kv: KeyValueFacade, change: Call
    ) -> None:
        for unfit in (StringSet(["a"]), StringSet(), [1], 1, "text", None):
            before = {"f": NumberSet([1]), "g": unfit}
            store.put("k", before)
            with pytest.raises(RecordInvalid, match="The field g is not a set of num") as refused:
                change(kv)
            assert refused.value.where == "k"
            assert store.get("k") == before

    @pytest.mark.parametrize(
        "change",
        [
            lambda kv: kv.add_number_multi("k", {"f": [2], "g": ["2"]}),
            lambda kv: kv.add_number_multi("k", {"f": [2], "g": [True]}),
            lambda kv: kv.add_number_multi("k", {"f": [2], "g": [float("inf")]}),
            lambda kv: kv.remove_number_multi("k", {"f": [1], "g": [None]}),
            lambda kv: kv.add_number_multi("k", {"f": [2], "g": 3}),
            lambda kv: kv.add_string_multi("k", {"t": ["b"], "g": "text"}),
            lambda kv: kv.add_string("k", "g", 1),
            lambda kv: kv.add_string("k", "g", "\ud800"),
        ],
    )
    def test_an_element_of_another_kind_leaves_all_fields_as_they_were(
        self, store: KeyValueStore, kv: KeyValueFacade, change: Call
    ) -> None:
        before = {"f": NumberSet([1]), "t": StringSet(["a"])}
        store.put("k", before)
        with pytest.raises(RecordInvalid, match="field g"):
            change(kv)
        assert store.get("k") == before

    def test_changing_a_set_keeps_the_expiry(
        self, store: KeyValueStore, kv: KeyValueFacade, clock: FakeClock
    ) -> None:
        store.put("k", {}, ttl=10)
        kv.add_number("k", "f", 1)
        clock.advance(10)
        assert not store.exists("k")

    def test_of_fifty_who_add_the_same_at_once_one_was_first(self, kv: KeyValueFacade) -> None:
        new: list[Any] = []
        at_once(lambda _: new.append(kv.add_string("k", "f", "a")))
        assert sorted(new) == [False] * (WRITERS - 1) + [True]

    def test_fifty_elements_of_a_new_set_at_once_all_count(
        self, store: KeyValueStore, kv: KeyValueFacade
    ) -> None:
        at_once(lambda number: kv.add_number("k", "f", number))
        assert store.get("k") == {"f": NumberSet(range(WRITERS))}


class SetContract(KeptSets, SetOperations):
    """Sets in the fields of a record."""
