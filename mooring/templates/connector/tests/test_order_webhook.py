"""Is an order stored that the shop announces?"""

from __future__ import annotations

import json
from typing import Any

import pytest
from mooring.sdk import Request, errors, odp, storage
from mooring.testing import MemoryApp

from src.functions.order_webhook import OrderWebhook


def deliver(body: Any) -> tuple[int, Any]:
    answer = OrderWebhook(Request(method="POST", body=json.dumps(body).encode())).perform()
    return answer.status, answer.body_json


def test_an_order_is_stored(memory_app: MemoryApp, order: dict[str, Any]) -> None:
    assert deliver(order) == (200, {"stored": 1})
    assert [row["order_id"] for row in odp.objects("{{ app_id }}_orders")] == ["7"]
    assert odp.customer("email", "ada@example.com") is not None


def test_an_order_that_cannot_be_one_is_refused(memory_app: MemoryApp) -> None:
    assert deliver({"id": 9}) == (422, {"stored": 0})


@pytest.mark.parametrize("body", [[], "order", None])
def test_what_is_no_order_is_a_bad_request(memory_app: MemoryApp, body: Any) -> None:
    with pytest.raises(errors.RequestInvalid, match="no order"):
        deliver(body)


def test_switched_off_nothing_is_stored(memory_app: MemoryApp, order: dict[str, Any]) -> None:
    storage.settings.put("orders", {"enabled": False})
    assert deliver(order) == (200, {"stored": 0})
    assert odp.objects("{{ app_id }}_orders") == []
