"""What a person must correct in a submitted section, and what reaches the app."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.engine.forms import check_section, holds, submitted_fields
from mooring.model.form import (
    Comparator,
    DataSource,
    Element,
    Evaluation,
    Option,
    Predicate,
    Section,
    Validation,
)

COLOURS = (Option("Red", "red"), Option("Blue", "blue"))


def section(*elements: Element) -> Section:
    return Section(key="main", label="Main", elements=elements)


def errors(element: Element, value: Any) -> list[str]:
    answers = {"main": {element.key: value}}
    return check_section(section(element), answers, given={}).get(element.key, [])


@pytest.mark.parametrize("value", ["", None, []])
def test_a_required_field_must_not_be_empty(value: Any) -> None:
    assert errors(Element(type="text", key="name", label="Name", required=True), value) == [
        "Name is required."
    ]


def test_a_required_field_that_is_given_is_fine() -> None:
    assert errors(Element(type="text", key="name", label="Name", required=True), "Ada") == []


@pytest.mark.parametrize(
    ("element", "value", "said"),
    [
        (Element(type="toggle", key="k", label="On"), "yes", "true or false"),
        (Element(type="multi_select", key="k", label="Many", options=COLOURS), "red", "a list"),
        (Element(type="select", key="k", label="One", options=COLOURS), "green", "red, blue"),
        (Element(type="text", key="k", label="Age", data_type="number"), "old", "a number"),
        (Element(type="text", key="k", label="Mail", data_type="email"), "x@y", "e-mail"),
        (Element(type="text", key="k", label="Text"), ["a"], "single value"),
    ],
)
def test_a_value_of_the_wrong_kind_is_named(element: Element, value: Any, said: str) -> None:
    assert said in errors(element, value)[0]


def test_choices_from_a_data_source_are_not_checked_against_static_options() -> None:
    element = Element(
        type="select", key="k", label="One", data_source=DataSource("app", function="choices")
    )
    assert errors(element, "anything") == []


def test_a_validation_says_its_own_message() -> None:
    nine = Validation(message="Use nine digits.", regex=r"^\d{9}$")
    element = Element(type="text", key="k", label="ID", validations=(nine,))
    assert errors(element, "12345678\n") == ["Use nine digits."]
    assert errors(element, "123456789") == []


def test_a_javascript_dollar_does_not_accept_a_trailing_newline() -> None:
    rule = Validation(message="No.", regex="^a$")
    assert errors(Element(type="text", key="k", label="K", validations=(rule,)), "a\n") == ["No."]


def test_an_empty_optional_field_is_not_validated() -> None:
    rule = Validation(message="No.", regex="^x$")
    assert errors(Element(type="text", key="k", label="K", validations=(rule,)), "") == []


def test_a_field_that_the_section_does_not_have_gets_the_nearest_name() -> None:
    found = check_section(
        section(Element(type="text", key="colour", label="Colour")), {}, given={"color": "red"}
    )
    assert "Did you mean colour?" in found["color"][0]


def test_hidden_and_disabled_fields_reach_neither_checks_nor_the_app() -> None:
    hidden = Element(type="text", key="h", label="H", required=True, visible=False)
    disabled = Element(type="text", key="d", label="D", required=True, disabled=True)
    readonly = Element(type="text", key="r", label="R", readonly=True)
    answers = {"main": {"h": "1", "d": "2", "r": "3"}}
    assert check_section(section(hidden, disabled, readonly), {}, given={}) == {}
    assert submitted_fields(section(hidden, disabled, readonly), answers) == {"r": "3"}


def test_missing_values_arrive_as_defaults_or_as_the_types_own_empty_value() -> None:
    elements = (
        Element(type="text", key="t", label="T", default_value="x"),
        Element(type="toggle", key="o", label="O"),
        Element(type="multi_select", key="m", label="M", options=COLOURS),
        Element(type="text", key="e", label="E"),
    )
    assert submitted_fields(section(*elements), {}) == {"t": "x", "o": False, "m": [], "e": ""}


ANSWERS: dict[str, dict[str, object]] = {
    "main": {"on": True, "many": ["a", "b"], "none": [], "name": "Ada"},
    "other": {"x": 1},
}


@pytest.mark.parametrize(
    ("evaluation", "expected"),
    [
        (True, True),
        (Comparator(test="equals", expected=True, key="main.on"), True),
        (Comparator(test="equals", expected=1, key="main.on"), False),
        (Comparator(test="equals", expected=1, key="other.x"), True),
        (Comparator(test="equals", expected=False, key="main.absent"), True),
        (Comparator(test="equals", expected="", key="main.absent"), False),
        (Comparator(test="empty", expected=True, key="absent"), True),
        (Comparator(test="empty", expected=False, key="name"), True),
        (Comparator(test="regex", expected="^ada$", key="name", flags="i"), True),
        (Comparator(test="regex", expected="^ada$", key="name"), False),
        (Comparator(test="equals", expected="a", key="many", operation="any"), True),
        (Comparator(test="equals", expected="a", key="many", operation="all"), False),
        (Comparator(test="equals", expected="c", key="many", operation="none"), True),
        (Comparator(test="equals", expected="c", key="none", operation="none"), False),
        (Comparator(test="hasFeatureFlag", expected="beta"), False),
        (Predicate("none", (Comparator(test="empty", expected=True, key="name"),)), True),
        (
            Predicate(
                "all",
                (Predicate("any", (Comparator(test="empty", expected=False, key="on"),)),),
            ),
            True,
        ),
    ],
)
def test_evaluations_follow_ocp(evaluation: Evaluation, expected: bool) -> None:
    assert holds(evaluation, section(), ANSWERS) is expected
