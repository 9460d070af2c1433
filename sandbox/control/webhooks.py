"""How a publication is told to whoever registered, signed as Optimizely signs."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import msgspec

from sandbox.account.account import Account
from sandbox.account.projects import Environment, Project, Publication
from sandbox.addresses import Addresses
from sandbox.posting import Posted, post

DATAFILE_UPDATED = "project.datafile_updated"


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


async def deliver(account: Account, project: Project, event: str, body: bytes) -> list[Posted]:
    """Post a body to everyone who registered for the event, in the order of registration."""
    hooks = [
        hook
        for hook in account.optimizely.webhooks.values()
        if hook.project_id == project.id and event in hook.events
    ]
    return [
        await post(hook.url, body, headers={"x-hub-signature": signature(hook.secret, body)})
        for hook in hooks
    ]
