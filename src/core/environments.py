"""Which environment is meant? A choice on the form, and the connection it stands for.

A choice is written ``project:environment``; configuration files also know the SDK key, alone
(``project::sdk_key``) or to be compared (``project:environment:sdk_key``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from .settings import Connection


class EnvironmentUnknown(ValueError):
    """No environment of the account is meant by this choice; the text says what there is."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody chose: a project with an environment's key, its SDK key, or both."""

    project_id: str
    environment: str = ""
    sdk_key: str = ""

    def __str__(self) -> str:
        parts = (self.project_id, self.environment, self.sdk_key)
        return ":".join(parts if self.sdk_key else parts[:2])


def read_choice(text: str) -> Choice:
    """Return the choice that this text writes. Raises EnvironmentUnknown."""
    project_id, *rest = (part.strip() for part in text.split(":"))
    if not project_id or len(rest) not in (1, 2) or not any(rest):
        raise EnvironmentUnknown(
            "An environment is chosen as project:environment, for example 20000000001:production."
        )
    return Choice(project_id, *rest)


def is_connectable(project: Mapping[str, Any]) -> bool:
    """Tell whether a project (as REST v2 shows it) has flags or experiments for an SDK."""
    return project.get("status", "active") == "active" and not project.get("is_classic")


def find_project(choice: Choice, projects: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the chosen project of the account. Raises EnvironmentUnknown."""
    usable = [project for project in projects if is_connectable(project)]
    for project in usable:
        if str(project["id"]) == choice.project_id:
            return project
    known = ", ".join(f"{project['id']} ({project['name']})" for project in usable) or "none"
    raise EnvironmentUnknown(
        f"Project {choice.project_id} is not among the projects that this token may read: {known}."
    )


def resolve(
    choice: Choice, project: Mapping[str, Any], environments: Sequence[Mapping[str, Any]]
) -> Connection:
    """Return the connection that a choice stands for. Raises EnvironmentUnknown.

    ``environments`` are those of the project, as REST v2 shows them.
    """
    usable = [each for each in environments if not each.get("archived")]
    place = f"Project {choice.project_id} ({project['name']})"
    found = _named(choice, usable, place) if choice.environment else _keyed(choice, usable, place)
    sdk_key = sdk_key_of(found)
    if not sdk_key:
        raise EnvironmentUnknown(f"{place}: the environment {found['key']} has no SDK key yet.")
    if choice.sdk_key not in ("", sdk_key):
        raise EnvironmentUnknown(
            f"{place}: sdk_key is not the SDK key of the environment {found['key']}"
            f"{_belongs_to(choice.sdk_key, usable)}."
        )
    return Connection(choice.project_id, str(project["name"]), str(found["key"]), sdk_key)


def sdk_key_of(environment: Mapping[str, Any]) -> str:
    """Return the SDK key of an environment, as REST v2 shows it."""
    return str((environment.get("datafile") or {}).get("sdk_key") or "")


def _named(
    choice: Choice, environments: Sequence[Mapping[str, Any]], place: str
) -> Mapping[str, Any]:
    keys = [str(each["key"]) for each in environments]
    if choice.environment in keys:
        return environments[keys.index(choice.environment)]
    near = get_close_matches(choice.environment, keys, n=1)
    raise EnvironmentUnknown(
        f"{place} has no environment {choice.environment}."
        + (f" Did you mean {near[0]}?" if near else "")
        + f" It has: {', '.join(keys) or 'none'}."
    )


def _keyed(
    choice: Choice, environments: Sequence[Mapping[str, Any]], place: str
) -> Mapping[str, Any]:
    for environment in environments:
        if sdk_key_of(environment) == choice.sdk_key:
            return environment
    keys = ", ".join(str(each["key"]) for each in environments) or "none"
    raise EnvironmentUnknown(
        f"{place}: sdk_key is not the SDK key of any of its environments: {keys}."
    )


def _belongs_to(sdk_key: str, environments: Sequence[Mapping[str, Any]]) -> str:
    for environment in environments:
        if sdk_key_of(environment) == sdk_key:
            return f"; it is that of {environment['key']}"
    return ""
