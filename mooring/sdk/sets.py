"""Which sets can a key-value record hold? Two kinds, which stay what they are in every store."""

from __future__ import annotations

import re
from typing import TypeVar

_HALF_OF_A_CHARACTER = re.compile("[\ud800-\udfff]")


class NumberSet(set[float]):
    """A set of numbers in a record of ``kv_store`` or ``shared_kv_store``."""

    __slots__ = ()


class StringSet(set[str]):
    """A set of texts in a record of ``kv_store`` or ``shared_kv_store``."""

    __slots__ = ()


# What Python's operators make of these (``a | b``) is a plain set, whose kind nobody knows when it
# is empty; so only these two are kept, and a plain set is refused.
SetOf = TypeVar("SetOf", NumberSet, StringSet)


def is_number(value: object) -> bool:
    """Say whether JSON calls this a number, and a finite one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return value - value == 0


def is_text(value: object) -> bool:
    """Say whether this is text that every backend can hold."""
    return isinstance(value, str) and not _HALF_OF_A_CHARACTER.search(value)


def belongs_in(kind: type[NumberSet] | type[StringSet], value: object) -> bool:
    """Say whether a set of this kind may hold the value."""
    return is_text(value) if issubclass(kind, StringSet) else is_number(value)
