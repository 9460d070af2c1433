"""Two plans of one job are alike, or it is said what is not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

from mooring.engine.plans.compared import differences
from mooring.model.plan import Counted, Linked, Plan

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
PUT = ("api.example.org", "PUT", "/things/{id}")
PLAN = Plan(
    *("the-plan", "shop", "1.0.0", "1.0.0-abc", "local", 1, "sync"),
    parameters={},
    made_at=NOON,
    expires_at=NOON,
    counts=[Counted(*PUT, 2, 2)],
    reads={"GET a": "1", "kv contact/…": "2"},
    writes={"w": 2},
    linked={"w": Linked([(("content", "id"), -1)], [(("id",), -2)])},
)


def test_a_plan_that_was_kept_is_like_the_one_that_is_made_again() -> None:
    kept = Plan.from_json(json.loads(json.dumps(PLAN.to_json())))
    assert differences(kept, PLAN, most=5) == []


def test_counts_that_differ_come_first() -> None:
    again = replace(PLAN, counts=[Counted(*PUT, 3, 3)], writes={"w": 2, "x": 1}, reads={})
    assert differences(PLAN, again, most=5) == [
        "PUT api.example.org /things/{id} would be written 3 times, not 2",
        "GET a is not read any more",
        "kv contact/… is not read any more",
    ]


def test_reads_that_differ_are_named() -> None:
    again = replace(PLAN, reads={"GET a": "9", "GET b": "1"})
    assert differences(PLAN, again, most=5) == [
        "GET a is not what it was",
        "kv contact/… is not read any more",
        "GET b was not read before",
    ]


def test_reads_can_be_named_by_their_kind() -> None:
    again = replace(PLAN, reads={"GET a": "9", "GET b/1": "1", "GET b/2": "1"})
    assert differences(PLAN, again, most=5, named=lambda name: name[:5]) == [
        "GET a is not what it was",
        "kv co is not read any more",
        "GET b was not read before",
    ]


def test_only_so_many_are_named() -> None:
    again = replace(PLAN, reads={str(number): "" for number in range(5)})
    assert differences(PLAN, again, most=2) == [
        "GET a is not read any more",
        "kv contact/… is not read any more",
        "and 5 more",
    ]


def test_the_same_writes_of_something_else_are_no_plan() -> None:
    other = replace(PLAN, writes={"v": 2})
    linked = replace(PLAN, linked={"w": Linked([(("content", "id"), -2)], [(("id",), -2)])})
    for again in (other, linked):
        assert differences(PLAN, again, most=5) == ["the same writes say something else"]
