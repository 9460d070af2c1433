"""How lists are cut into pages: Link headers for REST v2, envelopes for Flags v1."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from starlette.responses import Response

from sandbox import wire
from sandbox.optimizely.gate import Call, Refusal

Entity = TypeVar("Entity")
MOST_PER_PAGE = 100


def _page_size(call: Call) -> int:
    size = call.number("per_page", 25)
    if not 1 <= size <= MOST_PER_PAGE:
        raise Refusal(400, f"per_page must be between 1 and {MOST_PER_PAGE}, not {size}")
    return size


def _page_number(call: Call, name: str) -> int:
    number = call.number(name, 1)
    if number < 1:
        raise Refusal(400, f"{name} counts from 1")
    return number


def _cut(items: Sequence[Entity], number: int, size: int) -> Sequence[Entity]:
    return items[(number - 1) * size : number * size]


def v2_page(call: Call, items: Sequence[Entity], render: Callable[[Entity], Any]) -> Response:
    """Answer one page as a bare array with RFC 8288 links; past the end it is empty."""
    size, number = _page_size(call), _page_number(call, "page")
    last = max(1, -(-len(items) // size))
    wanted = {"first": 1, "prev": number - 1, "next": number + 1, "last": last}
    links = [
        f'<{_address(call, page=page)}>; rel="{name}"'
        for name, page in wanted.items()
        if 1 <= page <= last
    ]
    cut = [render(item) for item in _cut(items, number, size)]
    return wire.json(cut, headers={"link": ", ".join(links)})


def _address(call: Call, *, page: int) -> str:
    others = [(key, value) for key, value in call.query.multi_items() if key != "page"]
    return f"{call.addresses.base}{call.path}?{urlencode([*others, ('page', page)])}"


def flags_page(
    call: Call, items: Sequence[Entity], render: Callable[[Entity], Any], *, under: str
) -> Response:
    """Answer one page in the Flags envelope; links are relative to the Flags base address."""
    size = _page_size(call)
    number = _page_number(call, "page_token" if "page_token" in call.query else "page_number")
    total = max(1, -(-len(items) // size))
    path = call.path.removeprefix(under)
    shown = [render(item) for item in _cut(items, number, size)]
    envelope = {
        "url": _link(call, path, number),
        "first_url": _link(call, path, 1),
        "last_url": _link(call, path, total),
        "next_url": [_link(call, path, number + 1)] if number < total else [],
        "prev_url": [_link(call, path, number - 1)] if number > 1 else [],
        "count": len(shown),
        "items": shown,
        "page": number,
        "total_count": len(items),
        "total_pages": total,
    }
    return wire.json(envelope)


def _link(call: Call, path: str, page: int) -> str:
    paging = ("page_token", "page_number")
    others = [(key, value) for key, value in call.query.multi_items() if key not in paging]
    return f"{path}?{urlencode([*others, ('page_token', page)])}"
