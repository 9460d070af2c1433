"""What does a recipient get to read?"""

from __future__ import annotations

import pytest

from src.core.texts import LONGEST, fault_of, filled, page


def test_values_take_the_place_of_their_names() -> None:
    assert filled("Hi %%name%%, %%unknown%%bye", {"name": "Ada"}) == "Hi Ada, bye"


def test_a_value_is_not_searched_for_further_names() -> None:
    assert filled("%%a%%", {"a": "%%b%%", "b": "c"}) == "%%b%%"


@pytest.mark.parametrize(
    ("text", "fault"),
    [("Hello", ""), (" ", "Write a text."), ("x" * LONGEST, ""), ("x" * (LONGEST + 1), "Shorten")],
)
def test_a_text_is_neither_blank_nor_too_long(text: str, fault: str) -> None:
    assert fault_of(text).startswith(fault)
    assert bool(fault_of(text)) == bool(fault)


def test_a_page_shows_values_as_text() -> None:
    assert "<p>&lt;b&gt;<br>&amp;</p>" in page("Shop", "<b>\n&")
