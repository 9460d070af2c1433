"""What an account can be called."""

from __future__ import annotations

import pytest

from mooring.model.account import is_account


@pytest.mark.parametrize("text", ["local", "A", "9-to_5", "x" * 64])
def test_letters_digits_and_two_signs_make_an_account(text: str) -> None:
    assert is_account(text)


@pytest.mark.parametrize(
    "text", ["", "-a", "_a", "a b", "a\0b", "a\n", "\ud800", "zü", "٣", "x" * 65]
)
def test_anything_else_is_none(text: str) -> None:
    assert not is_account(text)
