"""What is asked of the shop, and what does a refusal mean?"""

from __future__ import annotations

import pytest
from mooring.sdk import errors
from mooring.testing import MemoryApp

from src.clients.shop import Shop

from .conftest import SHOP


def test_the_key_goes_along_as_a_header_and_nowhere_else(memory_app: MemoryApp) -> None:
    memory_app.http.answer("GET", f"{SHOP}/account", json={"name": "Corner Shop"})
    assert Shop("key-1").account() == "Corner Shop"
    (request,) = memory_app.http.requests
    assert request.headers == {"authorization": "Bearer key-1"}
    assert "key-1" not in request.url


def test_pages_are_asked_for_by_where_the_last_one_ended(memory_app: MemoryApp) -> None:
    memory_app.http.answer("GET", f"{SHOP}/orders", json={"orders": [], "next": "o-100"})
    assert Shop("key-1").orders("o-0").after == "o-100"
    assert memory_app.http.requests[0].params == {"limit": "100", "after": "o-0"}


def test_another_address_can_be_named(memory_app: MemoryApp) -> None:
    memory_app.environment["APP_ENV_SHOP_URL"] = "http://127.0.0.1:9000/"
    memory_app.http.answer("GET", "http://127.0.0.1:9000/v1/account", json={"name": "Test Shop"})
    assert Shop("key-1").account() == "Test Shop"


def test_a_key_that_is_not_accepted_is_an_error_of_its_own(memory_app: MemoryApp) -> None:
    memory_app.http.answer("GET", f"{SHOP}/account", status=401)
    with pytest.raises(errors.CredentialsRejected):
        Shop("key-1").account()
