"""How does a value look on its way to Brevo, and is it what came back?

A call about one contact takes JSON's booleans, an import takes ``Yes`` and ``No``; both erase with
empty text. Brevo drops what does not fit without a word, hence the comparison.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .desired import Value

MOST_IMPORT_BYTES = 8_000_000
MOST_IMPORT_ROWS = 20_000
YES, NO = "Yes", "No"
TRUE_TEXTS = ("yes", "true", "1")


def for_call(values: Mapping[str, Value]) -> dict[str, str | bool]:
    """Return values as a call about one contact takes them."""
    return {name: "" if value is None else value for name, value in values.items()}


def for_import(email: str, values: Mapping[str, Value], *, names: Iterable[str]) -> dict[str, Any]:
    """Return a row of an import; every row has a cell for each of ``names``."""
    return {"email": email, "attributes": {name: _cell(values.get(name)) for name in names}}


def _cell(value: Value) -> str:
    if isinstance(value, bool):
        return YES if value else NO
    return value or ""


def fitting(rows: Sequence[Mapping[str, Any]], *, most_bytes: int = MOST_IMPORT_BYTES) -> int:
    """Return how many of these rows, in their order, one import takes; at least one."""
    total = 0
    for count, row in enumerate(rows):
        total += len(json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode()) + 1
        if count and (total > most_bytes or count >= MOST_IMPORT_ROWS):
            return count
    return len(rows)


def dropped(sent: Mapping[str, Value], found: Mapping[str, Any]) -> list[str]:
    """Return the attributes that do not hold what was sent, sorted."""
    return sorted(name for name, value in sent.items() if not _same(value, found.get(name)))


def _same(sent: Value, found: Any) -> bool:
    if isinstance(sent, bool):
        return found is not None and (str(found).strip().lower() in TRUE_TEXTS) == sent
    if sent is None:
        return found in (None, "")
    return found == sent or (isinstance(found, str) and found.startswith(f"{sent}T"))


def sample(items: Sequence[Any], *, size: int) -> list[Any]:
    """Return up to ``size`` items, evenly spread, the first among them."""
    step = max(1, -(-len(items) // size))
    return list(items[::step])


def missing_attributes(
    existing: Iterable[Mapping[str, Any]], *, kinds: Mapping[str, str]
) -> dict[str, str]:
    """Return the attributes to create, with their type."""
    known = {each["name"] for each in existing}
    return {name: kind for name, kind in kinds.items() if name not in known}


def unfit_attributes(
    existing: Iterable[Mapping[str, Any]], *, kinds: Mapping[str, str]
) -> list[str]:
    """Return a sentence for each attribute that is there with another type."""
    return [
        f"{each['name']} is {each.get('type', each['category'])} in Brevo and has to be {kind}"
        for each in existing
        if (kind := kinds.get(each["name"]))
        and (each.get("category", "normal"), each.get("type")) != ("normal", kind)
    ]
