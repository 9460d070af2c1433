"""What is kept of an order? Values in, values out: no network, no clock, no storage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Rows:
    """What is to be stored, and why the rest is not."""

    orders: list[dict[str, Any]]
    customers: list[dict[str, Any]]
    refused: list[str]


def rows_of(orders: Iterable[Any]) -> Rows:
    """Turn the shop's orders into rows; what cannot be one is refused with its reason."""
    rows = Rows([], [], [])
    for order in orders:
        try:
            row = _row(order)
        except (KeyError, TypeError, ValueError) as error:
            rows.refused.append(f"{_name(order)}: {_reason(error)}")
            continue
        rows.orders.append(row)
        rows.customers.append({"attributes": {"email": row["email"]}})
    return rows


def _row(order: Any) -> dict[str, Any]:
    if not isinstance(order, Mapping):
        raise TypeError("it is no object")
    email = str(order["email"]).strip().lower()
    if "@" not in email:
        raise ValueError("its e-mail address is none")
    return {
        "order_id": str(order["id"]),
        "email": email,
        "total": float(order["total"]),
        "currency": str(order["currency"]).upper(),
        "placed_at": int(datetime.fromisoformat(order["placed_at"]).timestamp()),
    }


def _name(order: Any) -> str:
    return f"order {order.get('id', 'without id')}" if isinstance(order, Mapping) else "order"


def _reason(error: Exception) -> str:
    return f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
