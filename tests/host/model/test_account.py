"""What an account can be called."""

from __future__ import annotations

import pytest

from mooring.model.account import account_option, is_account


@pytest.mark.parametrize("text", ["local", "A", "9-to_5", "x" * 64])
def test_letters_digits_and_two_signs_make_an_account(text: str) -> None:
    assert is_account(text)


@pytest.mark.parametrize(
    "text", ["", "-a", "_a", "a b", "a\0b", "a\n", "\ud800", "zü", "٣", "x" * 65]
)
def test_anything_else_is_none(text: str) -> None:
    assert not is_account(text)


def test_a_command_names_the_account_where_it_is_not_the_usual_one() -> None:
    assert account_option("local") == ""
    assert account_option("acme") == " --account acme"
