"""Keychains at the edge of the keyring library's API."""

from __future__ import annotations

import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError

from mooring.adapters.secrets.master_key import MasterKey


class Keychain(KeyringBackend):
    """A keychain in memory that behaves as the desktops' do, well or badly."""

    priority = 0.1

    def __init__(self, *, locked: bool = False, forgets: bool = False) -> None:
        self.locked = locked
        self.forgets = forgets
        self.held: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        self._unlocked()
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._unlocked()
        if not self.forgets:
            self.held[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._unlocked()
        if self.held.pop((service, username), None) is None:
            raise PasswordDeleteError("not found")

    def _unlocked(self) -> None:
        if self.locked:
            raise KeyringLocked(f"the collection is locked; it holds {list(self.held.values())}")


class FixedKeys:
    """Master keys that nobody rotates."""

    def __init__(self, *keys: MasterKey) -> None:
        self._keys = keys

    def current(self) -> MasterKey:
        return self._keys[0]

    def named(self, key_id: str) -> MasterKey | None:
        return next((key for key in self._keys if key.key_id == key_id), None)

    def known(self) -> tuple[MasterKey, ...]:
        return self._keys


@pytest.fixture
def keychain() -> Keychain:
    """Give a keychain that works and holds nothing."""
    return Keychain()


@pytest.fixture
def locked_keychain() -> Keychain:
    """Give a keychain that nobody has unlocked."""
    return Keychain(locked=True)


@pytest.fixture
def forgetful_keychain() -> Keychain:
    """Give a keychain that takes everything and keeps nothing."""
    return Keychain(forgets=True)
