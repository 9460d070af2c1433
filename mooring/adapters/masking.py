"""How is a secret kept out of what people and files get to see? One exit: ``Masker.hide``."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "•••"
SHORTEST = 6
MOST_VALUES = 2000

_PERCENT = re.compile("%[0-9A-F]{2}")


class Masker:
    """Knows secret values and hides them in text, raw and in the encodings they travel in.

    Values shorter than six characters are not hidden: they occur everywhere. Of very many values
    (tokens that are renewed) the latest 2,000 are known.
    """

    def __init__(self) -> None:
        self._values: dict[str, None] = {}
        self._pattern: re.Pattern[str] | None = None
        self._stale = False
        self._lock = threading.Lock()

    def learn(self, value: str) -> None:
        """Hide this value from now on; of a JSON value, also every text inside it."""
        for part in {value, *_texts_of_json(value)}:
            if len(part) >= SHORTEST and part not in self._values:
                self._add(part)

    def hide(self, text: str) -> str:
        """Return the text with every known secret replaced."""
        if self._stale:
            self._rebuild()
        return text if self._pattern is None else self._pattern.sub(MASK, text)

    def hide_in(self, value: Any) -> Any:
        """Return a value with every text in it hidden; what is not JSON becomes text first."""
        if isinstance(value, str):
            return self.hide(value)
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, Mapping):
            return {self.hide(str(key)): self.hide_in(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.hide_in(inner) for inner in value]
        return self.hide(str(value))

    def _add(self, value: str) -> None:
        with self._lock:
            self._values[value] = None
            while len(self._values) > MOST_VALUES:
                del self._values[next(iter(self._values))]
            self._stale = True

    def _rebuild(self) -> None:
        with self._lock:
            self._stale = False
            shapes = {shape for value in self._values for shape in _shapes(value)}
            self._pattern = _pattern(shapes)


def _texts_of_json(value: str) -> Iterator[str]:
    if value[:1] not in ("{", "[", '"'):
        return
    try:
        found = json.loads(value)
    except ValueError:
        return
    yield from _texts(found)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _shapes(value: str) -> Iterator[str]:
    """Give every spelling in which the value may turn up, those of six characters and more."""
    spellings = {
        value,
        repr(value)[1:-1],
        repr(value.encode("utf-8", "replace"))[2:-1],
        escape(value),
        *_url_spellings(value),
        *_json_spellings(value),
        *_base64_spellings(value.encode("utf-8", "replace")),
    }
    return (spelling for spelling in spellings if len(spelling) >= SHORTEST)


def _url_spellings(value: str) -> Iterator[str]:
    """In paths and queries, the hexadecimal digits large or small."""
    for encoded in (
        quote(value, safe="", errors="replace"),
        quote(value, errors="replace"),
        quote_plus(value, errors="replace"),
    ):
        yield encoded
        yield _PERCENT.sub(lambda found: found[0].lower(), encoded)


def _json_spellings(value: str) -> Iterator[str]:
    """Inside JSON, and inside JSON that is itself text in JSON; some writers escape slashes."""
    for ascii_only in (True, False):
        once = json.dumps(value, ensure_ascii=ascii_only)[1:-1]
        yield once
        yield once.replace("/", "\\/")
        yield json.dumps(once, ensure_ascii=ascii_only)[1:-1]


def _base64_spellings(value: bytes) -> Iterator[str]:
    """Alone, and behind other bytes (as in ``user:password``), which shift it by one or two."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        alone = encode(value).decode()
        yield alone
        yield alone.rstrip("=")
        for shift in range(3):
            encoded = encode(bytes(shift) + value).decode()
            whole_characters = (shift + len(value)) * 8 // 6
            yield encoded[-(-shift * 8 // 6) : whole_characters]


def _pattern(shapes: set[str]) -> re.Pattern[str] | None:
    """Compile one expression, longest first, grouped by first character to fail fast."""
    by_first: dict[str, list[str]] = defaultdict(list)
    for shape in sorted(shapes, key=len, reverse=True):
        by_first[shape[0]].append(re.escape(shape[1:]))
    if not by_first:
        return None
    groups = (f"{re.escape(first)}(?:{'|'.join(rest)})" for first, rest in by_first.items())
    return re.compile("|".join(groups))
