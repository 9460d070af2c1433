"""Is a submitted section complete and plausible, and which of its values reach the app?

Evaluations follow OCP's rules with its gaps filled: a missing value counts as ``false`` for
``equals: false`` and as empty for ``empty: true``; keys may be bare inside their own section.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mooring.model.form import (
    OAUTH_BUTTONS,
    Comparator,
    Element,
    Evaluation,
    Operation,
    Predicate,
    Section,
    Validation,
)
from mooring.model.js_regex import compile_js
from mooring.model.known_names import listed, nearest

Answers = Mapping[str, Mapping[str, Any]]
"""Values by section and field, secrets in clear."""

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+", re.ASCII)


def check_section(
    section: Section, answers: Answers, *, given: Mapping[str, Any]
) -> dict[str, list[str]]:
    """Return sentences by field for what a person must correct; empty when all is well."""
    errors = {key: [_unknown(section, key)] for key in given if _field(section, key) is None}
    for element in section.fields:
        if _off(element, section, answers):
            continue
        value = value_of(element, section, answers)
        if found := _problems(element, section, answers, value):
            errors.setdefault(element.key, []).extend(found)
    return errors


def submitted_fields(section: Section, answers: Answers) -> dict[str, Any]:
    """Return what the app's handler gets: hidden and disabled fields are left out."""
    return {
        element.key: value_of(element, section, answers)
        for element in section.fields
        if not _off(element, section, answers)
    }


def value_of(element: Element, section: Section, answers: Answers) -> Any:
    """Return the answer, else the form's default, else the type's own empty value."""
    present = answers.get(section.key, {}).get(element.key)
    if present is not None:
        return present
    if element.default_value is not None:
        return element.default_value
    return {"toggle": False, "multi_select": []}.get(element.type, "")


def holds(evaluation: Evaluation, section: Section, answers: Answers) -> bool:
    """Decide a boolean, a comparator or a predicate tree."""
    if isinstance(evaluation, bool):
        return evaluation
    if isinstance(evaluation, Predicate):
        parts = [holds(part, section, answers) for part in evaluation.comparators]
        return _quantified(evaluation.operation, parts)
    if evaluation.test == "hasFeatureFlag":
        # This host has no feature flags of its own accounts, so none is on.
        return False
    value = _look_up(evaluation.key, section, answers)
    if evaluation.operation and isinstance(value, list):
        # OCP: "none" over an empty selection is false, like "all" and "any" over it.
        return bool(value) and _quantified(
            evaluation.operation, [_compare(evaluation, item) for item in value]
        )
    return _compare(evaluation, value)


def can_authorize(section: Section, answers: Answers) -> bool:
    """Tell whether a button that connects an account is there and can be pressed."""
    return any(
        element.type in OAUTH_BUTTONS
        and holds(element.visible, section, answers)
        and not holds(element.disabled, section, answers)
        for element in section.elements
    )


def _quantified(operation: Operation, results: list[bool]) -> bool:
    if operation == "all":
        return all(results)
    return any(results) if operation == "any" else not any(results)


def _compare(comparator: Comparator, value: Any) -> bool:
    if comparator.test == "equals":
        wanted = comparator.expected
        if wanted is False and _empty(value):
            return True
        return isinstance(value, bool) == isinstance(wanted, bool) and bool(value == wanted)
    if comparator.test == "empty":
        return _empty(value) == comparator.expected
    if _empty(value):
        return False
    pattern = compile_js(str(comparator.expected), comparator.flags)
    return pattern.search(str(value)) is not None


def _look_up(key: str, section: Section, answers: Answers) -> Any:
    if "." in key:
        owner, _, field = key.partition(".")
        return answers.get(owner, {}).get(field)
    return answers.get(section.key, {}).get(key)


def _empty(value: Any) -> bool:
    return value is None or value == "" or value == []


def _off(element: Element, section: Section, answers: Answers) -> bool:
    return not holds(element.visible, section, answers) or holds(element.disabled, section, answers)


def _problems(element: Element, section: Section, answers: Answers, value: Any) -> list[str]:
    if _empty(value):
        missing = holds(element.required, section, answers)
        return [f"{element.label} is required."] if missing else []
    if wrong := _wrong_type(element, value):
        return [wrong]
    return [
        rule.message
        for rule in element.validations
        if not _rule_holds(rule, section, answers, value)
    ]


def _rule_holds(rule: Validation, section: Section, answers: Answers, value: Any) -> bool:
    if rule.regex is not None:
        return compile_js(rule.regex, rule.flags).search(str(value)) is not None
    return rule.predicate is None or holds(rule.predicate, section, answers)


def _wrong_type(element: Element, value: Any) -> str:
    """Say what is wrong with a value that this element can never give."""
    if element.type == "toggle":
        return "" if isinstance(value, bool) else f"{element.label} takes true or false."
    if element.type == "multi_select":
        if not isinstance(value, list):
            return f"{element.label} takes a list of choices."
        return _not_offered(element, value)
    if isinstance(value, (dict, list)):
        return f"{element.label} takes a single value."
    if element.type == "select":
        return _not_offered(element, [value])
    if element.data_type == "number" and not _is_number(value):
        return f"{element.label} must be a number."
    if element.data_type == "email" and not EMAIL.fullmatch(str(value)):
        return f"{element.label} must be an e-mail address."
    return ""


def _not_offered(element: Element, values: list[Any]) -> str:
    offered = [option.value for option in element.options]
    wrong = [str(value) for value in values if offered and value not in offered]
    if not wrong or element.data_source:
        return ""
    choices = ", ".join(str(value) for value in offered)
    return f"{element.label} does not offer {', '.join(wrong)}; it offers: {choices}."


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _field(section: Section, key: str) -> Element | None:
    return next((element for element in section.fields if element.key == key), None)


def _unknown(section: Section, key: str) -> str:
    names = [element.key for element in section.fields]
    return f"{nearest(key, names)}The section {section.key} has these fields: {listed(names)}."
