"""What has this installation been told, and where do its orders go?"""

from __future__ import annotations

from typing import Any

from mooring.sdk import logger, odp, storage

from ..core.orders import rows_of

ORDERS = "{{ app_id }}_orders"


def api_key() -> str:
    """Return the key that was tried and kept, or an empty text."""
    return str(storage.settings.get("connection").get("api_key", ""))


def is_enabled() -> bool:
    """Say whether orders are to be stored."""
    return bool(storage.settings.get("orders").get("enabled", True))


def store(orders: list[Any]) -> tuple[int, int]:
    """Store orders; return how many were written and how many were refused."""
    rows = rows_of(orders)
    if rows.orders:
        odp.upsert_customers(rows.customers)
        odp.upsert_objects(ORDERS, rows.orders)
    for reason in rows.refused:
        logger.warn("order.refused", reason=reason)
    return len(rows.orders), len(rows.refused)
