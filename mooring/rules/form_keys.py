"""Can every value of a form be told apart, and be given?"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

from mooring.model.known_names import listed
from mooring.model.problem import Problem, Rule, Severity, shown
from mooring.reading.yaml_composer import KeyPath
from mooring.reading.yaml_reader import YamlDocument
from mooring.rules.inspected import Inspected, fault, mappings

SECTION_ONCE = Rule("FRM-6", "The key of a section occurs once in a form.")
KEY_ONCE = Rule("FRM-7", "A key occurs once in a section; fields, buttons and properties share.")
NO_DOTS = Rule("FRM-8", "Keys of sections and fields have no dots.")
HAS_OPTIONS = Rule("FRM-9", "A select has `options` or a `dataSource`.")
ONE_SOURCE = Rule("FRM-10", "A select has not both `options` and a `dataSource`.", Severity.WARNING)
DEFAULT_OFFERED = Rule("FRM-16", "A default value is among the options.", Severity.WARNING)
WORDS = Rule(
    "FRM-17", "Keys are letters, digits and underscores; others fit no text.", Severity.WARNING
)
OPTION_ONCE = Rule("FRM-18", "A value occurs once among the options.", Severity.WARNING)
RULES = (
    *(SECTION_ONCE, KEY_ONCE, NO_DOTS, HAS_OPTIONS, ONE_SOURCE),
    *(DEFAULT_OFFERED, WORDS, OPTION_ONCE),
)

WORD = re.compile(r"[A-Za-z0-9_.]+", re.ASCII)


def check(app: Inspected) -> Iterator[Problem]:
    """Look at the keys and choices of every form."""
    for document in app.files.forms.values():
        seen: dict[str, KeyPath] = {}
        for section, path in mappings(document, "sections"):
            yield from _once(document, SECTION_ONCE, "section", section, path, seen)
            yield from _elements(document, section, path)


def _elements(document: YamlDocument, section: dict[str, Any], path: KeyPath) -> Iterator[Problem]:
    seen: dict[str, KeyPath] = {}
    for element, at in mappings(document, *path, "elements"):
        yield from _once(document, KEY_ONCE, "element", element, at, seen)
        if element.get("type") in ("select", "multi_select"):
            yield from _choices(document, element, at)
    for index, name in enumerate(document.items((*path, "properties"))):
        if isinstance(name, str) and name in seen:
            line = document.position((*seen[name], "key")).line
            said = f"The property {shown(name)} has the key of the element in line {line}."
            at = (*path, "properties", index)
            yield fault(document, KEY_ONCE, at, said, hint="Give it another name.")
        elif isinstance(name, str):
            yield from _word(document, name, (*path, "properties", index))


def _once(
    document: YamlDocument,
    rule: Rule,
    what: str,
    item: dict[str, Any],
    path: KeyPath,
    seen: dict[str, KeyPath],
) -> Iterator[Problem]:
    key, at = item.get("key"), (*path, "key")
    if not isinstance(key, str) or not key:
        return
    if key in seen:
        line = document.position((*seen[key], "key")).line
        said = f"The key {shown(key)} belongs to the {what} in line {line} already."
        yield fault(document, rule, at, said, hint="Give each a key of its own.")
    if "." in key:
        said = f"The key {shown(key)} has a dot; conditions could not refer to it."
        yield fault(document, NO_DOTS, at, said, hint="Write an underscore.")
    yield from _word(document, key, at)
    seen.setdefault(key, path)


def _word(document: YamlDocument, key: str, path: KeyPath) -> Iterator[Problem]:
    if not WORD.fullmatch(key):
        said = f"The key {shown(key)} could not be written in a text of the form."
        hint = "Use letters, digits and underscores."
        yield fault(document, WORDS, path, said, hint=hint)


def _choices(document: YamlDocument, element: dict[str, Any], path: KeyPath) -> Iterator[Problem]:
    given = [name for name in ("options", "dataSource") if name in element]
    if not given:
        said = "A select without options and dataSource can never be answered."
        yield fault(document, HAS_OPTIONS, path, said, hint="Add options, or a dataSource.")
    elif len(given) == 2:
        said = "A select has options and a dataSource; only one can count."
        yield fault(document, ONE_SOURCE, (*path, "options"), said, hint="Remove one of the two.")
    elif given == ["options"]:
        yield from _offered(document, element, path)


def _offered(document: YamlDocument, element: dict[str, Any], path: KeyPath) -> Iterator[Problem]:
    """Compare the options with each other and with the default; 1, 1.0 and true differ."""
    seen: dict[tuple[type, Any], int] = {}
    certain = True
    for index, item in enumerate(document.items((*path, "options"))):
        value = item.get("value") if isinstance(item, dict) else []
        if isinstance(value, dict | list):
            certain = False
            continue
        if (type(value), value) in seen:
            first = document.position((*path, "options", seen[type(value), value], "value"))
            said = f"The option {shown(value)} stands in line {first.line} already."
            at = (*path, "options", index, "value")
            yield fault(document, OPTION_ONCE, at, said, hint="Remove one of the two.")
        seen.setdefault((type(value), value), index)
    if certain and seen and "defaultValue" in element:
        yield from _default(document, element["defaultValue"], path, seen)


def _default(
    document: YamlDocument, default: Any, path: KeyPath, offered: Collection[tuple[type, Any]]
) -> Iterator[Problem]:
    for value in default if isinstance(default, list) else [default]:
        if not isinstance(value, dict | list) and (type(value), value) not in offered:
            said = f"The default {shown(value)} is not among the options."
            hint = f"Options: {listed(shown(one) for _, one in offered)}."
            yield fault(document, DEFAULT_OFFERED, (*path, "defaultValue"), said, hint=hint)
