"""Which token lets the figures of a host be read from another machine? One that the host makes.

It is a secret of the host in its vault: of every machine that shares the database, and hidden
wherever secrets are.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mooring.hosting.host import Host

OWNER, NAME = "host", "metrics_token"


def given_token(host: Host) -> str | None:
    """Return the token, or None while nobody has asked for one."""
    return host.vault.get(OWNER, NAME)


def made_token(host: Host, *, renew: bool = False) -> str:
    """Return the token, made on first use; with ``renew`` a new one, which ends the other."""
    if renew:
        token = secrets.token_urlsafe(32)
        host.vault.set(OWNER, NAME, token)
        return token
    return host.vault.made_once(OWNER, NAME, make=lambda: secrets.token_urlsafe(32))
