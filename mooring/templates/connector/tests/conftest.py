"""What does every test start from? An installation in memory that is connected to a shop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from mooring.sdk import storage
from mooring.sdk.context import use
from mooring.testing import MemoryApp, MemoryOdp
from mooring.testing import memory_app as make_memory_app

SHOP = "https://api.example.com/v1"


def make_app() -> MemoryApp:
    """Make an installation whose ODP knows the objects of schema/."""
    return make_memory_app(odp=MemoryOdp(object_keys={"{{ app_id }}_orders": "order_id"}))


def connect() -> None:
    """Save an API key."""
    storage.settings.put("connection", {"api_key": "key-1", "connected": "Corner Shop"})


@pytest.fixture
def memory_app() -> Iterator[MemoryApp]:
    """Give the installation's services, on whose behalf the test runs."""
    app = make_app()
    with use(app.invocation):
        yield app


@pytest.fixture
def connected(memory_app: MemoryApp) -> MemoryApp:
    """Give an installation with an API key."""
    connect()
    return memory_app


@pytest.fixture
def order() -> dict[str, Any]:
    """Give an order as the shop sends it."""
    return {
        "id": 7,
        "email": "Ada@Example.com",
        "total": "12.50",
        "currency": "eur",
        "placed_at": "2026-01-02T03:04:05+00:00",
    }
