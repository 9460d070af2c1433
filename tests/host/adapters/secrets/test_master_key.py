"""A key is read in every way people write one; its id tells nothing about it."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from mooring.adapters.secrets.master_key import MasterKey, keys_in
from mooring.errors import SecretStoreUnusable

SECRET = bytes(range(200, 232))
KEY = MasterKey(SECRET)


@pytest.mark.parametrize(
    "written",
    [
        lambda s: base64.b64encode(s).decode(),
        lambda s: base64.urlsafe_b64encode(s).decode(),
        lambda s: base64.b64encode(s).decode().rstrip("="),
        lambda s: s.hex(),
        lambda s: s.hex().upper(),
        lambda s: f"  {base64.b64encode(s).decode()}\n",
    ],
)
def test_a_key_may_be_written_in_base64_or_hexadecimal(written: Callable[[bytes], str]) -> None:
    assert keys_in(written(SECRET), place="there", mend="") == (KEY,)


def test_two_keys_may_stand_in_one_place() -> None:
    other = MasterKey(bytes(32))
    assert keys_in(f"{KEY.text}\n{other.text}\n", place="there", mend="") == (KEY, other)


@pytest.mark.parametrize(
    "text", ["", "password", "ü" * 43, SECRET.hex()[:-2], "z" * 64, "A" * 45, f"{KEY.text}\nx"]
)
def test_what_is_no_key_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(SecretStoreUnusable, match=r"there: .*Make one") as unusable:
        keys_in(text, place="there", mend="Make one.")
    assert not text or text not in str(unusable.value)


def test_every_spelling_reads_as_the_key() -> None:
    assert {keys_in(text, place="", mend="") for text in KEY.spellings} == {(KEY,)}


def test_the_id_and_the_representation_tell_nothing_about_the_key() -> None:
    assert len(KEY.key_id) == 16
    assert KEY.key_id == MasterKey(SECRET).key_id != MasterKey(bytes(32)).key_id
    assert SECRET.hex()[:8] not in repr(KEY) + KEY.key_id
    assert "secret" not in repr(KEY)


def test_no_two_keys_that_are_made_are_alike() -> None:
    assert len({MasterKey.make() for _ in range(20)}) == 20
