"""What does a JSON Schema find in a document? One fault is one problem, at its line and column.

The schemas are the files in ``mooring/schemas``. A schema names rule, message and remedy of a
keyword itself under ``x-rules``; otherwise the keyword decides. The schemas use if/then instead of
unions, so that no fault is reported once per branch.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, cast

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend

from mooring.model.js_regex import compile_js
from mooring.model.problem import Position, Problem, shown
from mooring.reading.schema_files import schema_file
from mooring.reading.schema_messages import Fault, explain
from mooring.reading.schema_rules import rule_for
from mooring.reading.yaml_reader import YamlDocument

MOST_PROBLEMS = 100

# Faults that are about a key rather than about a value.
ABOUT_KEYS = frozenset({"additionalProperties", "required", "dependentRequired"})


class SchemaChecker:
    """Checks documents of each of KINDS; loads each schema once."""

    def __init__(self) -> None:
        self._validators: dict[str, Validator] = {}

    def check(self, document: YamlDocument, kind: str) -> list[Problem]:
        """Return the faults of a document's shape, at most MOST_PROBLEMS of them."""
        validator = self._validator(kind)
        definitions = cast(dict[str, Any], validator.schema)["$defs"]
        found = (
            _problem(document, kind, _fault(document, error, definitions))
            for error in validator.iter_errors(document.value)
        )
        return list(islice(_distinct(found), MOST_PROBLEMS))

    def _validator(self, kind: str) -> Validator:
        if kind not in self._validators:
            self._validators[kind] = _validator_class()(load_schema(kind))
        return self._validators[kind]


def _distinct(problems: Iterable[Problem]) -> Iterator[Problem]:
    """Leave out repetitions, one by one: nobody waits for what is cut off anyway."""
    seen: set[Problem] = set()
    for problem in problems:
        if problem not in seen:
            seen.add(problem)
            yield problem


def load_schema(kind: str) -> dict[str, Any]:
    """Return the JSON Schema of one of KINDS of files."""
    schema: dict[str, Any] = json.loads(schema_file(kind).read_text("utf-8"))
    return schema


def _fault(document: YamlDocument, error: Any, definitions: dict[str, Any]) -> Fault:
    path = tuple(error.absolute_path)
    return Fault(
        file=document.file,
        keyword=error.validator,
        path=path,
        given=error.instance,
        expected=error.validator_value,
        detail=error.message,
        schema=error.schema,
        definitions=definitions,
        written=document.written.get(path),
    )


def _problem(document: YamlDocument, kind: str, fault: Fault) -> Problem:
    said = fault.schema.get("x-rules", {}).get(fault.keyword, {})
    if "message" in said:
        words = {"field": fault.field, "value": shown(fault.given)}
        message, hint = said["message"].format(**words), said.get("hint", "").format(**words)
    else:
        message, hint = explain(fault)
    rule = rule_for(kind, fault.keyword, at_root=not fault.path, named=said.get("rule"))
    return rule.at(document.file, _position(document, fault), message, hint=hint)


def _position(document: YamlDocument, fault: Fault) -> Position:
    if fault.keyword in ABOUT_KEYS:
        return document.key_position(fault.path)
    return document.position(fault.path)


def _validator_class() -> Callable[[dict[str, Any]], Validator]:
    """Make the library's validator tell names instead of sentences, and read ECMA patterns."""
    own = {
        "required": _required,
        "additionalProperties": _additional_properties,
        "pattern": _pattern,
    }
    extended = extend(Draft202012Validator, own)  # type: ignore[no-untyped-call]  # library is untyped
    return cast(Callable[[dict[str, Any]], Validator], extended)


def _required(
    validator: Any, names: list[str], instance: Any, schema: Any
) -> Iterator[ValidationError]:
    if isinstance(instance, dict):
        yield from (ValidationError(name) for name in names if name not in instance)


def _additional_properties(
    validator: Any, others: Any, instance: Any, schema: Any
) -> Iterator[ValidationError]:
    if not isinstance(instance, dict):
        return
    known = schema.get("properties", {})
    for name in instance:
        if name in known:
            continue
        if others is False:
            yield ValidationError(name, path=[name])
        else:
            yield from validator.descend(instance[name], others, path=name)


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not compile_js(pattern).search(instance):
        yield ValidationError(pattern)
