"""What does a configuration file say once its ``${NAME}`` are filled in?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mooring.errors import ConfigurationInvalid, SettingsRefused
from mooring.reading.yaml_reader import YamlDocument, read_yaml

VARIABLE = re.compile(r"\$\{([^}]*)\}")
STEP = re.compile(r"([^.\[\]]+)|\[([0-9]+)\]")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """What a file says, and where in it each value stands."""

    values: dict[str, Any]  # Any: YAML
    document: YamlDocument
    path: Path

    def placed(self, refusal: SettingsRefused) -> SettingsRefused:
        """Return a refusal with its line, where it names a dotted place (``a.b[0].c``)."""
        if not refusal.where:
            return refusal
        steps = tuple(int(n) if n else key for key, n in STEP.findall(refusal.where))
        position = self.document.key_position(steps)
        where = f"{self.path}:{position.line}:{position.column}: {refusal.where}"
        return SettingsRefused(refusal.message, where=where, hint=refusal.hint)


def read_settings_file(path: Path, *, environment: Mapping[str, str]) -> SettingsFile:
    """Read a YAML mapping and replace ``${NAME}`` from ``environment`` in its values.

    Raises ConfigurationInvalid with the line of what is wrong: YAML that cannot be read, a
    variable that is not set, a document that is not a mapping.
    """
    document = read_yaml(path, file=str(path))
    if document.problems:
        first = document.problems[0]
        raise ConfigurationInvalid(
            first.message, where=f"{first.file}:{first.line}:{first.column}", hint=first.hint
        )
    if not isinstance(document.value, dict):
        raise ConfigurationInvalid(
            "A configuration file is a YAML mapping.", where=f"{path}:1", hint="Begin with a key."
        )
    expanded = _expand(document.value, (), document, path, environment)
    assert isinstance(expanded, dict), "expanding keeps the shape"
    return SettingsFile(expanded, document, path)


def fill_from_environment(
    values: dict[str, Any], variables: Mapping[str, str], *, environment: Mapping[str, str]
) -> None:
    """Fill values that a file leaves out or empty: dotted place → name of the variable.

    Only the innermost block is added where it is missing: a file that is about something else
    stays so.
    """
    for place, name in variables.items():
        *parents, innermost, last = ["", *place.split(".")]
        value = environment.get(name)
        if not value:
            continue
        inner: Any = {"": values}
        for key in parents:
            inner = _filled(inner, key, {}) if isinstance(inner, dict) and key in inner else None
        _filled(_filled(inner, innermost, {}), last, value)


def _filled(mapping: Any, key: str, value: Any) -> Any:
    """Return what stands under a key, after putting ``value`` there if nothing did."""
    if not isinstance(mapping, dict):
        return None
    if mapping.get(key) is None:
        mapping[key] = value
    return mapping[key]


def _expand(
    value: Any, at: Place, document: YamlDocument, path: Path, environment: Mapping[str, str]
) -> Any:
    if isinstance(value, dict):
        return {
            key: _expand(inner, (*at, key), document, path, environment)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [
            _expand(inner, (*at, index), document, path, environment)
            for index, inner in enumerate(value)
        ]
    if not isinstance(value, str):
        return value
    return VARIABLE.sub(lambda found: _variable(found[1], at, document, path, environment), value)


def _variable(
    name: str, at: Place, document: YamlDocument, path: Path, environment: Mapping[str, str]
) -> str:
    position = document.position(at)
    where = f"{path}:{position.line}:{position.column}"
    key = ".".join(map(str, at))
    if not NAME.fullmatch(name):
        raise ConfigurationInvalid(
            f"{key}: ${{{name}}} does not name a variable.", where=where, hint="Write ${NAME}."
        )
    if name not in environment:
        raise ConfigurationInvalid(
            f"{key}: the environment variable {name} is not set.",
            where=where,
            hint=f"Set it (export {name}=…), or write the value's place in the file otherwise.",
        )
    return environment[name]
