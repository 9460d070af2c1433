"""In which shape is a caller told what went wrong? One for functions, servers and the host."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mooring.errors import MooringError, RateLimited
from mooring.sdk.webhook import Response

Hide = Callable[[str], str]


def problem(
    status: int,
    code: str,
    message: str,
    *,
    hint: str = "",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Say in JSON what is wrong and how to mend it."""
    said = {"code": code, "message": message, "hint": hint}
    return Response(status, {"error": said}, dict(headers or {}))


def refusal(error: MooringError, *, hide: Hide) -> Response:
    """Say what an error says, with its own status."""
    headers = {}
    if isinstance(error, RateLimited):
        headers["retry-after"] = str(max(1, round(error.retry_after)))
    message, hint = hide(error.message), hide(error.hint)
    return problem(error.http_status, error.code, message, hint=hint, headers=headers)
