"""How JSON leaves and enters the sandbox. Knows no service."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response

LONGEST_NUMBER = 18  # digits


def json(content: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Answer `content` (plain values, structs, dataclasses) as compact JSON."""
    return Response(
        msgspec.json.encode(content),
        status,
        headers=headers,
        media_type="application/json",
    )


def whole(text: str) -> int | None:
    """Read a whole number that is not negative, or None if the text is none."""
    is_number = text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER
    return int(text) if is_number else None


def empty(*, status: int = 204) -> Response:
    """Answer without a body."""
    return Response(status_code=status)
