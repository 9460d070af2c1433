"""A keychain is used when it keeps what it is given, and never asked where it would prompt."""

from __future__ import annotations

import sys

import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from mooring.adapters.secrets.keyring_port import keeps_what_it_is_given, system_keychain
from mooring.errors import SecretStoreUnusable


def test_a_keychain_that_works_is_left_as_it_was(keychain: KeyringBackend) -> None:
    assert keeps_what_it_is_given(keychain)
    assert vars(keychain)["held"] == {}


def test_a_keychain_that_forgets_is_found_out(forgetful_keychain: KeyringBackend) -> None:
    forgetful_keychain.delete_password = lambda *_: None  # type: ignore[method-assign]  # it forgets silently
    assert not keeps_what_it_is_given(forgetful_keychain)


def test_a_locked_keychain_says_so(locked_keychain: KeyringBackend) -> None:
    with pytest.raises(KeyringLocked):
        keeps_what_it_is_given(locked_keychain)


@pytest.mark.skipif(sys.platform != "linux", reason="the Secret Service is Linux's keychain")
def test_a_system_without_a_desktop_offers_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
    with pytest.raises(SecretStoreUnusable, match="MOORING_SECRETS=encrypted"):
        system_keychain()
