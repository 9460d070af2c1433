"""Which parts of the ``keyring`` library does the host use, and is there a keychain on this system?

The only module that imports ``keyring``. Its discovery is never used: on servers it picks backends
that prompt or fail.
"""

from __future__ import annotations

import secrets
import sys
from contextlib import closing
from typing import cast

from keyring.backend import KeyringBackend
from keyring.errors import KeyringError, PasswordDeleteError

from mooring.errors import SecretStoreUnusable

__all__ = [
    "KeyringBackend",
    "KeyringError",
    "PasswordDeleteError",
    "keeps_what_it_is_given",
    "system_keychain",
]

HINT = (
    "Log in to the desktop and unlock the keychain, or use a home with MOORING_SECRETS=encrypted."
)


def system_keychain() -> KeyringBackend:
    """Return this system's keychain. Raises SecretStoreUnusable if there is none or it is locked.

    A locked keychain would prompt, which a server cannot answer.
    """
    if sys.platform == "darwin":
        return _macos_keychain()
    if sys.platform == "win32":
        from keyring.backends.Windows import WinVaultKeyring

        return WinVaultKeyring()
    return _secret_service()


def keeps_what_it_is_given(backend: KeyringBackend) -> bool:
    """Write, read and delete a value, and tell whether that went well."""
    service, name, value = "mooring/probe", secrets.token_hex(8), secrets.token_hex(8)
    backend.set_password(service, name, value)
    try:
        return backend.get_password(service, name) == value
    finally:
        backend.delete_password(service, name)


def _macos_keychain() -> KeyringBackend:
    """Apple's keychain, told to fail where it would ask (SecKeychainSetUserInteractionAllowed)."""
    import ctypes
    import ctypes.util

    from keyring.backends.macOS import Keyring

    security = ctypes.CDLL(ctypes.util.find_library("Security"))
    security.SecKeychainSetUserInteractionAllowed(False)
    return cast(type[KeyringBackend], Keyring)()


def _secret_service() -> KeyringBackend:
    """The desktop's Secret Service; asking it about a locked collection would open a dialog."""
    import secretstorage
    from keyring.backends.SecretService import Keyring
    from secretstorage.collection import Collection

    try:
        with closing(secretstorage.dbus_init()) as bus:
            locked = Collection(bus).is_locked()
    except (secretstorage.SecretStorageException, OSError, ValueError) as error:
        # The latter two come from the bus: its socket is gone, or does not want us.
        raise SecretStoreUnusable("This system offers no keychain.", hint=HINT) from error
    if locked:
        raise SecretStoreUnusable("The keychain is locked.", hint=HINT)
    return cast(type[KeyringBackend], Keyring)()
