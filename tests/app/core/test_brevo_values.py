from __future__ import annotations

from typing import Any

import pytest

from src.core.brevo_values import (
    MOST_IMPORT_ROWS,
    dropped,
    fitting,
    for_call,
    for_import,
    missing_attributes,
    sample,
    unfit_attributes,
)


def test_a_call_takes_booleans_and_an_import_words() -> None:
    values = {"A": True, "B": False, "C": None, "D": "x"}
    assert for_call(values) == {"A": True, "B": False, "C": "", "D": "x"}
    row = for_import("a@b.c", values, names=["A", "B", "C", "D", "E"])
    cells = {"A": "Yes", "B": "No", "C": "", "D": "x", "E": ""}
    assert row == {"email": "a@b.c", "attributes": cells}


def test_an_import_is_bounded_in_bytes_not_in_letters() -> None:
    rows = [{"email": "ü" * 50}] * 10  # 113 bytes each, with the comma
    assert fitting(rows, most_bytes=113 * 3) == 3
    assert fitting(rows, most_bytes=113 * 10) == 10


def test_an_import_takes_one_row_at_least_and_not_too_many() -> None:
    assert fitting([{"email": "x" * 100}] * 2, most_bytes=10) == 1
    assert fitting([{}] * (MOST_IMPORT_ROWS + 5)) == MOST_IMPORT_ROWS


@pytest.mark.parametrize(
    ("sent", "found"),
    [(True, True), (True, "Yes"), (False, "no"), (None, None), (None, ""), ("x", "x"),
     ("2026-01-02", "2026-01-02T00:00:00.000Z")],
)  # fmt: skip
def test_what_came_back_equals_what_was_sent(sent: Any, found: Any) -> None:
    assert dropped({"A": sent}, {"A": found}) == []


@pytest.mark.parametrize(
    ("sent", "found"), [(True, False), (False, None), (None, "x"), ("x", None), ("x", "y")]
)
def test_what_was_dropped_is_named(sent: Any, found: Any) -> None:
    assert dropped({"B": sent, "A": sent}, {"A": found, "B": found}) == ["A", "B"]


def test_a_sample_is_spread_evenly() -> None:
    assert sample(list(range(10)), size=5) == [0, 2, 4, 6, 8]
    assert sample([1, 2], size=5) == [1, 2]
    assert len(sample(list(range(2000)), size=20)) == 20
    assert len(sample(list(range(21)), size=20)) <= 20


def test_attributes_are_created_or_refused_by_their_type() -> None:
    existing = [
        {"name": "DAY", "category": "normal", "type": "text"},
        {"name": "NAME", "category": "normal", "type": "text"},
        {"name": "KIND", "category": "category", "type": "category"},
    ]
    kinds = {"DAY": "date", "NAME": "text", "NEW": "boolean", "KIND": "text"}
    assert missing_attributes(existing, kinds=kinds) == {"NEW": "boolean"}
    assert unfit_attributes(existing, kinds=kinds) == [
        "DAY is text in Brevo and has to be date",
        "KIND is category in Brevo and has to be text",
    ]
