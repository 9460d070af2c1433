"""A plan is the same after it was kept as JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from mooring.model.plan import Counted, Linked, Plan

PLAN = Plan(
    *("the-plan", "shop", "1.0.0", "1.0.0-abc", "local", 1, "sync"),
    parameters={"n": 1},
    made_at=datetime(2026, 11, 25, 12, 0, 0, 123456, tzinfo=UTC),
    expires_at=datetime(2026, 11, 26, 12, tzinfo=UTC),
    steps=3,
    counts=[Counted("api.example.org", "PUT", "/things/{id}", 3, 3)],
    samples=[{"content": {"a": 1}}],
    kept={"kv_store": 2},
    state={"done": True},
    reads={"GET a": "1"},
    writes={"w": 2, "v": 1},
    linked={"w": Linked([["content", "id"]], [[["id"], -2]])},
)


def test_a_plan_comes_back_from_json_as_it_was() -> None:
    assert Plan.from_json(json.loads(json.dumps(PLAN.to_json()))) == PLAN


def test_its_json_says_how_many_writes_there_are_and_when_it_was_made() -> None:
    said = PLAN.to_json()
    assert (said["total"], said["made_at"]) == (3, "2026-11-25T12:00:00.123456Z")
