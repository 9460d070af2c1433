"""How JSON leaves and enters the sandbox. Knows no service."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response


def json(content: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Answer `content` (plain values, structs, dataclasses) as compact JSON."""
    return Response(
        msgspec.json.encode(content),
        status,
        headers=headers,
        media_type="application/json",
    )


def empty(*, status: int = 204) -> Response:
    """Answer without a body."""
    return Response(status_code=status)
