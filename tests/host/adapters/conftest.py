"""The secret store of a new home, over each kind of database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mooring.adapters.database import Database
from mooring.adapters.masking import Masker
from mooring.adapters.secrets.vault import Vault, open_vault
from mooring.model.config import HostConfig
from mooring.plugins.secrets import mooring_secret_backend
from mooring.testing.clock import FakeClock

MASTER_KEY = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA="


def offering(config: HostConfig, database: Database) -> Callable[[str], Any]:
    """Offer the built-in secret stores, as the plugin manager would."""
    return lambda kind: mooring_secret_backend(config=config, kind=kind, database=database)


@pytest.fixture
def config(tmp_path: Path) -> HostConfig:
    """A home with the encrypted store; the key is given, as PostgreSQL wants it."""
    return HostConfig(home=tmp_path, secrets="encrypted", master_key=MASTER_KEY)


@pytest.fixture
def masker() -> Masker:
    """A masker that knows nothing yet."""
    return Masker()


@pytest.fixture
def clock() -> FakeClock:
    """The time that the test says."""
    return FakeClock()


@pytest.fixture
def vault(config: HostConfig, database: Database, masker: Masker, clock: FakeClock) -> Vault:
    """The encrypted store of a new home."""
    offer = offering(config, database)
    return open_vault(config, database, masker=masker, offer=offer, clock=clock)
