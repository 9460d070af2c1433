"""How is a text kept in the database that may hold credentials nobody knows of yet?

A webhook's request waits there with its headers and its body, for a later attempt or a replay. It
is sealed under a key of its own that the vault keeps, whichever store that is, so that copies of
the database tell nothing; where it stands is sealed in with it.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from mooring.adapters.secrets.aes import Cipher, DoesNotOpen, new_key, new_nonces
from mooring.errors import RecordInvalid

if TYPE_CHECKING:
    from mooring.adapters.secrets.vault import Vault

OWNER = "host"
MARK = "sealed:"


class Seal:
    """Seals texts of one kind; the key is made on first use, and is the same in every process."""

    def __init__(self, kind: str, *, vault: Callable[[], Vault]) -> None:
        self._kind = kind
        self._vault = vault
        self._cipher: Cipher | None = None

    def ready(self) -> None:
        """Make the key unless there is one; before a transaction, which might be taken back."""
        if self._cipher is None:
            self._cipher = _cipher(self._made_key())

    def close(self, text: str, *, place: str) -> str:
        """Return the text as it is to be stored in a place, such as the row's id."""
        (closed,) = self.close_all([(text, place)])
        return closed

    def close_all(self, texts: Sequence[tuple[str, str]]) -> list[str]:
        """Do so with many pairs of text and place, at the price of one look for random bytes."""
        self.ready()
        assert self._cipher is not None, "ready just now"
        closed = []
        for nonce, (text, place) in zip(new_nonces(len(texts)), texts, strict=True):
            sealed = self._cipher.seal(text.encode(), about=self._about(place), nonce=nonce)
            closed.append(MARK + base64.b64encode(sealed).decode("ascii"))
        return closed

    def digest(self, text: str) -> str:
        """Return what is the same for the same text, and from which nobody can guess it."""
        key = base64.b64decode(self._made_key())
        return hmac.digest(key, f"digest {text}".encode(), "sha256").hex()

    def open(self, text: str, *, place: str) -> str:
        """Return what ``close`` was given. Raises RecordInvalid for what does not open."""
        if not text.startswith(MARK):
            return text  # written before there was a seal
        if self._cipher is None and (key := self._vault().get(OWNER, self._name)):
            self._cipher = _cipher(key)
        try:
            if self._cipher is None:
                raise DoesNotOpen  # the key is gone
            data = binascii.a2b_base64(text[len(MARK) :], strict_mode=True)
            opened = self._cipher.open(data, about=self._about(place))
        except (DoesNotOpen, ValueError) as error:
            raise RecordInvalid(
                f"What is kept of {self._kind} {place} does not open: it was changed, or put there "
                "from another place.",
                hint="Put the database back from a backup, or do without it.",
            ) from error
        return opened.decode()

    @property
    def _name(self) -> str:
        return f"seals/{self._kind}"

    def _made_key(self) -> str:
        return self._vault().made_once(OWNER, self._name, make=_new_key)

    def _about(self, place: str) -> bytes:
        return f"mooring {self._kind} {place}".encode()


def _new_key() -> str:
    return base64.b64encode(new_key()).decode("ascii")


def _cipher(key: str) -> Cipher:
    return Cipher(base64.b64decode(key))
