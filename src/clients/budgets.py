"""How often may each service be asked? Allowances that all processes with one credential share."""

from __future__ import annotations

from mooring.sdk import Budget, Rate

# Windows are a little longer than the services' own: calls that leave a window apart may arrive
# closer together. Optimizely names no time after which to come back, so it gets the wider margin.
SECOND, WIDE_SECOND, MINUTE, HOUR = 1.1, 1.5, 61.0, 3600.0


def optimizely_rest(token: str) -> Budget:
    """Return what REST v2 grants a token."""
    return Budget("optimizely-rest", token, (Rate(50, MINUTE),))


def optimizely_flags(token: str) -> Budget:
    """Return what Flags v1 grants a token."""
    return Budget("optimizely-flags", token, (Rate(2, WIDE_SECOND), Rate(120, MINUTE)))


def brevo_contacts(api_key: str) -> Budget:
    """Return what Brevo's general plan grants for contacts, attributes, lists and imports."""
    return Budget("brevo-contacts", api_key, (Rate(10, SECOND), Rate(36_000, HOUR)))


def brevo_other(api_key: str) -> Budget:
    """Return what Brevo's general plan grants for everything else, processes among it."""
    return Budget("brevo-other", api_key, (Rate(100, HOUR),))
