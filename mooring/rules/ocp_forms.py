"""What in a form does OCP's validator refuse or stumble over? Asked for with ``validate --ocp``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mooring.model.js_regex import compile_js
from mooring.model.problem import Problem, Rule, Severity, shown
from mooring.reading.yaml_composer import KeyPath
from mooring.reading.yaml_reader import YamlDocument
from mooring.rules.inspected import Inspected, fault

NO_NULL = Rule("OCP-7", "OCP's validator ends at an empty value in a form.", Severity.WARNING)
NO_FLAGS = Rule("OCP-8", "OCP's validator refuses `flags`.", Severity.WARNING)
MESSAGE = Rule(
    "OCP-9", "OCP's validator takes the message of a `regex` for a pattern too.", Severity.WARNING
)
RULES = (NO_NULL, NO_FLAGS, MESSAGE)


def check(app: Inspected) -> Iterator[Problem]:
    """Walk every value of every form."""
    for document in app.files.forms.values():
        if document.usable:
            for value, path in _values(document.value, ()):
                yield from _faults(document, value, path)


def _values(value: Any, path: KeyPath) -> Iterator[tuple[Any, KeyPath]]:
    yield value, path
    if isinstance(value, dict | list):
        for step, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _values(inner, (*path, step))


def _faults(document: YamlDocument, value: Any, path: KeyPath) -> Iterator[Problem]:
    if value is None and path:
        said = "OCP's validator ends at this empty value."
        hint = "Write a value, or fetch such options from a data source."
        yield fault(document, NO_NULL, path, said, hint=hint)
    if not isinstance(value, dict) or not isinstance(value.get("regex"), str):
        return
    if value.get("flags"):
        said = f"OCP's validator refuses the flags {shown(value['flags'])}."
        hint = "Write the pattern without, as in [Aa] for the flag i."
        yield fault(document, NO_FLAGS, (*path, "flags"), said, hint=hint)
    message = value.get("message")
    if isinstance(message, str) and not _compiles(message):
        said = f"OCP's validator reads the message {shown(message)} as a pattern, and cannot."
        hint = "Balance its brackets, or do without them."
        yield fault(document, MESSAGE, (*path, "message"), said, hint=hint)


def _compiles(pattern: str) -> bool:
    try:
        compile_js(pattern)
    except ValueError:
        return False
    return True
