from collections import OrderedDict
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.errors import RecordInvalid
from mooring.sdk.records import KEY_VALUE_BYTES, as_record, checked_ttl, decoded, encoded
from mooring.sdk.sets import NumberSet, StringSet

NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
# Names like those that mark a stored set, and texts that hold them.
NAMES = TEXTS | st.sampled_from(["$numbers", "$strings", "$$numbers", "$", "$other"])
SETS = st.frozensets(NUMBERS, max_size=3).map(NumberSet) | st.frozensets(TEXTS, max_size=3).map(
    StringSet
)
LEAVES = st.none() | st.booleans() | NUMBERS | NAMES | SETS
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=15,
)


def typed(value: Any) -> Any:
    """Return the value with the type of all that is in it, which ``==`` overlooks."""
    if isinstance(value, dict):
        return {name: typed(each) for name, each in value.items()}
    if isinstance(value, list):
        return [typed(each) for each in value]
    if isinstance(value, set):
        return type(value), sorted(map(repr, value))
    return type(value), value


@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_every_record_comes_back_as_it_was(record: dict[str, Any]) -> None:
    text = encoded("k", record, KEY_VALUE_BYTES, sets=True)
    assert typed(decoded(text)) == typed(record)


@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_equal_records_are_the_same_text(record: dict[str, Any]) -> None:
    text = encoded("k", record, KEY_VALUE_BYTES, sets=True)
    assert encoded("k", decoded(text), KEY_VALUE_BYTES, sets=True) == text


def test_what_behaves_like_a_map_or_a_list_becomes_one() -> None:
    record = {"map": MappingProxyType({"a": (1, 2)}), "other": OrderedDict(b=1)}
    assert as_record("k", record) == {"map": {"a": [1, 2]}, "other": {"b": 1}}


def test_a_set_inside_of_what_behaves_like_a_map_is_kept() -> None:
    record = {"map": MappingProxyType({"ids": NumberSet([1])})}
    assert decoded(encoded("k", record, 1000, sets=True)) == {"map": {"ids": NumberSet([1])}}


def test_an_error_names_the_place_and_quotes_nothing() -> None:
    record = {"list": [{"token": "s3cret"}, {"token": {"s3cret"}}]}
    with pytest.raises(RecordInvalid) as refused:
        as_record("shops/7", record)
    assert str(refused.value) == (
        "shops/7: The field list[1].token is not JSON: "
        "a plain set has no kind; keep a NumberSet or a StringSet."
    )


@pytest.mark.parametrize("name", [b"bytes", (1, 2), "\ud800"])
def test_the_names_of_fields_are_text(name: Any) -> None:
    with pytest.raises(RecordInvalid, match="The field map is not JSON: a name in it"):
        as_record("k", {"map": {name: 1}})


def test_a_number_that_python_cannot_write_out_is_refused() -> None:
    with pytest.raises(RecordInvalid, match="The field n is not JSON: its number"):
        as_record("k", {"n": 10**5000})


def test_what_is_nested_without_an_end_is_refused() -> None:
    nested: list[Any] = []
    for _ in range(5000):
        nested = [nested]
    with pytest.raises(RecordInvalid, match="nested too deeply"):
        as_record("k", {"list": nested})


@pytest.mark.parametrize("ttl", [None, 0.001, 1, 3600 * 24 * 365 * 100])
def test_a_ttl_may_be_anything_up_to_a_hundred_years(ttl: float | None) -> None:
    assert checked_ttl("k", ttl) == ttl
