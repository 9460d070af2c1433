"""Text as it is laid out for a terminal."""

from __future__ import annotations

from mooring.cli.layout import aligned, shortened, table


def test_a_text_that_is_too_long_for_a_column_is_cut_and_shows_it() -> None:
    assert shortened("abc", limit=3) == "abc"
    assert shortened("abcd", limit=3) == "ab…"


def test_columns_are_as_wide_as_what_stands_in_them() -> None:
    laid_out = table(["A", "LONG"], [["one", "1"], ["three", "2"]], empty="None.")
    assert laid_out == "A      LONG\none    1\nthree  2"
    assert table(["A"], [], empty="None.") == "None."
    assert aligned({"a": "1", "long": "2"}) == ["a     1", "long  2"]
