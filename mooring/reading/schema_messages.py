"""How is a fault of a file's shape said so that a person can put it right? Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mooring.model.known_names import nearest
from mooring.model.problem import shown
from mooring.reading.node import dotted
from mooring.reading.yaml_composer import KeyPath
from mooring.reading.yaml_scalars import in_yaml_1_1

TYPE_NAMES = {
    "string": "a string",
    "object": "a mapping",
    "array": "a list",
    "boolean": "true or false",
    "number": "a number",
    "integer": "a whole number",
    "null": "empty",
}
LIMITS = {"minimum": "at least", "maximum": "at most", "exclusiveMinimum": "more than"}

MessageAndHint = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Fault:
    """A value that breaks a keyword of a JSON Schema.

    ``detail`` is the name that is missing or unknown; ``written`` the value as the file has it.
    """

    file: str
    keyword: str
    path: KeyPath
    given: Any
    expected: Any
    detail: str
    schema: Mapping[str, Any]
    definitions: Mapping[str, Any]
    written: str | None = None

    @property
    def field(self) -> str:
        """The path as people write it."""
        return dotted(self.path)

    @property
    def subject(self) -> str:
        """What the message is about."""
        return f"`{self.field}`" if self.path else self.file


def explain(fault: Fault) -> MessageAndHint:
    """Return message and hint for a fault that the schema has no words for."""
    return EXPLANATIONS.get(fault.keyword, _other)(fault)


def _missing(fault: Fault) -> MessageAndHint:
    described = _description(fault, fault.detail)
    hint = f"{fault.detail}: {described}" if described else ""
    return f"{fault.subject} lacks `{fault.detail}`.", hint


def _unknown(fault: Fault) -> MessageAndHint:
    known = sorted(fault.schema.get("properties", {}))
    around = dotted(fault.path[:-1])
    message = (
        f"{shown(fault.detail)} is not a property of {f'`{around}`' if around else fault.file}."
    )
    return message, f"{nearest(fault.detail, known)}Known here: {', '.join(known)}."


def _wrong_type(fault: Fault) -> MessageAndHint:
    names = [fault.expected] if isinstance(fault.expected, str) else list(fault.expected)
    wanted = " or ".join(TYPE_NAMES[name] for name in names)
    if fault.given is None:
        return f"{fault.subject} is empty; expected {wanted}.", "Fill it in, or leave it out."
    message = f"{fault.subject} is {_kind(fault.given)}; expected {wanted}."
    if fault.written and "string" in names:
        return message, f'Quote it: "{fault.written}".'
    return message, _told_apart(fault.given, names)


def _told_apart(given: Any, names: list[str]) -> str:
    """Explain text that a YAML 1.1 reader would take for the boolean or number wanted."""
    otherwise = in_yaml_1_1(given) if isinstance(given, str) else ""
    if otherwise in ("true", "false") and "boolean" in names:
        return f"Write {otherwise}; {shown(given)} is text, here as in OCP."
    if otherwise and {"number", "integer"} & set(names) and otherwise[0].isdigit():
        return f"Write {otherwise}; {shown(given)} is text, here as in OCP."
    return ""


def _not_a_choice(fault: Fault) -> MessageAndHint:
    allowed = [str(choice) for choice in fault.expected]
    message = f"{fault.subject} is {shown(fault.given)}; that is not one of its values."
    return message, f"{nearest(str(fault.given), allowed)}One of: {', '.join(allowed)}."


def _not_the_constant(fault: Fault) -> MessageAndHint:
    return f"{fault.subject} is {shown(fault.given)}; it can only be `{fault.expected}`.", ""


def _out_of_range(fault: Fault) -> MessageAndHint:
    relation = LIMITS[fault.keyword]
    return f"{fault.subject} is {fault.given}; expected {relation} {fault.expected}.", ""


def _blank(fault: Fault) -> MessageAndHint:
    return f"{fault.subject} is empty text.", "Fill it in, or leave it out."


def _no_match(fault: Fault) -> MessageAndHint:
    return f"{fault.subject} is {shown(fault.given)}; that is not allowed.", (
        f"It must match {fault.expected}"
    )


def _dependent(fault: Fault) -> MessageAndHint:
    return f"{fault.subject} has `flags` without `regex`.", "Add regex, or remove flags."


def _other(fault: Fault) -> MessageAndHint:
    return f"{fault.subject}: {fault.detail}.", ""


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return f"{'the text' if isinstance(value, str) else 'the number'} {shown(value)}"


def _description(fault: Fault, name: str) -> str:
    """Find what the schema says about a property, following one reference."""
    described = fault.schema.get("properties", {}).get(name, {})
    if not isinstance(described, dict):
        return ""
    reference = described.get("$ref", "")
    if reference and "description" not in described:
        described = fault.definitions[reference.removeprefix("#/$defs/")]
    return str(described.get("description", ""))


EXPLANATIONS: Mapping[str, Callable[[Fault], MessageAndHint]] = {
    "required": _missing,
    "additionalProperties": _unknown,
    "type": _wrong_type,
    "enum": _not_a_choice,
    "const": _not_the_constant,
    "minimum": _out_of_range,
    "maximum": _out_of_range,
    "exclusiveMinimum": _out_of_range,
    "minLength": _blank,
    "pattern": _no_match,
    "dependentRequired": _dependent,
}
