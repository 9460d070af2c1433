from __future__ import annotations

from mooring.testing.memory import MemoryApp
from src.clients.addresses import base_address


def test_the_real_hosts_are_the_default(memory_app: MemoryApp) -> None:
    assert base_address("BREVO") == "https://api.brevo.com/v3"


def test_the_environment_of_the_app_names_others(memory_app: MemoryApp) -> None:
    memory_app.environment["APP_ENV_BREVO_URL"] = "http://127.0.0.1:9900/brevo/v3/"
    assert base_address("BREVO") == "http://127.0.0.1:9900/brevo/v3"
