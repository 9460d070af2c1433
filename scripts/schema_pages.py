"""How does a JSON Schema read as a page? Every mapping a section, every property a row.

Titles and descriptions come from the schema alone; what has none shows that the schema lacks it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]  # Any: JSON

TYPES = {
    "string": "text",
    "number": "number",
    "integer": "whole number",
    "boolean": "true or false",
    "array": "list",
    "object": "mapping",
    "null": "nothing",
}
REF = "#/$defs/"


def schema_page(schema: Schema) -> Iterator[str]:
    """Write the page of one kind of file."""
    yield from SchemaPage(schema).lines()


class SchemaPage:
    """One page in the making: sections wait until something has linked to them."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._waiting: dict[str, Schema] = {}
        self._written: set[str] = set()

    def lines(self) -> Iterator[str]:
        """Write the whole file first, then what its parts link to, in the order of the links."""
        yield from (self._schema["description"], "")
        yield from self._table("", self._schema)
        while self._waiting:
            anchor = next(iter(self._waiting))
            yield from self._section(anchor, self._waiting.pop(anchor))

    def _section(self, anchor: str, schema: Schema) -> Iterator[str]:
        self._written.add(anchor)
        yield from (f'<a id="{anchor}"></a>', f"## {_title(anchor, schema)}", "")
        if description := schema.get("description"):
            yield from (description, "")
        yield from self._table(anchor, schema)
        kinds = [self._link(name, self._definition(name)) for name in _choices(schema)]
        if kinds:
            yield from (f"Further properties depend on `type`: {', '.join(kinds)}.", "")

    def _table(self, anchor: str, schema: Schema) -> Iterator[str]:
        rows = self._merged(schema)
        if not rows:
            return
        yield from ("| property | value | required | meaning |", "|---|---|---|---|")
        for name, (found, required) in rows.items():
            place = ".".join(filter(None, (anchor, name)))
            value = self._value(found, f"{anchor}-{name}".strip("-"))
            meaning = _sentence(self._resolved(found).get("description", ""))
            # A part of the file that is a section of its own is found there.
            mark = "" if f"(#{place})" in value else f'<a id="{place}"></a>'
            cells = (f"{mark}`{name}`", value, required, meaning)
            yield f"| {' | '.join(_cell(cell) for cell in cells)} |"
        yield ""

    def _merged(self, schema: Schema) -> dict[str, tuple[Schema, str]]:
        """Collect the properties of a mapping and of its cases, with whether they are required."""
        found: dict[str, tuple[Schema, str]] = {}
        required = schema.get("required", ())
        for name, each in schema.get("properties", {}).items():
            # True stands for what another part of the schema describes.
            if each is not True:
                found[name] = (each, "yes" if name in required else "")
        for case in _cases(schema):
            is_whole = "$ref" in case
            for name, (each, needed) in self._merged(self._resolved(case)).items():
                if name in found:
                    found[name] = (self._either(found[name][0], each), found[name][1])
                else:
                    found[name] = (each, needed if is_whole else needed and "in its case")
        return found

    def _either(self, one: Schema, other: Schema) -> Schema:
        """Let a property that means different things in different cases say both."""
        said = dict.fromkeys(self._resolved(each).get("description", "") for each in (one, other))
        return {**one, "description": " Or: ".join(filter(None, said))}

    def _value(self, schema: Schema, anchor: str) -> str:
        """Say what a property may hold, and let what it links to have a section."""
        whole = self._resolved(schema)
        if options := _options(whole):
            return options
        kinds = whole.get("type", "object")
        kinds = [kinds] if isinstance(kinds, str) else kinds
        target = whole
        if "$ref" in schema:
            anchor = schema["$ref"].removeprefix(REF)
            target = self._definition(anchor)
        said = (self._kind(kind, whole, anchor=anchor, target=target) for kind in kinds)
        return " or ".join(said) + _limits(whole)

    def _kind(self, kind: str, whole: Schema, *, anchor: str, target: Schema) -> str:
        facets = [whole, *(self._resolved(case) for case in _cases(whole))]
        if kind == "string":
            return next(filter(None, map(_options, facets)), TYPES[kind])
        if kind == "object" and self._merged(whole):
            alone = [each for each in _cases(target) if "properties" not in target]
            if len(alone) == 1 and "$ref" in alone[0]:
                anchor = alone[0]["$ref"].removeprefix(REF)
                target = self._definition(anchor)
            return self._link(anchor, target)
        keyword = {"array": "items", "object": "additionalProperties"}.get(kind, "")
        inner = next((each[keyword] for each in facets if keyword in each), None)
        if not isinstance(inner, dict) or inner.get("$ref") == f"{REF}parameter":
            return TYPES[kind]
        what = self._value(inner, anchor)
        return f"list of {what}" if kind == "array" else f"names, each with {what}"

    def _link(self, anchor: str, schema: Schema) -> str:
        if anchor not in self._written:
            self._waiting.setdefault(anchor, schema)
        return f"[{_title(anchor, schema)}](#{anchor})"

    def _definition(self, name: str) -> Schema:
        definition: Schema = self._schema["$defs"][name]
        return definition

    def _resolved(self, schema: Schema) -> Schema:
        """Follow references; what stands beside one wins."""
        while "$ref" in schema:
            target = self._schema["$defs"][schema["$ref"].removeprefix(REF)]
            schema = {**target, **{key: each for key, each in schema.items() if key != "$ref"}}
        return schema


def _cases(schema: Schema) -> Iterator[Schema]:
    """Walk what holds of a mapping in one case or another."""
    for keyword in ("then", "else"):
        if isinstance(schema.get(keyword), dict):
            yield schema[keyword]
    for keyword in ("allOf", "anyOf", "oneOf"):
        for each in schema.get(keyword, ()):
            if "$ref" not in each.get("then", {}):
                yield each
                yield from _cases(each)


def _choices(schema: Schema) -> Iterator[str]:
    """Name the definitions among which the type of a mapping chooses."""
    for each in schema.get("allOf", ()):
        if "$ref" in each.get("then", {}):
            yield each["then"]["$ref"].removeprefix(REF)


def _options(schema: Schema) -> str:
    """Write the values of which one has to be chosen; empty when it may be anything."""
    options = schema.get("enum", [schema["const"]] if "const" in schema else [])
    return ", ".join(f"`{_scalar(option)}`" for option in options)


def _title(anchor: str, schema: Schema) -> str:
    words = anchor.replace("_", " ").replace("-", ": ")
    return str(schema.get("title") or words[:1].upper() + words[1:])


def _limits(schema: Schema) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    said = f", from {low}" if low is not None else ""
    said += f" to {high}" if high is not None else ""
    if examples := schema.get("examples"):
        said += f", as in `{_scalar(examples[0])}`"
    return said


def _scalar(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _sentence(text: str) -> str:
    text = text.replace("<", "&lt;")
    return text if not text or re.search(r"[.!?)]$", text) else f"{text}."


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
