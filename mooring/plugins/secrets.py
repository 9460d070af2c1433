"""Which secret stores does the host bring along? ``keyring`` and ``encrypted``."""

from __future__ import annotations

from typing import Any

from mooring.hookspecs import hookimpl
from mooring.model.config import HostConfig


@hookimpl(trylast=True)
def mooring_secret_backend(config: HostConfig, kind: str, database: Any) -> Any | None:
    """Offer the OS keychain and the encrypted store. Raises SecretStoreUnusable."""
    if kind == "keyring":
        from mooring.adapters.secrets.keyring_port import system_keychain

        return system_keychain()
    if kind == "encrypted":
        from mooring.adapters.secrets.encrypted import EncryptedKeyring
        from mooring.adapters.secrets.key_ring import KeyRing

        return EncryptedKeyring(database, keys=KeyRing.open(config, database))
    return None
