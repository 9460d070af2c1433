"""What do counting, queueing and collecting do to a record? Pure: record in, record and answer out.

An edit looks at all its fields before it changes one, so an unfit field leaves the others as they
were. One that has nothing to change returns None for the record, and nothing is written.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from mooring.errors import RecordInvalid
from mooring.sdk.ports import Edit, Record
from mooring.sdk.sets import NumberSet, SetOf, StringSet, belongs_in, is_number

NAMES: dict[type, str] = {NumberSet: "a set of numbers", StringSet: "a set of texts"}


def increased(key: str, amounts: Mapping[str, float]) -> Edit[dict[str, float]]:
    """Add to numbers; a missing one starts at 0. Answers the new values."""
    for field, amount in amounts.items():
        if not is_number(amount):
            raise _wrong(key, field, "An amount is a number", amount)

    def edit(record: Record) -> tuple[Record | None, dict[str, float]]:
        sums = {f: _sum(key, f, record.get(f, 0), amount) for f, amount in amounts.items()}
        return ({**record, **sums} if sums else None), sums

    return edit


def shifted(key: str, counts: Mapping[str, int]) -> Edit[dict[str, list[Any]]]:
    """Take up to so many elements from the front of each list, and answer them."""
    checked_counts(key, counts)

    def edit(record: Record) -> tuple[Record | None, dict[str, list[Any]]]:
        lists = {f: _list(key, f, record.get(f, [])) for f in counts}
        taken = {f: lists[f][:count] for f, count in counts.items()}
        left = {f: lists[f][counts[f] :] for f in counts if taken[f]}
        return ({**record, **left} if left else None), taken

    return edit


def peeked(key: str, record: Record, counts: Mapping[str, int]) -> dict[str, list[Any]]:
    """Return up to so many elements from the front of each list; what is no list has none."""
    checked_counts(key, counts)
    lists = {field: record.get(field) for field in counts}
    return {f: each[: counts[f]] if isinstance(each, list) else [] for f, each in lists.items()}


def extended(key: str, values: Mapping[str, Sequence[Any]], *, in_front: bool) -> Edit[None]:
    """Add elements, in their order, to the end or to the front of each list."""
    added = {field: _elements(key, field, given) for field, given in values.items()}

    def edit(record: Record) -> tuple[Record | None, None]:
        lists = {f: _list(key, f, record.get(f, [])) for f in added}
        if in_front:
            grown = {f: added[f] + lists[f] for f in added if added[f]}
        else:
            grown = {f: lists[f] + added[f] for f in added if added[f]}
        return ({**record, **grown} if grown else None), None

    return edit


def collected(
    key: str, kind: type[SetOf], values: Mapping[str, Collection[Any]]
) -> Edit[dict[str, SetOf]]:
    """Put elements into sets. Answers those that were not in."""
    given = _sets(key, kind, values)

    def edit(record: Record) -> tuple[Record | None, dict[str, SetOf]]:
        present = {f: _set(key, kind, f, record.get(f, kind())) for f in given}
        new = {f: kind(given[f] - present[f]) for f in given}
        grown = {f: kind(present[f] | new[f]) for f in given if new[f]}
        return ({**record, **grown} if grown else None), new

    return edit


def discarded(
    key: str, kind: type[SetOf], values: Mapping[str, Collection[Any]]
) -> Edit[dict[str, SetOf]]:
    """Take elements out of sets. Answers those that were in."""
    given = _sets(key, kind, values)

    def edit(record: Record) -> tuple[Record | None, dict[str, SetOf]]:
        present = {f: _set(key, kind, f, record.get(f, kind())) for f in given}
        gone = {f: kind(present[f] & given[f]) for f in given}
        left = {f: kind(present[f] - gone[f]) for f in given if gone[f]}
        return ({**record, **left} if left else None), gone

    return edit


def contained(
    key: str, kind: type[SetOf], record: Record, values: Mapping[str, Collection[Any]]
) -> dict[str, SetOf]:
    """Return those of the elements that are in the sets."""
    given = _sets(key, kind, values)
    return {f: kind(_set(key, kind, f, record.get(f, kind())) & given[f]) for f in given}


def checked_counts(key: str, counts: Mapping[str, int]) -> None:
    """Check how many elements are wanted. Raises RecordInvalid."""
    for field, count in counts.items():
        given: object = count
        if not isinstance(given, int) or isinstance(given, bool) or given < 1:
            raise _wrong(key, field, "The number of elements is 1 or more", count)


def _sum(key: str, field: str, before: Any, amount: float) -> float:
    if not is_number(before):
        raise RecordInvalid(f"The field {field} is not a number{_but(before)}.", where=key)
    try:
        total: float = before + amount
    except OverflowError:
        total = float("inf")
    if not is_number(total):
        raise RecordInvalid(f"The field {field} would grow past all numbers.", where=key)
    return total


def _list(key: str, field: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise RecordInvalid(f"The field {field} is not a list{_but(value)}.", where=key)
    return value


def _set(key: str, kind: type[SetOf], field: str, value: Any) -> SetOf:
    if not isinstance(value, kind):
        raise RecordInvalid(f"The field {field} is not {NAMES[kind]}{_but(value)}.", where=key)
    return value


def _sets(key: str, kind: type[SetOf], values: Mapping[str, Collection[Any]]) -> dict[str, SetOf]:
    """Return what is given as sets. Raises RecordInvalid for what they cannot hold."""
    for field, given in values.items():
        for value in _elements(key, field, given):
            if not belongs_in(kind, value):
                raise _wrong(key, field, f"This does not belong in {NAMES[kind]}", value)
    return {field: kind(given) for field, given in values.items()}


def _elements(key: str, field: str, given: object) -> list[Any]:
    """Return several elements as a list. Raises RecordInvalid for one text, which has letters."""
    if isinstance(given, str | bytes | Mapping) or not isinstance(given, Collection):
        raise _wrong(key, field, "Several elements are given as a list", given)
    return list(given)


def _wrong(key: str, field: str, expected: str, given: object) -> RecordInvalid:
    return RecordInvalid(f"{expected}; for the field {field} it is {_kind(given)}.", where=key)


def _but(value: object) -> str:
    return f" but {_kind(value)}"


def _kind(value: object) -> str:
    """Name the type of a value, never the value."""
    if value is None:
        return "null"
    return NAMES.get(type(value)) or f"of type {type(value).__name__}"
