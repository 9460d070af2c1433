"""Under which addresses does the world reach this app?

Plain calls block; the twin with an ``a`` in front runs the same call in a thread.
"""

from __future__ import annotations

import asyncio

from mooring.errors import NoContext, NotFound
from mooring.sdk.calling import refuse_on_loop
from mooring.sdk.context import current, services_of_installation
from mooring.sdk.ports import FunctionsPort


def get_endpoints(install_id: int | None = None) -> dict[str, str]:
    """Map function names to absolute URLs without trailing slash.

    A global function must say which installation of its app it means; on behalf of an
    installation, only its own are told. Raises NoContext and NotFound.
    """
    port, app = _port("get_endpoints"), current().app
    if install_id is None and app.is_global:
        raise NoContext("functions.get_endpoints() needs an install_id in a global function.")
    if not app.is_global and install_id not in (None, app.install_id):
        raise NotFound(
            f"Installation {install_id} is not the one that this call is for.",
            hint="Leave install_id out; only global functions name installations.",
        )
    return port.get_endpoints(install_id)


async def aget_endpoints(install_id: int | None = None) -> dict[str, str]:
    """Await ``get_endpoints``."""
    return await asyncio.to_thread(get_endpoints, install_id)


def get_global_endpoints() -> dict[str, str]:
    """Map global function names to absolute URLs."""
    return _port("get_global_endpoints").get_global_endpoints()


async def aget_global_endpoints() -> dict[str, str]:
    """Await ``get_global_endpoints``."""
    return await asyncio.to_thread(get_global_endpoints)


def get_authorization_grant_url() -> str:
    """Return the OAuth callback address of this app, without trailing slash."""
    services_of_installation("functions.get_authorization_grant_url")
    return _port("get_authorization_grant_url").get_authorization_grant_url()


async def aget_authorization_grant_url() -> str:
    """Await ``get_authorization_grant_url``."""
    return await asyncio.to_thread(get_authorization_grant_url)


def _port(call: str) -> FunctionsPort:
    refuse_on_loop(f"functions.{call}")
    return current().services.functions
