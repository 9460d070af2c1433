"""What a JSONPath finds, and which text is none."""

from __future__ import annotations

import pytest

from mooring.model.json_path import LONGEST, json_path

ORDER = {"account": {"id": "a"}, "items": [{"p": 1, "id": "b"}, {"p": 2, "id": "c"}]}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$.account.id", ["a"]),
        ("account.id", ["a"]),
        ("$['account']['id']", ["a"]),
        ("$.items[?(@.p==1)].id", ["b"]),
        ("$.items[-1].id", ["c"]),
        ("$.items[*].id", ["b", "c"]),
        ("$..p", [1, 2]),
        ("$.nothing.here", []),
        ("$", [ORDER]),
    ],
)
def test_a_path_finds_values(path: str, found: list[object]) -> None:
    assert json_path(path)(ORDER) == found


@pytest.mark.parametrize("path", ["", "/a/b", "$.a b", "$.", "$[", "a.", "$.a-b", "$[?", " $.a"])
def test_what_is_no_path_is_refused_with_the_reason(path: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        json_path(path)


def test_a_path_has_an_end() -> None:
    with pytest.raises(ValueError, match="longer than"):
        json_path("a" * (LONGEST + 1))


def test_a_value_that_is_nested_too_deeply_is_refused() -> None:
    deep: dict[str, object] = {}
    for _ in range(3000):
        deep = {"a": deep}
    with pytest.raises(ValueError, match="recursion"):
        json_path("$..id")(deep)
