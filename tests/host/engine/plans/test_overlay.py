"""Stores over stores: the contract of every store, and nothing below ever changes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.engine.plans.overlay import ABSENT, KeyValueOverlay, RecordOverlay, SecretOverlay
from mooring.testing.clock import FakeClock
from mooring.testing.contracts import KeyValueStoreContract, RecordStoreContract
from mooring.testing.memory_stores import MemoryKeyValueStore, MemoryRecords, MemoryRecordStore


class Noted(dict[str, str]):
    """What an overlay read from below."""

    def __call__(self, key: str, found: str) -> None:
        self.setdefault(key, found)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def records(clock: FakeClock) -> MemoryRecords:
    return MemoryRecords(clock)


def key_values(
    records: MemoryRecords, clock: FakeClock, owner: str = "1", noted: Noted | None = None
) -> KeyValueOverlay:
    below = MemoryKeyValueStore(records, owner=owner)
    noting = Noted() if noted is None else noted
    return KeyValueOverlay(below, pages=below, clock=clock, noting=noting)


class TestRecordOverlay(RecordStoreContract):
    @pytest.fixture
    def store(self, records: MemoryRecords, clock: FakeClock) -> RecordOverlay:
        return RecordOverlay(MemoryRecordStore(records, owner="1"), clock=clock, noting=Noted())

    @pytest.fixture
    def other(self, records: MemoryRecords, clock: FakeClock) -> RecordOverlay:
        return RecordOverlay(MemoryRecordStore(records, owner="2"), clock=clock, noting=Noted())


class TestKeyValueOverlay(KeyValueStoreContract):
    @pytest.fixture
    def store(self, records: MemoryRecords, clock: FakeClock) -> KeyValueOverlay:
        return key_values(records, clock)

    @pytest.fixture
    def other(self, records: MemoryRecords, clock: FakeClock) -> KeyValueOverlay:
        return key_values(records, clock, "2")


KEYS = st.sampled_from(["a", "a/1", "a/2", "a/3", "b/1", "b/2", "c"])
RECORDS = st.dictionaries(st.sampled_from("xy"), st.integers(0, 2), max_size=2)
CALLS = st.one_of(
    st.tuples(st.just("get"), KEYS),
    st.tuples(st.just("exists"), KEYS),
    st.tuples(st.just("put"), KEYS, RECORDS),
    st.tuples(st.just("patch"), KEYS, RECORDS),
    st.tuples(st.just("delete"), KEYS),
    st.tuples(st.just("delete"), KEYS, st.just(["x"])),
    st.tuples(st.just("put_many"), st.dictionaries(KEYS, RECORDS, max_size=3)),
    st.tuples(st.just("get_many"), st.lists(KEYS, max_size=3)),
    st.tuples(st.just("delete_many"), st.lists(KEYS, max_size=3)),
    st.tuples(st.just("count"), st.sampled_from(["", "a", "a/", "b"])),
    st.tuples(st.just("scan"), st.sampled_from(["", "a", "a/", "b"]), KEYS, st.integers(1, 4)),
)


@given(seeds=st.dictionaries(KEYS, RECORDS), calls=st.lists(CALLS, max_size=25))
def test_what_is_over_a_store_answers_like_the_store_and_leaves_it_alone(
    seeds: dict[str, Any], calls: list[tuple[Any, ...]]
) -> None:
    clock = FakeClock()
    below, like = MemoryRecords(clock), MemoryRecords(clock)
    for records in (below, like):
        MemoryKeyValueStore(records, owner="1").put_many(seeds)
    before = below.everything()
    over, alone = key_values(below, clock), MemoryKeyValueStore(like, owner="1")
    for name, *asked in calls:
        more = {}
        if name == "scan":
            asked, more = asked[:1], {"after": asked[1], "limit": asked[2]}
        assert getattr(over, name)(*asked, **more) == getattr(alone, name)(*asked, **more), name
    assert below.everything() == before


def test_every_record_that_is_read_from_below_is_told_with_its_digest(
    records: MemoryRecords, clock: FakeClock
) -> None:
    MemoryKeyValueStore(records, owner="1").put_many({"a/1": {"x": 1}, "a/2": {"x": 1}, "b": {}})
    noted = Noted()
    store = key_values(records, clock, noted=noted)
    store.put("own", {"x": 1})
    store.get("own")
    store.scan("a/")
    store.get_many(["b", "missing"])
    assert set(noted) == {"own", "a/1", "a/2", "b", "missing"}
    assert noted["a/1"] == noted["a/2"] != noted["b"]
    assert noted["missing"] == noted["own"] == ABSENT


def test_an_expiry_from_below_holds_above(records: MemoryRecords, clock: FakeClock) -> None:
    MemoryKeyValueStore(records, owner="1").put("k", {"n": 1}, ttl=10)
    store = key_values(records, clock)
    store.patch("k", {"m": 2})
    clock.advance(9)
    assert store.get("k") == {"n": 1, "m": 2}
    clock.advance(1)
    assert not store.exists("k")


def test_changes_are_counted_by_record(records: MemoryRecords, clock: FakeClock) -> None:
    MemoryKeyValueStore(records, owner="1").put("k", {"n": 1})
    store = key_values(records, clock)
    store.put("new", {})
    store.put("new", {"again": 1})
    store.delete("k")
    store.delete("missing")
    store.delete_many(["missing too"])
    assert store.changed == 2


def test_tokens_that_are_renewed_are_kept_for_real(
    records: MemoryRecords, clock: FakeClock
) -> None:
    below, noted = MemoryRecordStore(records, owner="1"), Noted()
    below.put("oauth/shop", {"access_token": "old"})
    store = SecretOverlay(below, clock=clock, noting=noted)
    store.patch("oauth/shop", lambda record: {**record, "access_token": "new"})
    assert below.get("oauth/shop") == store.get("oauth/shop") == {"access_token": "new"}
    first = dict(noted)
    store.patch("oauth/shop", lambda record: {**record, "access_token": "newer"})
    again = Noted()
    SecretOverlay(below, clock=clock, noting=again).get("oauth/shop")
    assert again == first  # whoever has a new token lives in the same world
    below.put("oauth/shop", {"access_token": "new", "connected_at": "2026-11-25T12:00:00+00:00"})
    anew = Noted()
    SecretOverlay(below, clock=clock, noting=anew).get("oauth/shop")
    assert anew != first  # and whoever was connected anew, in another


def test_no_other_secret_is_kept_and_no_token_is_forgotten(
    records: MemoryRecords, clock: FakeClock
) -> None:
    below = MemoryRecordStore(records, owner="1")
    below.put("oauth/shop", {"access_token": "old"})
    store = SecretOverlay(below, clock=clock, noting=Noted())
    store.patch("api", {"key": "k"})
    store.delete("oauth/shop")
    store.patch("oauth/shop", {"access_token": "mine"})
    assert store.get("api") == {"key": "k"}
    assert store.get("oauth/shop") == {"access_token": "mine"}
    assert below.get("oauth/shop") == {"access_token": "old"}
    assert not below.exists("api")
