"""Where are the services? The real hosts, unless the app's environment names others."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mooring.sdk import environment

DEFAULTS: Mapping[str, str] = MappingProxyType(
    {
        "OPTIMIZELY_API": "https://api.optimizely.com/v2",
        "OPTIMIZELY_FLAGS": "https://api.optimizely.com/flags/v1",
        "OPTIMIZELY_OAUTH": "https://app.optimizely.com/oauth2",
        "OPTIMIZELY_CDN": "https://cdn.optimizely.com",
        "BREVO": "https://api.brevo.com/v3",
    }
)


def base_address(service: str) -> str:
    """Return the base address of a service of ``DEFAULTS``, without a slash at its end."""
    return environment.get(f"APP_ENV_{service}_URL", DEFAULTS[service]).rstrip("/")
