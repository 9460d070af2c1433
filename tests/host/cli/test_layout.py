"""Text as it is laid out for a terminal."""

from __future__ import annotations

import pytest

from mooring.cli import layout
from mooring.cli.layout import aligned, fitting_table, shortened, table


def test_a_text_that_is_too_long_for_a_column_is_cut_and_shows_it() -> None:
    assert shortened("abc", limit=3) == "abc"
    assert shortened("abcd", limit=3) == "ab…"


def test_columns_are_as_wide_as_what_stands_in_them() -> None:
    laid_out = table(["A", "LONG"], [["one", "1"], ["three", "2"]], empty="None.")
    assert laid_out == "A      LONG\none    1\nthree  2"
    assert table(["A"], [], empty="None.") == "None."
    assert aligned({"a": "1", "long": "2"}) == ["a     1", "long  2"]


def test_a_cell_is_one_line_and_further_lines_of_a_fact_stand_below_its_first() -> None:
    assert table(["A", "B"], [["one\ntwo", "3"]], empty="") == "A        B\none two  3"
    assert aligned({"error": "one\ntwo", "a": "3"}) == ["error  one\n       two", "a      3"]


def test_the_widest_columns_are_cut_until_all_have_room() -> None:
    rows = [["sync", "x" * 50, "y" * 30], ["tidy", "z", "y"]]
    laid_out = table(["JOB", "SAID", "MORE"], rows, empty="", width=40).splitlines()
    assert max(map(len, laid_out)) == 40
    assert laid_out[1] == f"sync  {'x' * 15}…  {'y' * 15}…"
    assert table(["JOB"], [["sync"]], empty="", width=1) == "JOB\nsync"


@pytest.mark.parametrize("is_terminal", [True, False])
def test_on_a_terminal_ids_are_short_and_empty_columns_are_left_out(
    monkeypatch: pytest.MonkeyPatch, is_terminal: bool
) -> None:
    monkeypatch.setattr(layout, "terminal_width", lambda: 30 if is_terminal else None)
    rows = [["0193a1b2-0000-7000-8000-00000000abcd", "-", "sync"]]
    laid_out = fitting_table(["RUN", "RATE", "JOB"], rows, empty="None.")
    short = "RUN       JOB\n0000abcd  sync"
    assert laid_out == (short if is_terminal else table(["RUN", "RATE", "JOB"], rows, empty=""))
