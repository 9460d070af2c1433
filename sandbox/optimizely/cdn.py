"""The datafile CDN: validators, 304, and an edge that may lag behind the origin."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox import wire
from sandbox.account.account import Account
from sandbox.account.projects import Environment, Publication

MAX_AGE = 120  # seconds


def cdn_routes(account: Account) -> list[Route]:
    """Return the routes below the CDN's base address."""

    async def edge(request: Request) -> Response:
        environment = account.optimizely.environment_by_key(request.path_params["sdk_key"])
        if environment is None:
            return _unknown()
        return _answer(request, _at_edge(environment, account.clock.now()))

    async def origin(request: Request) -> Response:
        environment = account.optimizely.environment_by_key(request.path_params["sdk_key"])
        return _unknown() if environment is None else _answer(request, environment.newest)

    return [
        Route("/datafiles/{sdk_key}.json", edge),
        Route("/origin/datafiles/{sdk_key}.json", origin),
    ]


def _unknown() -> Response:
    return wire.json({"message": "no datafile has this SDK key"}, status=404)


def _at_edge(environment: Environment, now: datetime) -> Publication:
    return next(each for each in reversed(environment.publications) if each.edge_at <= now)


def _answer(request: Request, publication: Publication) -> Response:
    headers = {
        "etag": f'"{hashlib.sha256(publication.body).hexdigest()[:32]}"',
        "last-modified": format_datetime(publication.published_at, usegmt=True),
        "cache-control": f"max-age={MAX_AGE}",
    }
    if _unchanged(request, headers["etag"], publication.published_at):
        return Response(status_code=304, headers=headers)
    return Response(publication.body, headers=headers, media_type="application/json")


def _unchanged(request: Request, etag: str, published_at: datetime) -> bool:
    """Compare validators; an ETag, when sent, outranks the date (RFC 9110)."""
    tags = request.headers.get("if-none-match")
    if tags is not None:
        return any(tag.strip().removeprefix("W/") in (etag, "*") for tag in tags.split(","))
    since = request.headers.get("if-modified-since")
    if since is None:
        return False
    try:
        moment = parsedate_to_datetime(since)
    except ValueError:
        return False
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return published_at.replace(microsecond=0) <= moment
