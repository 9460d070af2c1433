"""Do conditions, texts and data sources of a form refer to something that exists?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from mooring.model.js_regex import compile_js
from mooring.model.known_names import listed, nearest
from mooring.model.problem import Problem, Rule, Severity, shown
from mooring.reading.form_reader import TESTS
from mooring.reading.yaml_composer import KeyPath
from mooring.reading.yaml_reader import YamlDocument
from mooring.rules.inspected import Inspected, fault, mappings

CONDITION = Rule("FRM-11", "A condition refers to a field or property of the form.")
TEXT = Rule("FRM-12", "A placeholder in a text refers to a field or property: section.field.")
FUNCTION = Rule("FRM-13", "The function of a data source is in app.yml.")
PATTERN = Rule("FRM-14", "A regular expression can be compiled.")
ONE_TEST = Rule("FRM-15", "A comparison has exactly one test.")
NO_SLASHES = Rule(
    "FRM-19", "A regular expression stands without slashes around it.", Severity.WARNING
)
CLOSED = Rule("FRM-20", "A placeholder that is opened is closed.", Severity.WARNING)
WEB_ADDRESS = Rule(
    "FRM-21", "The URL of a data source begins with https:// or http://.", Severity.WARNING
)
RULES = (CONDITION, TEXT, FUNCTION, PATTERN, ONE_TEST, NO_SLASHES, CLOSED, WEB_ADDRESS)

CONDITIONS = ("visible", "disabled", "readonly", "required")
TEXTS = ("label", "help", "text", "href")
PLACEHOLDER = re.compile(r"\{\{\{?\s*(?:[#^/>&]\s*)?([\w.]+)\s*\}?\}\}")

BLOCK = re.compile(r"\{\{\s*([#^/])\s*([\w.]+)\s*\}\}")
WEB = re.compile(r"https?://[^/\s]", re.ASCII)

Names = dict[str, list[str]]
"""What can be referred to, by section; empty when the form's shape leaves that open."""


def check(app: Inspected) -> Iterator[Problem]:
    """Look at every reference in every form."""
    for document in app.files.forms.values():
        names = _names(document)
        for section, path in mappings(document, "sections"):
            key = str(section.get("key", ""))
            yield from _references(app, document, section, path, key, names)
            for element, at in mappings(document, *path, "elements"):
                yield from _references(app, document, element, at, key, names)


def _names(document: YamlDocument) -> Names:
    names: Names = {}
    if any(not _certain(section) for section in document.items(("sections",))):
        return names
    for section, path in mappings(document, "sections"):
        keys = [element.get("key") for element, _ in mappings(document, *path, "elements")]
        keys += document.items((*path, "properties"))
        names.setdefault(str(section.get("key", "")), []).extend(
            key for key in keys if isinstance(key, str)
        )
    return names


def _certain(section: Any) -> bool:
    """Whether the keys of a section can be told, all of them."""
    if not isinstance(section, dict) or not isinstance(section.get("key"), str):
        return False
    elements, properties = section.get("elements"), section.get("properties", [])
    return (
        isinstance(elements, list)
        and isinstance(properties, list)
        and all(
            isinstance(element, dict) and isinstance(element.get("key", ""), str)
            for element in elements
        )
    )


def _references(
    app: Inspected,
    document: YamlDocument,
    item: dict[str, Any],
    path: KeyPath,
    section: str,
    names: Names,
) -> Iterator[Problem]:
    for name in CONDITIONS:
        yield from _condition(document, (*path, name), section, names)
    for rule, at in mappings(document, *path, "validations"):
        yield from _condition(document, (*at, "predicate"), section, names)
        yield from _pattern(document, rule, at)
    for name in TEXTS:
        if isinstance(item.get(name), str):
            yield from _placeholders(document, item[name], (*path, name), names)
            yield from _closed(document, item[name], (*path, name))
    yield from _data_source(app, document, (*path, "dataSource"))


