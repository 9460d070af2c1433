"""How a publication is told to whoever registered, signed as Optimizely signs."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec

from sandbox.account.account import Account
from sandbox.account.optimizely import Webhook
from sandbox.account.projects import Environment, Project, Publication
from sandbox.addresses import Addresses

DATAFILE_UPDATED = "project.datafile_updated"
TIMEOUT = 5.0  # seconds


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one webhook: the receiver's status, or why there is none."""

    url: str
    status: int | None
    error: str | None = None


def datafile_updated(
    account: Account,
    addresses: Addresses,
    project: Project,
    environment: Environment,
    publication: Publication,
) -> bytes:
    """Write the body of the webhook; these exact bytes are signed."""
    body: dict[str, Any] = {
        "project_id": project.id,
        "timestamp": int(account.clock.timestamp()),
        "event": DATAFILE_UPDATED,
        "data": {
            "revision": publication.revision,
            "origin_url": addresses.origin(environment.sdk_key),
            "cdn_url": addresses.datafile(environment.sdk_key),
            "environment": environment.name,
        },
    }
    return msgspec.json.encode(body)


def signature(secret: str, body: bytes) -> str:
    """Sign a body: SHA-1, as Optimizely's own receiver checks it."""
    return "sha1=" + hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()


async def deliver(account: Account, project: Project, event: str, body: bytes) -> list[Delivery]:
    """Post a body to everyone who registered for the event, in the order of registration."""
    hooks = [
        hook
        for hook in account.optimizely.webhooks.values()
        if hook.project_id == project.id and event in hook.events
    ]
    headers = {
        "content-type": "application/json",
        "x-hub-signature": signature(account.credentials.webhook_secret, body),
    }
    async with httpx.AsyncClient(timeout=TIMEOUT, trust_env=False) as client:
        return [await _post(client, hook, body, headers) for hook in hooks]


async def _post(
    client: httpx.AsyncClient, hook: Webhook, body: bytes, headers: dict[str, str]
) -> Delivery:
    try:
        answer = await client.post(hook.url, content=body, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Delivery(hook.url, None, f"{type(error).__name__}: {error}")
    return Delivery(hook.url, answer.status_code)
