"""What does a configuration file say once its ``${NAME}`` are filled in?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mooring.errors import ConfigurationInvalid
from mooring.reading.yaml_reader import YamlDocument, read_yaml

VARIABLE = re.compile(r"\$\{([^}]*)\}")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
Place = tuple[str | int, ...]


def read_settings_file(path: Path, *, environment: Mapping[str, str]) -> dict[str, Any]:
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
    return expanded


def fill_from_environment(
    document: dict[str, Any], variables: Mapping[str, str], *, environment: Mapping[str, str]
) -> None:
    """Fill values that a file leaves out or empty: dotted place → name of the variable."""
    for place, name in variables.items():
        *parents, last = place.split(".")
        value = environment.get(name)
        if not value:
            continue
        inner: Any = document
        for key in parents:
            inner = _filled(inner, key, {})
        _filled(inner, last, value)


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
