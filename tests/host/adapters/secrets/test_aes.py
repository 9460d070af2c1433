"""What is sealed opens unchanged, at its place, under its key, and else not at all."""

from __future__ import annotations

import pytest

from mooring.adapters.secrets.aes import (
    NONCE_BYTES,
    TAG_BYTES,
    Cipher,
    DoesNotOpen,
    new_key,
    new_nonces,
)


def test_what_is_sealed_opens_again_and_is_never_twice_the_same() -> None:
    cipher = Cipher(new_key())
    first, second = (cipher.seal(b"text", about=b"place") for _ in range(2))
    assert first != second
    assert len(first) == NONCE_BYTES + len(b"text") + TAG_BYTES
    assert cipher.open(first, about=b"place") == cipher.open(second, about=b"place") == b"text"


def test_what_was_changed_or_moved_or_cut_does_not_open() -> None:
    cipher = Cipher(new_key())
    sealed = cipher.seal(b"text", about=b"place")
    changed = bytes([sealed[-1] ^ 1])
    for wrong in (sealed[:-1] + changed, changed + sealed[1:], sealed[:NONCE_BYTES], b""):
        with pytest.raises(DoesNotOpen):
            cipher.open(wrong, about=b"place")
    with pytest.raises(DoesNotOpen):
        cipher.open(sealed, about=b"elsewhere")
    with pytest.raises(DoesNotOpen):
        Cipher(new_key()).open(sealed, about=b"place")


def test_a_nonce_may_be_known_from_its_place() -> None:
    cipher, (nonce, other) = Cipher(new_key()), new_nonces(2)
    sealed = cipher.seal_at(nonce, b"text", about=b"")
    assert nonce + sealed == cipher.seal(b"text", about=b"", nonce=nonce)
    assert cipher.open_at(nonce, sealed, about=b"") == b"text"
    assert other != nonce
    with pytest.raises(DoesNotOpen):
        cipher.open_at(other, sealed, about=b"")
