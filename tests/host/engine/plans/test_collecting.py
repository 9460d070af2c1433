"""What a plan has collected: each write by what it says, and what it rests on by what was read."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.engine.plans.collecting import NOTIFICATIONS, SAMPLES, Collector
from mooring.engine.plans.outgoing import Write, digest
from mooring.model.plan import Counted, Linked


@pytest.fixture
def collector() -> Collector:
    return Collector("the-plan")


def write(target: str, *, action: str = "POST", **more: Any) -> Write:
    return Write("api.example.org", action, tuple(target.split("/")), **more)


def test_writes_are_counted_by_kind_with_the_records_that_they_carry(collector: Collector) -> None:
    for number in range(3):
        collector.collect(write(f"/things/{number}", rows=10))
    collector.collect(write("/things/1", action="DELETE"))
    assert collector.counts == [
        Counted("api.example.org", "POST", "/things/{id}", 3, 30),
        Counted("api.example.org", "DELETE", "/things/{id}", 1, 1),
    ]
    assert collector.total == 4


def test_samples_are_the_first_of_each_kind(collector: Collector) -> None:
    for number in range(SAMPLES + 2):
        collector.collect(write(f"/things/{number}", action="PUT"))
        collector.collect(write(f"/things/{number}", action="DELETE"))
    shown = [(sample["action"], sample["target"]) for sample in collector.samples]
    assert shown == [
        (action, f"/things/{number}") for action in ("PUT", "DELETE") for number in range(SAMPLES)
    ]


def test_equal_writes_are_one_that_is_made_twice(collector: Collector) -> None:
    for content in ("x", "x", "y"):
        collector.collect(write("/things", content=content))
    assert sorted(collector.writes.values()) == [1, 2]
    assert collector.total == 3


def test_what_a_later_write_says_of_an_earlier_answer_is_linked_to_it(collector: Collector) -> None:
    collector.collect(write("/things", answer={"id": -1}))
    collector.collect(write("/things/-1", content={"in": -1, "run": "the-plan"}))
    collector.collect(write("/things/-9"))
    first, second = collector.linked.values()
    assert first == Linked([], [(("id",), -1)])
    assert sorted(second.blanks, key=str) == [
        (("content", "in"), -1),
        (("content", "run"), "the-plan"),
        (("parts", 2), "-1"),
    ]


def test_the_last_write_without_an_answer_is_known(collector: Collector) -> None:
    collector.collect(write("/things", answer={"id": -1}))
    assert collector.last_unanswered is None
    collector.collect(write("/others"))
    collector.collect(write("/things", answer={"id": -2}))
    assert collector.last_unanswered == write("/others")


def test_what_an_attempt_that_failed_would_have_written_is_taken_back(collector: Collector) -> None:
    collector.begin_attempt()
    collector.collect(write("/things", content="kept"))
    collector.begin_attempt()
    collector.collect(write("/things", content="kept"))
    collector.collect(write("/things", answer={"id": -1}))
    collector.collect(write("/others"))
    collector.take_back()
    assert collector.writes == {digest(write("/things", content="kept").identity()): 1}
    assert collector.counts == [Counted("api.example.org", "POST", "/things", 1, 1)]
    assert [sample["content"] for sample in collector.samples] == ["kept"]
    assert collector.linked == {}


def test_what_was_read_first_counts(collector: Collector) -> None:
    collector.read("GET things", "before")
    collector.read("GET things", "after the plan's own change")
    collector.read_record("kv", "list", "before")
    collector.read_record("kv", "list", "after the plan's own change")
    assert collector.reads == {"GET things": "before", "kv list": digest([["list", "before"]])}


def test_records_are_compared_by_store_and_first_part_of_the_key() -> None:
    def of(**records: Any) -> dict[str, str]:
        made = Collector("the-plan")
        for key, found in records.items():
            made.read_record("kv", key.replace("_", "/"), found)
        return made.reads

    one = of(a_1="x", a_2="y", b="z")
    assert set(one) == {"kv a/…", "kv b"}
    assert one == of(b="z", a_2="y", a_1="x")
    assert one["kv a/…"] != of(a_1="x", a_2="z")["kv a/…"]
    assert one["kv a/…"] != of(a_1="y", a_2="x")["kv a/…"]
    assert digest([["b", "z"]]) == one["kv b"]


def test_people_are_shown_no_more_notifications_than_they_read(collector: Collector) -> None:
    for number in range(NOTIFICATIONS + 5):
        collector.tell({"title": number})
    assert collector.notifications == [{"title": number} for number in range(NOTIFICATIONS)]
