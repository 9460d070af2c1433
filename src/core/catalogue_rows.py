"""How does what Optimizely answers become rows of the catalogue, and which experiments count?

Flags-first projects answer through the Flags API, those of the older model through REST v2; the
rows look the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

Json = Mapping[str, Any]  # Any: entities are JSON
Row = dict[str, Any]  # Any: values of an object's fields
Statuses = dict[str, dict[str, str]]
"""Flag key (empty for an experiment that stands alone) -> experiment key -> status."""

LONGEST = 1024  # characters that a text field holds
BASIS_POINTS = 100  # in one per cent
EXPERIMENT_TYPES = ("a/b", "multi_armed_bandit", "contextual_multi_armed_bandit")
STATUS_WORDS: Mapping[str, str] = MappingProxyType({"draft": "not_started"})


def project_row(project: Json, *, environments: Iterable[str]) -> Row:
    """Return the row of a project and its connected environments."""
    return {
        "project_id": str(project["id"]),
        "name": _text(project.get("name")),
        "description": _text(project.get("description")),
        "status": _text(project.get("status")),
        "flags_first": is_flags_first(project),
        "connected_environments": ", ".join(sorted(environments)),
    }


def is_flags_first(project: Json) -> bool:
    """Say whether the project works with flags, not with the older model."""
    return bool(project.get("is_flags_enabled"))


def audience_row(audience: Json, *, project_id: str) -> Row:
    """Return the row of an audience."""
    return {
        "audience_id": str(audience["id"]),
        "project_id": project_id,
        "name": _text(audience.get("name")),
        "description": _text(audience.get("description")),
        "conditions": _text(audience.get("conditions")),
        "archived": bool(audience.get("archived")),
    }


def event_row(event: Json, *, project_id: str) -> Row:
    """Return the row of an event."""
    return {
        "event_id": str(event["id"]),
        "project_id": project_id,
        "key": _text(event.get("key")),
        "name": _text(event.get("name")),
        "category": _text(event.get("category")),
        "archived": bool(event.get("archived")),
    }


def flag_row(flag: Json, *, project_id: str, environment: str) -> Row:
    """Return the row of a flag in one environment."""
    place = (flag.get("environments") or {}).get(environment) or {}
    return _flag(flag, project_id, environment, enabled=bool(place.get("enabled")))


def feature_row(feature: Json, *, project_id: str, environment: str) -> Row:
    """Return the row of a feature of the older model in one environment."""
    place = (feature.get("environments") or {}).get(environment) or {}
    enabled = any(rule.get("enabled") for rule in place.get("rollout_rules") or ())
    return _flag(feature, project_id, environment, enabled=enabled)


def _flag(flag: Json, project_id: str, environment: str, *, enabled: bool) -> Row:
    return {
        "flag_id": f"{project_id}:{environment}:{flag['key']}",
        "project_id": project_id,
        "environment": environment,
        "key": _text(flag["key"]),
        "name": _text(flag.get("name")),
        "description": _text(flag.get("description")),
        "enabled": enabled,
        "archived": bool(flag.get("archived")),
    }


def is_experiment(rule: Json) -> bool:
    """Say whether a flag's rule compares variations; a delivery does not."""
    return rule.get("type") in EXPERIMENT_TYPES


def rule_row(rule: Json, *, project_id: str) -> Row:
    """Return the row of an experiment that is a rule of a flag."""
    environment = str(rule["environment_key"])
    number = str(rule.get("layer_experiment_id") or rule["id"])
    status = str(rule.get("status") or "")
    return {
        "experiment_id": f"{project_id}:{environment}:{number}",
        "project_id": project_id,
        "environment": environment,
        "number": number,
        "key": _text(rule["key"]),
        "name": _text(rule.get("name")),
        "status": "archived" if rule.get("archived") else STATUS_WORDS.get(status, status),
        "flag_key": _text(rule.get("flag_key")),
        "variations": _joined(rule.get("variations") or ()),
        "traffic_percentage": _per_cent(rule.get("percentage_included")),
        "audiences": _joined(map(str, rule.get("audience_ids") or ())),
        "outcome": _text(rule.get("outcome")),
        "deployed_variation": _text(rule.get("deployed_variation_key")),
    }


def experiment_row(experiment: Json, *, project_id: str, environment: str) -> Row:
    """Return the row of an experiment of the older model in one environment."""
    number, places = str(experiment["id"]), experiment.get("environments") or {}
    status = str((places.get(environment) or experiment).get("status") or "")
    return {
        "experiment_id": f"{project_id}:{environment}:{number}",
        "project_id": project_id,
        "environment": environment,
        "number": number,
        "key": _text(experiment["key"]),
        "name": _text(experiment.get("name")),
        "status": STATUS_WORDS.get(status, status),
        "flag_key": _text(experiment.get("feature_key")),
        "variations": _joined(each["key"] for each in experiment.get("variations") or ()),
        "traffic_percentage": _per_cent(experiment.get("traffic_allocation")),
        "audiences": _text(experiment.get("audience_conditions")),
        "outcome": "",
        "deployed_variation": "",
    }


def statuses_of(rows: Iterable[Row]) -> dict[str, Statuses]:
    """Return the status of every experiment by environment, flag and key."""
    found: dict[str, Statuses] = {}
    for row in rows:
        flags = found.setdefault(row["environment"], {})
        flags.setdefault(row["flag_key"], {})[row["key"]] = row["status"]
    return found


def _joined(words: Iterable[str]) -> str:
    return _text(", ".join(words))


def _text(value: object) -> str:
    return "" if value is None else str(value)[:LONGEST]


def _per_cent(basis_points: object) -> float:
    return float(basis_points) / BASIS_POINTS if isinstance(basis_points, int | float) else 0.0
