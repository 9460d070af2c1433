"""The connector in memory, with prepared answers of the services."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mooring.sdk import storage
from mooring.sdk.context import use
from mooring.testing.memory import MemoryApp
from mooring.testing.memory import memory_app as make_memory_app
from src.core.settings import Connection, write_connection
from src.lifecycle.lifecycle import Lifecycle

API = "https://api.optimizely.com/v2"
FLAGS = "https://api.optimizely.com/flags/v1"
CDN = "https://cdn.optimizely.com/datafiles"
SHOP = Connection("1", "Shop", "production", "shop-key")
MOBILE = Connection("2", "Mobile", "production", "mobile-key")
TOKEN = "canary-decisions-token"


@pytest.fixture
def connector() -> Iterator[MemoryApp]:
    """Give an installed connector that is connected to two projects and to Brevo."""
    app = make_memory_app(app_id="optimizely_connector")
    with use(app.invocation):
        Lifecycle().on_install()
        storage.settings.patch("optimizely", {"access_token": "canary-token"})
        storage.settings.patch("brevo", {"api_key": "canary-key"})
        connections = [write_connection(each) for each in (SHOP, MOBILE)]
        storage.settings.patch("projects", {"connections": connections})
        storage.secrets.put("decisions_token", {"value": TOKEN})
        yield app


def prepare_datafile(app: MemoryApp, sdk_key: str, *, revision: int = 7, status: int = 200) -> None:
    """Let the CDN have a datafile with one rule that delivers to everyone."""
    content = {
        "version": "4",
        "revision": str(revision),
        "experiments": [{"id": "1", "key": "checkout_q3"}],
        "rollouts": [{"id": "2", "experiments": [{"id": "3", "key": "to_everyone"}]}],
    }
    app.http.answer("GET", f"{CDN}/{sdk_key}.json", json=content, status=status)