def _condition(
    document: YamlDocument, path: KeyPath, section: str, names: Names
) -> Iterator[Problem]:
    condition = document.mapping(path)
    if "comparators" in condition:
        for index, _ in enumerate(document.items((*path, "comparators"))):
            yield from _condition(document, (*path, "comparators", index), section, names)
        return
    if not condition:
        return
    tests = [test for test in TESTS if test in condition]
    if len(tests) != 1:
        said = f"has {' and '.join(tests)}" if tests else "has no test"
        hint = f"Write exactly one of {', '.join(TESTS)}."
        yield fault(document, ONE_TEST, path, f"The comparison {said}.", hint=hint)
    yield from _pattern(document, condition, path)
    key = condition.get("key")
    if isinstance(key, str) and names and not _exists(key, section, names):
        yield fault(
            document,
            CONDITION,
            (*path, "key"),
            f"The condition refers to {shown(key)}; there is no such field or property.",
            hint=_hint(key if "." in key else f"{section}.{key}", names),
        )


def _exists(key: str, section: str, names: Names) -> bool:
    owner, dot, field = key.partition(".")
    return field in names.get(owner, ()) if dot else key in names.get(section, ())


def _hint(key: str, names: Names) -> str:
    known = [f"{owner}.{field}" for owner, fields in names.items() for field in fields]
    return f"{nearest(key, known)}Write section.field, as they stand in this form."


def _pattern(document: YamlDocument, item: dict[str, Any], path: KeyPath) -> Iterator[Problem]:
    regex, flags = item.get("regex"), item.get("flags", "")
    if not isinstance(regex, str) or not isinstance(flags, str):
        return
    if len(regex) > 1 and regex.startswith("/") and regex.endswith("/"):
        said = f"{shown(regex)} matches text that has a slash at its beginning and its end."
        hint = "Leave the slashes out if they only surround the pattern."
        yield fault(document, NO_SLASHES, (*path, "regex"), said, hint=hint)
    try:
        compile_js(regex, flags)
    except ValueError as error:
        said = f"{shown(regex)} is not a regular expression: {error}."
        hint = "Write it as JavaScript does; in double quotes, double each backslash."
        yield fault(document, PATTERN, (*path, "regex"), said, hint=hint)


def _placeholders(
    document: YamlDocument, text: str, path: KeyPath, names: Names
) -> Iterator[Problem]:
    for key in dict.fromkeys(PLACEHOLDER.findall(text)):
        if names and ("." not in key or not _exists(key, "", names)):
            said = f"The text refers to {shown(key)}; there is no such field or property."
            yield fault(document, TEXT, path, said, hint=_hint(key, names))


def _closed(document: YamlDocument, text: str, path: KeyPath) -> Iterator[Problem]:
    """Compare what is opened with what is closed: braces, and blocks by their key."""
    without = PLACEHOLDER.sub("", text)
    if "{{" in without:
        said = "A placeholder is opened with {{ and not closed, or has no key."
        hint = "Write {{section.key}}."
        yield fault(document, CLOSED, path, said, hint=hint)
    open_blocks: list[str] = []
    for kind, key in BLOCK.findall(text):
        if kind in "#^":
            open_blocks.append(key)
        elif open_blocks and open_blocks[-1] == key:
            open_blocks.pop()
        else:
            open_blocks.append(key)
            break
    if open_blocks:
        said = f"The block of {shown(open_blocks[-1])} is not opened and closed in pairs."
        hint = "Write {{#section.key}} … {{/section.key}}."
        yield fault(document, CLOSED, path, said, hint=hint)


def _data_source(app: Inspected, document: YamlDocument, path: KeyPath) -> Iterator[Problem]:
    source = document.mapping(path)
    url = source.get("url")
    if source.get("type") == "http" and isinstance(url, str) and not WEB.match(url):
        said = f"The options come from {shown(url)}, which is not the address of a page."
        hint = "Begin with https://."
        yield fault(document, WEB_ADDRESS, (*path, "url"), said, hint=hint)
    function = source.get("function")
    functions = app.functions
    if source.get("type") != "app" or not isinstance(function, str) or functions is None:
        return
    if function not in functions:
        known = f"Functions in app.yml: {listed(functions)}."
        yield fault(
            document,
            FUNCTION,
            (*path, "function"),
            f"The options come from the function {shown(function)}, which app.yml does not have.",
            hint=f"{nearest(function, functions)}{known}",
        )
