"""How does the content of a form file become a Form?"""

from __future__ import annotations

from typing import Any, cast

from mooring.model.form import (
    Comparator,
    DataSource,
    Element,
    Evaluation,
    Form,
    Operation,
    Option,
    Predicate,
    Section,
    Test,
    Validation,
)
from mooring.reading.node import Malformed, Node

TESTS: tuple[Test, ...] = ("equals", "empty", "regex", "hasFeatureFlag")
OPERATIONS = ("all", "any", "none")
TEXTS = {
    "key": "key",
    "label": "label",
    "help": "help",
    "text": "text",
    "hint": "hint",
    "action": "action",
    "href": "href",
    "trigger_action": "triggerAction",
}
RARE = frozenset(
    {"extensions", "maxSize", "icon", "iconPosition", "alternateText", "intent"}
    | {"normalImage", "focusImage", "disabledImage", "pressedImage"}
)


def read_form(value: Any) -> Form:
    """Return the typed form. Raises Malformed."""
    return Form(sections=tuple(_section(node) for node in Node(value).elements("sections")))


def _section(node: Node) -> Section:
    return Section(
        key=node.text("key"),
        label=node.text("label"),
        elements=tuple(_element(element) for element in node.elements("elements")),
        properties=node.texts("properties"),
        visible=_evaluation(node, "visible", default=True),
        disabled=_evaluation(node, "disabled", default=False),
    )


def _element(node: Node) -> Element:
    texts = {name: node.text(key, "") for name, key in TEXTS.items()}
    return Element(
        type=node.text("type"),
        **texts,
        style=node.text("style", "none"),
        display=node.text("display", "auto"),
        data_type=node.text("dataType", "text"),
        multiline=node.flag("multiline"),
        default_value=node.child("defaultValue").value,
        required=_evaluation(node, "required", default=False),
        visible=_evaluation(node, "visible", default=True),
        disabled=_evaluation(node, "disabled", default=False),
        readonly=_evaluation(node, "readonly", default=False),
        validations=tuple(_validation(rule) for rule in node.elements("validations")),
        options=tuple(_option(option) for option in node.elements("options")),
        data_source=_data_source(node.child("dataSource")) if node.has("dataSource") else None,
        attributes={key: node.child(key).value for key in node.as_mapping() if key in RARE},
    )


def _option(node: Node) -> Option:
    value = node.child("value")
    if isinstance(value.value, list | dict):
        raise Malformed(value.path, "a string, number or boolean")
    return Option(text=node.text("text"), value=value.value)


def _data_source(node: Node) -> DataSource:
    kind = node.text("type")
    if kind == "app":
        return DataSource("app", function=node.text("function"), method=node.text("method", "GET"))
    if kind == "http":
        return DataSource("http", url=node.text("url"), method=node.text("method", "GET"))
    raise Malformed((*node.path, "type"), "app or http")


def _validation(node: Node) -> Validation:
    message = node.text("message")
    if node.has("regex"):
        return Validation(message, regex=node.text("regex"), flags=node.text("flags", ""))
    predicate = _condition(node.child("predicate"))
    if not isinstance(predicate, Predicate):
        raise Malformed((*node.path, "predicate"), "operation and comparators")
    return Validation(message, predicate=predicate)


def _evaluation(node: Node, key: str, *, default: bool) -> Evaluation:
    if not node.has(key):
        return default
    child = node.child(key)
    return child.value if isinstance(child.value, bool) else _condition(child)


def _condition(node: Node) -> Comparator | Predicate:
    if node.has("comparators"):
        inner = tuple(_condition(comparator) for comparator in node.elements("comparators"))
        return Predicate(operation=_operation(node), comparators=inner)
    for test in TESTS:
        if node.has(test):
            return _comparator(node, test)
    raise Malformed(node.path, f"true, false, or a mapping with one of {', '.join(TESTS)}")


def _comparator(node: Node, test: Test) -> Comparator:
    expected = node.child(test)
    if expected.value is None or isinstance(expected.value, list | dict):
        raise Malformed(expected.path, "a string, number or boolean")
    return Comparator(
        test=test,
        expected=expected.value,
        key=node.text("key", ""),
        flags=node.text("flags", ""),
        operation=_operation(node) if node.has("operation") else None,
    )


def _operation(node: Node) -> Operation:
    operation = node.text("operation")
    if operation not in OPERATIONS:
        raise Malformed((*node.path, "operation"), "all, any or none")
    return cast(Operation, operation)
