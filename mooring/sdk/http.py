"""How does an app call another service? Verbs over the host's one way out.

Every call returns the answer if it is below 500 and not 429; ``raise_for_status()`` turns other
refusals into errors. Plain calls block; the twin with an ``a`` in front runs in a thread.
"""

from __future__ import annotations

import asyncio
import json as json_codec
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict, Unpack
from urllib.parse import urlencode

from mooring.sdk.calling import refuse_on_loop
from mooring.sdk.context import current
from mooring.sdk.ports import Budget, HttpRequest, HttpResponse

Pairs = Mapping[str, Any] | Sequence[tuple[str, str]]

_DEFAULTS = HttpRequest("GET", "")


class Options(TypedDict, total=False):
    """What a call may state; at most one of ``json``, ``data`` (a form) and ``body``.

    ``timeout`` in seconds for the whole exchange; ``attempts`` counts the first try too;
    ``idempotent`` says that repeating the call does no harm (known by itself for all but POST
    and PATCH).

    Four are for plans, in which GET, HEAD and OPTIONS are made and every other call is collected:
    ``reads`` says that this call changes nothing, so that it is made; ``volatile`` that its answer
    is another each time, so that no plan rests on it; ``planned`` is the JSON that
    a plan answers instead of making the call, also in place of reading back what it did not write;
    ``before`` is what the call replaces, as far as it is known, for people to compare with.
    Negative numbers and texts that begin with ``planned`` in ``planned`` stand for what only the
    service can tell, such as the id of what is created.
    """

    headers: Mapping[str, str]
    params: Pairs
    json: Any
    data: Pairs
    body: bytes
    timeout: float
    attempts: int
    budgets: Sequence[Budget]
    idempotent: bool
    reads: bool
    volatile: bool
    planned: Any
    before: Any


def request(method: str, url: str, **options: Unpack[Options]) -> HttpResponse:
    """Make a call and return its answer.

    Raises OutboundDenied, ServiceUnavailable and RateLimited.
    """
    refuse_on_loop(f"http.{method.lower()}" if method.lower() in _VERBS else "http.request")
    return current().services.http.send(_built(method, url, options))


async def arequest(method: str, url: str, **options: Unpack[Options]) -> HttpResponse:
    """Await ``request``."""
    return await asyncio.to_thread(request, method, url, **options)


def get(url: str, **options: Unpack[Options]) -> HttpResponse:
    """GET."""
    return request("GET", url, **options)


async def aget(url: str, **options: Unpack[Options]) -> HttpResponse:
    """Await ``get``."""
    return await arequest("GET", url, **options)


def post(url: str, **options: Unpack[Options]) -> HttpResponse:
    """POST; repeated after an unclear failure only if ``idempotent=True``."""
    return request("POST", url, **options)


async def apost(url: str, **options: Unpack[Options]) -> HttpResponse:
    """Await ``post``."""
    return await arequest("POST", url, **options)


def put(url: str, **options: Unpack[Options]) -> HttpResponse:
    """PUT."""
    return request("PUT", url, **options)


async def aput(url: str, **options: Unpack[Options]) -> HttpResponse:
    """Await ``put``."""
    return await arequest("PUT", url, **options)


def patch(url: str, **options: Unpack[Options]) -> HttpResponse:
    """PATCH; repeated after an unclear failure only if ``idempotent=True``."""
    return request("PATCH", url, **options)


async def apatch(url: str, **options: Unpack[Options]) -> HttpResponse:
    """Await ``patch``."""
    return await arequest("PATCH", url, **options)


def delete(url: str, **options: Unpack[Options]) -> HttpResponse:
    """DELETE."""
    return request("DELETE", url, **options)


async def adelete(url: str, **options: Unpack[Options]) -> HttpResponse:
    """Await ``delete``."""
    return await arequest("DELETE", url, **options)


_VERBS = ("get", "post", "put", "patch", "delete")


def _built(method: str, url: str, options: Options) -> HttpRequest:
    body, content_type = _body(options)
    headers = dict(options.get("headers", {}))
    if content_type and not any(name.lower() == "content-type" for name in headers):
        headers["content-type"] = content_type
    return HttpRequest(
        method=method.upper(),
        url=url,
        headers=headers,
        params=options.get("params", _DEFAULTS.params),
        body=body,
        timeout=options.get("timeout", _DEFAULTS.timeout),
        attempts=options.get("attempts", _DEFAULTS.attempts),
        budgets=tuple(options.get("budgets", ())),
        idempotent=options.get("idempotent"),
        reads=options.get("reads", _DEFAULTS.reads),
        volatile=options.get("volatile", _DEFAULTS.volatile),
        planned=options.get("planned"),
        before=options.get("before"),
    )


def _body(options: Options) -> tuple[bytes, str]:
    given = [name for name in ("json", "data", "body") if name in options]
    if len(given) > 1:
        raise TypeError(f"Give one of json, data and body, not {' and '.join(given)}.")
    if "json" in options:
        text = json_codec.dumps(
            options["json"], ensure_ascii=False, allow_nan=False, separators=(",", ":")
        )
        return text.encode("utf-8"), "application/json"
    if "data" in options:
        return urlencode(options["data"], doseq=True).encode(), "application/x-www-form-urlencoded"
    return options.get("body", b""), ""
