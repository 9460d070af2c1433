"""Whatever is asked of a key-value store, memory and database answer alike."""

from __future__ import annotations

from itertools import count
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mooring.adapters.database import Database
from mooring.adapters.record_stores import KeyValueRecords
from mooring.errors import RecordInvalid
from mooring.sdk.context import use
from mooring.sdk.key_value_facade import KeyValueFacade
from mooring.sdk.ports import KeyValueStore
from mooring.sdk.sets import NumberSet, StringSet
from mooring.testing.clock import FakeClock
from mooring.testing.memory import memory_app
from mooring.testing.memory_stores import MemoryKeyValueStore, MemoryRecords

# What is refused is among them, but rare: most calls have to do something.
KEYS = st.sampled_from(["a"] * 6 + ["b"] * 3 + ["a/b", "é", ""])
FIELDS = st.sampled_from(["f", "g"])
NUMBERS = st.sampled_from([0, 1, 2, 3, 1, 2, 2.5, -1, 0.5, 1e300, float("inf"), True])
TEXTS = st.sampled_from(["", "x", "y", "z", "x", "$numbers", "é", "\0", "\ud800"])
VALUES = st.one_of(
    st.none(),
    NUMBERS,
    TEXTS,
    st.lists(NUMBERS, max_size=3),
    st.lists(TEXTS, max_size=3),
    st.just({"$numbers": [1]}),
) | st.builds(NumberSet, st.lists(NUMBERS, max_size=2))
RECORDS = st.dictionaries(FIELDS, VALUES | st.builds(StringSet, st.lists(TEXTS, max_size=2)))
TTLS = st.sampled_from([None, None, 0, 1, 3])
EACH = st.dictionaries(FIELDS, st.lists(NUMBERS, max_size=3) | st.lists(TEXTS, max_size=3))
COUNTS = st.dictionaries(FIELDS, st.sampled_from([1, 2, 3, 0]))

UPDATERS = st.sampled_from(
    [
        lambda record: {**record, "f": [*record.get("f", []), 1]},
        lambda record: {"g": record},
        lambda record: None,
    ]
)
TTL_UPDATERS = st.sampled_from(
    [lambda record, ttl: ({**record, "g": ttl}, ttl), lambda record, ttl: (record, 2)]
)


def called(name: str, *arguments: st.SearchStrategy[Any], ttl: bool = False) -> Any:
    named = st.fixed_dictionaries({"ttl": TTLS} if ttl else {})
    return st.tuples(st.just(name), st.tuples(*arguments), named)


CALLS = st.one_of(
    st.tuples(st.just("advance"), st.tuples(st.sampled_from([0.5, 1])), st.just({})),
    called("get", KEYS),
    called("get", KEYS, st.lists(FIELDS)),
    called("exists", KEYS),
    called("put", KEYS, RECORDS, ttl=True),
    called("patch", KEYS, RECORDS, ttl=True),
    called("patch", KEYS, UPDATERS, ttl=True),
    called("patch_with_ttl", KEYS, TTL_UPDATERS),
    called("delete", KEYS),
    called("delete", KEYS, st.lists(FIELDS)),
    called("increment", KEYS, FIELDS, NUMBERS, ttl=True),
    called("increment_multi", KEYS, st.dictionaries(FIELDS, NUMBERS), ttl=True),
    *(called(f"{verb}_multi", KEYS, EACH) for verb in ("append", "unshift")),
    *(called(f"{verb}_multi", KEYS, COUNTS) for verb in ("shift", "peek")),
    *(called(verb, KEYS, FIELDS) for verb in ("shift", "peek")),
    *(called(f"{verb}_number", KEYS, FIELDS, NUMBERS) for verb in ("add", "remove", "has")),
    *(called(f"{verb}_string_multi", KEYS, EACH) for verb in ("add", "remove", "has")),
    called("put_many", st.dictionaries(KEYS, RECORDS, max_size=3)),
    called("get_many", st.lists(KEYS, max_size=3)),
    called("delete_many", st.lists(KEYS, max_size=3)),
    called("scan", KEYS),
    called("count", KEYS),
)

names = count()


@given(calls=st.lists(CALLS, min_size=5, max_size=15))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_memory_and_database_answer_alike(
    calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]], database: Database
) -> None:
    clock = FakeClock()
    # A new owner for each example: nobody sees what the others left.
    theirs = KeyValueRecords(database, owner=f"install/{next(names)}", clock=clock)
    ours = MemoryKeyValueStore(MemoryRecords(clock))
    stores = [facade_of(ours), facade_of(theirs)]
    with use(memory_app().invocation):
        for name, arguments, more in calls:
            if name == "advance":
                clock.advance(*arguments)
                continue
            one, other = (answer(store, name, arguments, more) for store in stores)
            assert one == other, name


def facade_of(store: KeyValueStore) -> KeyValueFacade:
    return KeyValueFacade("kv_store", lambda _: store)


def answer(store: KeyValueFacade, name: str, arguments: Any, more: Any) -> str:
    """Return what a call answers or why it is refused, with all types."""
    try:
        return repr(getattr(store, name)(*arguments, **more))
    except (RecordInvalid, TypeError) as error:
        return repr(error)
