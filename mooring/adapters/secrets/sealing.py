"""How is a text kept in the database that may hold credentials nobody knows of yet?

A webhook's request waits there with its headers and its body, for a later attempt or a replay. It
is sealed under a key of its own that the vault keeps, whichever store that is, so that copies of
the database tell nothing; where it stands is sealed in with it.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING

from mooring.errors import SecretStoreUnusable

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    from mooring.adapters.secrets.vault import Vault

OWNER = "host"
KEY_BYTES = 32
NONCE_BYTES = 12
MARK = "sealed:"


class Seal:
    """Seals texts of one kind; the key is made on first use, and is the same in every process."""

    def __init__(self, kind: str, *, vault: Callable[[], Vault]) -> None:
        self._kind = kind
        self._vault = vault
        self._cipher: AESGCM | None = None

    def close(self, text: str, *, place: str) -> str:
        """Return the text as it is to be stored in a place, such as the row's id."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = self._opener().encrypt(nonce, text.encode(), self._about(place))
        return MARK + base64.b64encode(nonce + sealed).decode("ascii")

    def open(self, text: str, *, place: str) -> str:
        """Return what ``close`` was given. Raises SecretStoreUnusable for what does not open."""
        from cryptography.exceptions import InvalidTag

        if not text.startswith(MARK):
            return text  # written before there was a seal
        try:
            data = binascii.a2b_base64(text[len(MARK) :], strict_mode=True)
            opener = self._opener()
            opened = opener.decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], self._about(place))
        except (InvalidTag, ValueError) as error:
            raise SecretStoreUnusable(
                f"What is kept of {self._kind} {place} does not open: it was changed, or put there "
                "from another place.",
                hint="Put the database back from a backup, or do without it.",
            ) from error
        return opened.decode()

    def _opener(self) -> AESGCM:
        if self._cipher is None:
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM

            self._cipher = AESGCM(base64.b64decode(self._key()))
        return self._cipher

    def _key(self) -> str:
        vault, name = self._vault(), f"seals/{self._kind}"
        if found := vault.get(OWNER, name):
            return found
        with vault.exclusive(OWNER, name):
            # Another process may have been here first.
            if found := vault.get(OWNER, name):
                return found
            made = base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode("ascii")
            vault.set(OWNER, name, made)
            return made

    def _about(self, place: str) -> bytes:
        return f"mooring {self._kind} {place}".encode()
