"""In what do two outcomes differ? A line for each place: what is there, and what should be."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

LONGEST = 120  # characters shown of a value


def differences(
    expected: Any, found: Any, *, ignoring: Collection[str] = (), path: str = ""
) -> Iterator[str]:
    """Give a line for each difference; fields named in ``ignoring`` count nowhere."""
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        yield from _of_maps(expected, found, ignoring, path)
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for number, (one, other) in enumerate(zip(expected, found, strict=True)):
            yield from differences(one, other, ignoring=ignoring, path=f"{path}[{number}]")
    elif expected != found:
        yield f"{path or 'it'} is {_shown(found)}, not {_shown(expected)}"


def _of_maps(
    expected: Mapping[str, Any], found: Mapping[str, Any], ignoring: Collection[str], path: str
) -> Iterator[str]:
    for key in sorted({*expected, *found} - {*ignoring}):
        where = f"{path}.{key}" if path else key
        if key not in found:
            yield f"{where} is missing, which is {_shown(expected[key])}"
        elif key not in expected:
            yield f"{where} is too much, which is {_shown(found[key])}"
        else:
            yield from differences(expected[key], found[key], ignoring=ignoring, path=where)


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
