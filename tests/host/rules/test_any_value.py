"""Whatever stands in a file, validating ends with problems that can be read."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from itertools import cycle
from typing import Any

import pytest

from mooring.reading.yaml_reader import read_yaml

MISSING = object()
VALUES: tuple[Any, ...] = (None, 5, "x", "", [], {}, True, [[]], {"a": 1}, ["a"], -1, MISSING)
FILES = ("app.yml", "forms/settings.yml", "schema/shop_app_orders.yml", "schema/customers.yml")


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(value, dict | list):
        for step, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from paths(inner, (*path, step))


def with_value(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return None if value is MISSING else value
    changed = copy.deepcopy(document)
    place = changed
    for step in path[:-1]:
        place = place[step]
    if value is MISSING:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return changed


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("first", [0, 5])
def test_any_value_in_any_place_is_survived(app: Any, file: str, first: int) -> None:
    original = read_yaml(app.root / file, file=file).value
    values = cycle((*VALUES[first:], *VALUES[:first]))
    for path in paths(original):
        app.write(file, json.dumps(with_value(original, path, next(values))))
        for problem in app.problems():
            assert problem.message.endswith("."), problem
            assert problem.line >= 1
