"""A plan knows whether what lets it in, and what the app was given, is still the same."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from mooring.engine.plans.connections import (
    CONNECTION,
    ENVIRONMENT,
    NOT_CONNECTED,
    connection,
    moved,
)
from mooring.model.plan import Plan

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
SHOP = {"access_token": "a", "connected_at": "2026-11-25", "section": "shop"}
PLAN = Plan(
    *("the-plan", "shop", "1.0.0", "1.0.0-abc", "local", 1, "sync"),
    parameters={},
    made_at=NOON,
    expires_at=NOON,
    reads={f"{CONNECTION}shop": connection(SHOP), ENVIRONMENT: "e", "GET a": "1"},
)


def found(environment: str, record: Mapping[str, Any]) -> list[str]:
    return list(moved(PLAN, environment=environment, kept={"oauth/shop": record}.__getitem__))


def test_a_renewed_token_is_the_same_connection() -> None:
    assert connection({**SHOP, "access_token": "b", "issued_at": "later"}) == connection(SHOP)
    assert found("e", {**SHOP, "access_token": "b"}) == []


def test_who_connected_anew_or_elsewhere_has_another() -> None:
    others = [{**SHOP, "connected_at": "2026-11-26"}, {**SHOP, "section": "depot"}, {}]
    for other in others:
        assert found("e", other) == ["connection shop"]
    assert connection(None) == connection({}) == NOT_CONNECTED


def test_another_environment_is_named_first() -> None:
    assert found("f", {}) == [ENVIRONMENT, "connection shop"]
