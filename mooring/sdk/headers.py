"""What are the headers of a message? A multi-map without case; knows nothing of requests."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Union

HeaderSource = Union["Headers", Mapping[str, "str | Iterable[str]"], Iterable[tuple[str, str]]]

_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+", re.ASCII)
_FORBIDDEN_IN_VALUE = re.compile(r"[\r\n\0]")
_FORBIDDEN_IN_BYTES = re.compile(rb"[\r\n\0]")


class Headers:
    """Names without case, each with one or more values, in the order they were added."""

    __slots__ = ("_values",)

    def __init__(self, source: HeaderSource | None = None) -> None:
        self._values: dict[str, list[str]] = {}
        if source is not None:
            self.add_all(source)

    @classmethod
    def of_message(cls, raw: Collection[tuple[bytes, bytes]]) -> Headers:
        """Read the headers of a message as it travelled. Raises ValueError as ``add`` does."""
        headers = cls()
        if _FORBIDDEN_IN_BYTES.search(b" ".join([value for _, value in raw])):
            headers.add_all([(k.decode("latin-1"), v.decode("latin-1")) for k, v in raw])
        values = headers._values
        for name, value in raw:
            known = _known_name(name)
            if known in values:
                values[known].append(value.decode("latin-1"))
            else:
                values[known] = [value.decode("latin-1")]
        return headers

    def add(self, name: str, value: str) -> None:
        """Append a value. Raises ValueError for what cannot travel in a header."""
        self._values.setdefault(_checked_name(name), []).append(_checked_value(name, value))

    def set(self, name: str, value: str) -> None:
        """Replace all values of a name by one. Raises ValueError as ``add`` does."""
        self._values[_checked_name(name)] = [_checked_value(name, value)]

    def get(self, name: str, default: str | None = None) -> str | None:
        """Return the values joined by ``, ``; use ``get_all`` for ``set-cookie``."""
        values = self._values.get(name.lower())
        return default if values is None else ", ".join(values)

    def get_all(self, name: str) -> list[str]:
        """Return every value of a name, none if it is absent."""
        return list(self._values.get(name.lower(), ()))

    def remove(self, name: str) -> None:
        """Forget a name; an absent one is no error."""
        self._values.pop(name.lower(), None)

    def items(self) -> list[tuple[str, str]]:
        """Return ``(name, value)`` pairs; a repeated name comes once for each value."""
        return [(name, value) for name, values in self._values.items() for value in values]

    def add_all(self, source: HeaderSource) -> None:
        """Append every value of another collection."""
        for name, value in _pairs(source):
            self.add(name, value)

    def update(self, source: HeaderSource) -> None:
        """Replace the names that another collection has; keep the others."""
        pairs = _pairs(source)
        for name, _ in pairs:
            self.remove(name)
        for name, value in pairs:
            self.add(name, value)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self._values == other._values

    __hash__ = None  # type: ignore[assignment]  # mutable; mypy wants a method here

    def __repr__(self) -> str:
        # Values are left out: an authorization header must not end up in a log.
        return f"Headers({', '.join(self._values)})"


def _pairs(source: HeaderSource) -> list[tuple[str, str]]:
    if isinstance(source, Headers):
        return source.items()
    if not isinstance(source, Mapping):
        return list(source)
    pairs: list[tuple[str, str]] = []
    for name, value in source.items():
        values = [value] if isinstance(value, str) else list(value)
        pairs.extend((name, one) for one in values)
    return pairs


@lru_cache(maxsize=1024)
def _known_name(name: bytes) -> str:
    return _checked_name(name.decode("latin-1"))


def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a header name.")
    return name.lower()


def _checked_value(name: str, value: str) -> str:
    if _FORBIDDEN_IN_VALUE.search(value):
        raise ValueError(f"The value of header {name} contains a line break or NUL.")
    return value
