"""What is a master key, how is it written as text, and by which id is it told from others?"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from typing import Protocol

from mooring.errors import SecretStoreUnusable

KEY_BYTES = 32
MAKE_ONE = "Make one with: openssl rand -base64 32"


@dataclass(frozen=True, slots=True)
class MasterKey:
    """An AES-256 key; ``key_id`` tells keys apart without telling anything about them."""

    secret: bytes = field(repr=False)

    @classmethod
    def make(cls) -> MasterKey:
        """Make a new one."""
        return cls(secrets.token_bytes(KEY_BYTES))

    @property
    def key_id(self) -> str:
        """Sixteen hexadecimal digits, always the same for the same key."""
        return hmac.digest(self.secret, b"mooring master key id", hashlib.sha256)[:8].hex()

    @property
    def text(self) -> str:
        """The key as it stands in a file."""
        return base64.urlsafe_b64encode(self.secret).decode("ascii")

    @property
    def spellings(self) -> tuple[str, ...]:
        """Every text that ``keys_in`` reads as this key."""
        plain = base64.b64encode(self.secret).decode("ascii")
        return (self.text, plain, self.secret.hex(), self.secret.hex().upper())


class Keys(Protocol):
    """The master keys that a process has, which may change while it runs."""

    def current(self) -> MasterKey:
        """Return the key to encrypt with; inside a write it stays that until the write ends."""

    def named(self, key_id: str) -> MasterKey | None:
        """Return the key of this id, or None if this process cannot have it."""

    def known(self) -> tuple[MasterKey, ...]:
        """Return the keys that this process has."""


def keys_in(text: str, *, place: str, mend: str) -> tuple[MasterKey, ...]:
    """Read keys, between which there is white space: one, or the new one and the former.

    Raises SecretStoreUnusable, which names ``place`` and says in ``mend`` what to do.
    """
    return tuple(_key(word, place, mend) for word in text.split() or [""])


def _key(word: str, place: str, mend: str) -> MasterKey:
    """Read 32 bytes in base64 (either alphabet) or hexadecimal."""
    try:
        if len(word) == 2 * KEY_BYTES:
            secret = bytes.fromhex(word)
        else:
            padded = word + "=" * (-len(word) % 4)
            secret = base64.b64decode(padded.translate({45: "+", 95: "/"}), validate=True)
    except (ValueError, binascii.Error):
        secret = b""
    if len(secret) != KEY_BYTES:
        raise SecretStoreUnusable(
            f"A master key is {KEY_BYTES} bytes in base64 or hexadecimal; this is not.",
            where=place,
            hint=mend,
        )
    return MasterKey(secret)
