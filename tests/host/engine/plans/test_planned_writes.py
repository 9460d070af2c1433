"""A write of the real run is one of the plan's if it says the same, blanks filled in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from mooring.engine.plans.outgoing import Write, digest
from mooring.engine.plans.planned_writes import PlannedWrites
from mooring.model.plan import Linked, Plan

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
MADE = Write("api.example.org", "POST", ("", "lists"), content={"name": "ours"})
FILLED = Write("api.example.org", "POST", ("", "lists", "-1"), content={"in": -1, "run": "plan"})
BLANKS = [(("parts", 2), "-1"), (("content", "in"), -1), (("content", "run"), "plan")]


def key(write: Write) -> str:
    return digest(write.identity())


def planned(known: Mapping[str, Any] | None = None) -> PlannedWrites:
    """Return the writes of a plan that makes a list, and twice puts something into it."""
    plan = Plan(
        *("plan", "shop", "1.0.0", "1.0.0-abc", "local", 1, "sync"),
        parameters={},
        made_at=NOON,
        expires_at=NOON,
        writes={key(MADE): 1, key(FILLED): 2},
        linked={
            key(MADE): Linked([], [(("id",), -1)]),
            key(FILLED): Linked(BLANKS, []),
        },
    )
    return PlannedWrites(plan, run_id="run", known=known or {})


def filled(number: Any, *, run: str = "run") -> Write:
    content = {"in": number, "run": run}
    return Write("api.example.org", "POST", ("", "lists", str(number)), content=content)


def test_a_write_without_blanks_is_found_as_it_is_and_no_other() -> None:
    writes = planned()
    found = writes.found(MADE)
    assert found == key(MADE)
    assert writes.count(found) == 1
    assert writes.found(Write("api.example.org", "POST", ("", "lists"), content={})) is None


def test_what_the_service_answered_is_turned_back_into_the_words_of_the_plan() -> None:
    writes = planned()
    assert writes.found(filled(17)) is None, "nobody has told of 17 yet"
    assert writes.learned(key(MADE), {"id": 17, "more": True}) == {"-1": 17}
    found = writes.found(filled(17))
    assert found == key(FILLED)
    assert writes.count(found) == 2


@pytest.mark.parametrize("other", [filled(18), filled(17, run="another")])
def test_what_holds_something_else_where_a_blank_stands_is_not_planned(other: Write) -> None:
    writes = planned()
    writes.learned(key(MADE), {"id": 17})
    assert writes.found(other) is None


def test_what_was_learned_before_a_crash_is_known_again() -> None:
    assert planned({"-1": 17}).found(filled(17)) == key(FILLED)


@pytest.mark.parametrize("answer", [None, {}, {"id": None}, [17], "17"])
def test_an_answer_that_does_not_tell_teaches_nothing(answer: Any) -> None:
    writes = planned()
    assert writes.learned(key(MADE), answer) == {}
    assert writes.found(filled(17)) is None


def test_the_write_that_is_compared_stays_as_it_is() -> None:
    write = filled(17)
    assert planned({"-1": 17}).found(write) == key(FILLED)
    assert write == filled(17)
