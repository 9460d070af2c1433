"""Does everything that is connected still answer? One line for each connection."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from mooring.sdk import LifecycleSettingsResult, errors

from ..clients.access import access_to
from ..clients.brevo import Brevo
from ..clients.datafile import refresh_datafile
from ..clients.optimizely import Optimizely
from ..clients.stored_settings import load_settings
from ..core.settings import Connection, Settings


def check_connections(form: dict[str, Any], result: LifecycleSettingsResult) -> None:
    """Try out both accounts and every environment; change nothing."""
    for name, check in _checks(load_settings()):
        try:
            result.add_toast("success", f"{name}: {check()}")
        except (errors.ServiceError, errors.NotFound) as error:
            result.add_toast("danger", f"{name}: {error}")


def _checks(settings: Settings) -> Iterator[tuple[str, Callable[[], str]]]:
    yield "Optimizely", lambda: _optimizely(settings)
    for each in settings.connections:
        yield f"{each.project_name} ({each.environment})", _environment(each)
    yield "Brevo", lambda: _brevo(settings.brevo_api_key)


def _optimizely(settings: Settings) -> str:
    if not settings.opens_optimizely:
        raise errors.NotFound("not connected yet.")
    access = access_to(settings)
    what = "the access that was allowed" if access.by_oauth else "the token"
    return f"{what} may read {len(Optimizely(access).projects())} projects."


def _environment(connection: Connection) -> Callable[[], str]:
    return lambda: f"datafile in revision {refresh_datafile(connection.sdk_key)}."


def _brevo(api_key: str) -> str:
    if not api_key:
        raise errors.NotFound("not connected yet.")
    account = Brevo(api_key).account()
    return f"connected to {account.get('companyName') or account.get('email')}."
