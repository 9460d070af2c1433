from __future__ import annotations

from mooring.sdk import storage
from mooring.testing.memory import MemoryApp
from src.clients.stored_settings import load_settings
from src.core.settings import Settings


def test_nothing_saved_means_defaults(memory_app: MemoryApp) -> None:
    assert load_settings() == Settings()


def test_every_section_is_read(memory_app: MemoryApp) -> None:
    storage.settings.put("optimizely", {"access_token": "t"})
    storage.settings.put("brevo", {"api_key": "k"})
    storage.settings.put("sync", {"enabled": False})
    storage.settings.put("mapping", {"user_id": "ext_id"})
    storage.settings.put("diagnostics", {"log_decisions": True})
    found = load_settings()
    assert (found.access_token, found.brevo_api_key) == ("t", "k")
    assert (found.enabled, found.user_id, found.log_decisions) == (False, "ext_id", True)
