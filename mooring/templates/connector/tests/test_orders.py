"""What is kept of an order?"""

from __future__ import annotations

from typing import Any

import pytest

from src.core.orders import rows_of


def test_an_order_becomes_a_row_and_its_buyer_a_customer(order: dict[str, Any]) -> None:
    rows = rows_of([order])
    assert rows.orders == [
        {
            "order_id": "7",
            "email": "ada@example.com",
            "total": 12.5,
            "currency": "EUR",
            "placed_at": 1767323045,
        }
    ]
    assert rows.customers == [{"attributes": {"email": "ada@example.com"}}]
    assert rows.refused == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"email": "nobody"}, "order 7: its e-mail address is none"),
        ({"total": "much"}, "order 7: could not convert string to float: 'much'"),
        ({"placed_at": None}, "order 7: fromisoformat: argument must be str"),
    ],
)
def test_an_unusable_order_is_refused_with_its_reason(
    order: dict[str, Any], change: dict[str, Any], reason: str
) -> None:
    assert rows_of([{**order, **change}]).refused == [reason]


def test_the_others_go_on(order: dict[str, Any]) -> None:
    rows = rows_of(["nonsense", {"id": 8}, order])
    assert [row["order_id"] for row in rows.orders] == ["7"]
    assert rows.refused == ["order: it is no object", "order 8: email is missing"]
