"""Is every difference named, and nothing else?"""

from __future__ import annotations

from typing import Any

import pytest

from mooring.testing.differences import differences


@pytest.mark.parametrize(
    ("expected", "found", "said"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": {"b": [1, {"c": 2}]}}, {"a": {"b": [1, {"c": 3}]}}, ["a.b[1].c is 3, not 2"]),
        ({"a": 1}, {"b": 2}, ["a is missing, which is 1", "b is too much, which is 2"]),
        ({"a": [1]}, {"a": [1, 2]}, ["a is [1, 2], not [1]"]),
        ({"a": {"b": 1}}, {"a": None}, ['a is null, not {"b": 1}']),
        (1, "1", ['it is "1", not 1']),
        ({"a": {"at": 1}, "at": 2}, {"a": {"at": 3}}, []),
    ],
)
def test_a_line_for_each_difference(expected: Any, found: Any, said: list[str]) -> None:
    assert list(differences(expected, found, ignoring=["at"])) == said


def test_long_values_are_cut() -> None:
    (line,) = differences({"a": "x" * 500}, {"a": ""})
    assert len(line) < 150
