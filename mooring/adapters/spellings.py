"""In which spellings may a secret turn up? As it is, escaped, URL-encoded, in base64, in hex."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from html import escape
from urllib.parse import quote, quote_plus

SHORTEST_LINE = 12

_PERCENT = re.compile("%[0-9A-F]{2}")
_UNICODE = re.compile(r"\\u[0-9a-f]{4}")


def spellings(value: str) -> set[str]:
    """Return every text by which somebody could read the value."""
    found = {value, *_lines(value), *_python_spellings(value), *_html_spellings(value)}
    found.update(_url_spellings(value))
    found.update(_json_spellings(value))
    data = value.encode("utf-8", "replace")
    found.update((data.hex(), data.hex().upper()))
    for travelling in {value, quote_plus(value, errors="replace"), *_inside_json(value)}:
        found.update(_base64_spellings(travelling.encode("utf-8", "replace")))
    return found


def _lines(value: str) -> Iterator[str]:
    """A key of several lines is printed, and logged, line by line."""
    lines = re.split("[\r\n]+", value)
    if len(lines) > 1:
        yield from (line for line in lines if len(line) >= SHORTEST_LINE)


def _python_spellings(value: str) -> Iterator[str]:
    """In what ``repr`` shows of a text or of bytes; it escapes ``'`` only where ``"`` is too."""
    text, data = repr(value), repr(value.encode("utf-8", "replace"))
    for shown in (text[1:-1], data[2:-1]):
        yield shown
        yield shown.replace("\\'", "'")
        yield shown.replace("\\'", "'").replace("'", "\\'")


def _html_spellings(value: str) -> Iterator[str]:
    """In pages; Python's and the templates' escapes differ in how they number quotes."""
    page = escape(value)
    yield page
    yield escape(value, quote=False)
    yield page.replace("&quot;", "&#34;").replace("&#x27;", "&#39;")


def _url_spellings(value: str) -> Iterator[str]:
    """In paths and queries, also of an address within an address; digits of any size."""
    for encoded in (
        quote(value, safe="", errors="replace"),
        quote(value, errors="replace"),
        quote_plus(value, errors="replace"),
    ):
        for once in (encoded, _PERCENT.sub(lambda found: found[0].lower(), encoded)):
            yield once
            yield quote(once, safe="")


def _json_spellings(value: str) -> Iterator[str]:
    """Inside JSON, and inside JSON that is itself text in JSON; some writers escape slashes."""
    for once in _inside_json(value):
        for spelled in (once, _UNICODE.sub(lambda found: "\\u" + found[0][2:].upper(), once)):
            yield spelled
            yield spelled.replace("/", "\\/")
            for ascii_only in (True, False):
                yield json.dumps(spelled, ensure_ascii=ascii_only)[1:-1]


def _inside_json(value: str) -> tuple[str, str]:
    return json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]


def _base64_spellings(value: bytes) -> Iterator[str]:
    """Alone, and amid other bytes (as in ``user:password``), which shift it by one or two."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        alone = encode(value).decode()
        yield alone
        yield alone.rstrip("=")
        for shift in range(3):
            encoded = encode(bytes(shift) + value).decode()
            whole_characters = (shift + len(value)) * 8 // 6
            yield encoded[-(-shift * 8 // 6) : whole_characters]
