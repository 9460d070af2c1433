"""What has been set up? The records of the settings form, read as typed values.

A record that is missing, or a field nobody has filled in, has the default of the form.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

# The sections of forms/settings.yml, in the form's order.
SECTIONS = ("optimizely", "projects", "brevo", "sync", "mapping", "diagnostics")


@dataclass(frozen=True, slots=True)
class Connection:
    """One environment of one Optimizely project whose flags are decided for contacts."""

    project_id: str
    project_name: str
    environment: str
    sdk_key: str


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that the settings form asks for; the names under ``mapping`` are Brevo's.

    Optimizely is connected by ``access_token`` or, when ``authorized``, by OAuth.
    """

    enabled: bool = True
    access_token: str = ""
    client_id: str = ""
    client_secret: str = ""
    authorized: bool = False
    brevo_api_key: str = ""
    connections: tuple[Connection, ...] = ()
    auto_update: bool = True
    update_interval: int = 60_000
    experiments: bool = True
    audiences: bool = True
    events: bool = True
    feature_flags: bool = True
    flags: frozenset[str] | None = None
    user_id: str = "email"
    experiment_variation: str = "EXPERIMENT_VARIATION"
    enabled_features: str = "ENABLED_FEATURES"
    audience_segments: str = "OPT_SEGMENTS"
    experiment_key: str = "EXPERIMENT_NAME"
    variation_key: str = "VARIATION_NAME"
    feature_key: str = "FEATURE_FLAG"
    feature_enabled: str = "FEATURE_ENABLED"
    audience_name: str = "AUDIENCE_SEGMENT"
    decision_timestamp: str = "EXPERIMENT_DATE"
    flags_synced: str = "FEATURE_FLAGS_SYNCED"
    debug: bool = False
    log_decisions: bool = False
    log_events: bool = False

    @property
    def opens_optimizely(self) -> bool:
        """Whether Optimizely is connected, in one way or the other."""
        return bool(self.access_token) or self.authorized

    def missing(self) -> dict[str, str]:
        """Return the sections that have to be filled in before anything runs, with their labels."""
        needed = {
            ("optimizely", "Optimizely connection"): self.opens_optimizely,
            ("projects", "Projects"): self.connections,
            ("brevo", "Brevo connection"): self.brevo_api_key,
        }
        return {section: label for (section, label), value in needed.items() if not value}

    def is_complete(self) -> bool:
        """Tell whether both accounts and at least one environment are connected."""
        return not self.missing()


# Which fields each section holds under the field's own name; the rest is read by name below.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "projects": ("auto_update", "update_interval"),
    "sync": ("enabled", "experiments", "audiences", "events", "feature_flags"),
    "mapping": (
        "user_id",
        "experiment_variation",
        "enabled_features",
        "audience_segments",
        "experiment_key",
        "variation_key",
        "feature_key",
        "feature_enabled",
        "audience_name",
        "decision_timestamp",
        "flags_synced",
    ),
    "diagnostics": ("debug", "log_decisions", "log_events"),
}


def read_settings(records: Mapping[str, Mapping[str, Any]]) -> Settings:
    """Return the settings that these records, one per section, hold."""
    defaults = Settings()
    values: dict[str, Any] = {}
    for section, names in FIELDS.items():
        record = records.get(section) or {}
        for name in names:
            values[name] = _like(getattr(defaults, name), record.get(name))
    return Settings(
        access_token=_text(records, "optimizely", "access_token"),
        client_id=_text(records, "optimizely", "client_id"),
        client_secret=_text(records, "optimizely", "client_secret"),
        authorized=(records.get("optimizely") or {}).get("authorized") is True,
        brevo_api_key=_text(records, "brevo", "api_key"),
        connections=read_connections((records.get("projects") or {}).get("connections")),
        flags=_flags((records.get("sync") or {}).get("flags")),
        **values,
    )


def read_connections(value: object) -> tuple[Connection, ...]:
    """Return the connections that the section ``projects`` keeps as a list of maps."""
    maps = [item for item in _items(value) if isinstance(item, Mapping)]
    return tuple(
        Connection(
            project_id=str(item["project_id"]),
            project_name=str(item.get("project_name") or item["project_id"]),
            environment=str(item["environment"]),
            sdk_key=str(item["sdk_key"]),
        )
        for item in maps
    )


def write_connection(connection: Connection) -> dict[str, str]:
    """Return a connection as the map that ``read_connections`` reads."""
    return {
        "project_id": connection.project_id,
        "project_name": connection.project_name,
        "environment": connection.environment,
        "sdk_key": connection.sdk_key,
    }


def _like(default: bool | int | str, value: object) -> bool | int | str:
    """Return the value in the default's type; what is empty or no such value is the default."""
    if isinstance(default, bool):
        return value if isinstance(value, bool) else default
    text = "" if value is None else str(value).strip()
    if isinstance(default, int):
        return int(text) if text.isdecimal() else default
    return text or default


def _text(records: Mapping[str, Mapping[str, Any]], section: str, name: str) -> str:
    value = (records.get(section) or {}).get(name)
    return value.strip() if isinstance(value, str) else ""


def _flags(value: object) -> frozenset[str] | None:
    """Return the chosen flags; choosing none on the form means all of them."""
    keys = frozenset(str(item).strip() for item in _items(value))
    return keys or None


def _items(value: object) -> Iterable[Any]:
    return value if isinstance(value, (list, tuple, set, frozenset)) else ()
