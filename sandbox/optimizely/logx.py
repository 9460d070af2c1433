"""Event intake: takes what SDKs send and writes it into the sandbox's record."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox import wire
from sandbox.account.account import Account

MOST_BYTES = 3_500_000


class Batch(msgspec.Struct):
    """What an event batch must have; the rest is kept as sent."""

    account_id: str
    visitors: list[dict[str, Any]]


def logx_routes(account: Account) -> list[Route]:
    """Return the routes below the event intake's base address."""

    async def events(request: Request) -> Response:
        body = await request.body()
        if len(body) > MOST_BYTES:
            return wire.json({"message": f"the body exceeds {MOST_BYTES} bytes"}, status=400)
        try:
            msgspec.json.decode(body, type=Batch)
        except msgspec.DecodeError as error:
            return wire.json({"message": str(error)}, status=400)
        account.received.add("optimizely", "events", batch=msgspec.json.decode(body))
        return wire.empty()

    return [Route("/v1/events", events, methods=["POST"])]
