"""Where did a secret get to? Every spelling in which it can be read, looked for in bytes."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus


def found(canaries: Mapping[str, str], *places: tuple[str, bytes]) -> list[str]:
    """Say which canary got where, and in which spelling."""
    wanted = [(name, *each) for name, secret in canaries.items() for each in _spellings(secret)]
    return [
        f"{name} ({spelling}) in {place}"
        for place, data in places
        for name, spelling, form in wanted
        if form in data
    ]


def files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Give every file below a folder: databases, their journals, logs, archives, whatever is."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield str(path.relative_to(folder)), path.read_bytes()


def _spellings(secret: str) -> Iterator[tuple[str, bytes]]:
    raw = secret.encode()
    yield "raw", raw
    for text in {secret, json.dumps(secret)[1:-1]}:
        yield "JSON", json.dumps(text)[1:-1].encode()
    yield "JSON, unescaped", json.dumps(secret, ensure_ascii=False)[1:-1].encode()
    yield "bytes", repr(raw)[2:-1].encode()
    for encode in (quote, quote_plus, lambda text: quote(text, safe="")):
        yield "URL", encode(secret).encode()
        yield "URL", encode(secret).lower().encode()
    yield "hex", raw.hex().encode()
    for encode_bytes in (base64.b64encode, base64.urlsafe_b64encode):
        for shift in range(3):
            # What stays the same whatever stands before and after it.
            whole = (shift + len(raw)) * 8 // 6
            inside = encode_bytes(bytes(shift) + raw)[-(-shift * 8 // 6) : whole]
            yield f"base64 at {shift}", inside
