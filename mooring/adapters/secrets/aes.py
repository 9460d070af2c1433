"""How is something sealed so that it opens unchanged, in its place, or not at all? AES-256-GCM."""

from __future__ import annotations

import secrets

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16


class DoesNotOpen(Exception):
    """It was changed, sealed about something else, or under another key."""


def new_key() -> bytes:
    """Make a key."""
    return secrets.token_bytes(KEY_BYTES)


def new_nonces(count: int) -> list[bytes]:
    """Make nonces at the price of one look for random bytes.

    Each such look lets another thread run, which may take its time.
    """
    random = secrets.token_bytes(NONCE_BYTES * count)
    return [random[at : at + NONCE_BYTES] for at in range(0, len(random), NONCE_BYTES)]


class Cipher:
    """Seals under one key; ``about`` is no part of what comes out, but needed to open it."""

    def __init__(self, key: bytes) -> None:
        # Costs time, which commands that seal nothing should not pay.
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._aes = AESGCM(key)

    def seal(self, data: bytes, *, about: bytes, nonce: bytes = b"") -> bytes:
        """Return nonce and ciphertext; a nonce that is given was never used with this key."""
        nonce = nonce or secrets.token_bytes(NONCE_BYTES)
        return nonce + self.seal_at(nonce, data, about=about)

    def open(self, sealed: bytes, *, about: bytes) -> bytes:
        """Return what ``seal`` was given. Raises DoesNotOpen."""
        return self.open_at(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], about=about)

    def seal_at(self, nonce: bytes, data: bytes, *, about: bytes) -> bytes:
        """Return the ciphertext alone, for whoever knows the nonce from its place."""
        return self._aes.encrypt(nonce, data, about)

    def open_at(self, nonce: bytes, sealed: bytes, *, about: bytes) -> bytes:
        """Return what ``seal_at`` was given. Raises DoesNotOpen."""
        from cryptography.exceptions import InvalidTag

        try:
            return self._aes.decrypt(nonce, sealed, about)
        except (InvalidTag, ValueError) as error:
            raise DoesNotOpen from error
