from __future__ import annotations

from typing import Any

import pytest

from mooring.model.form import Comparator, DataSource, Option, Predicate, Validation, secret_fields
from mooring.reading.form_reader import read_form
from mooring.reading.node import Malformed


def form(*elements: dict[str, Any], **section: Any) -> dict[str, Any]:
    return {
        "sections": [{"key": "auth", "label": "Account", "elements": list(elements), **section}]
    }


def text(**more: Any) -> dict[str, Any]:
    return {"type": "text", "key": "name", "label": "Name", "help": "Yours.", **more}


def test_a_form_may_be_empty() -> None:
    assert read_form({"sections": []}).sections == ()


def test_an_element_has_what_the_file_says_and_the_usual_rest() -> None:
    (section,) = read_form(form(text(dataType="email", defaultValue="a@b.co"))).sections
    (element,) = section.elements
    assert (element.key, element.data_type, element.default_value) == ("name", "email", "a@b.co")
    assert (element.required, element.visible, element.disabled) == (False, True, False)
    assert (element.style, element.display, element.multiline) == ("none", "auto", False)


def test_a_section_has_its_fields_properties_and_secrets() -> None:
    secret = {"type": "secret", "key": "token", "label": "Token", "help": ""}
    button = {"type": "button", "label": "Save", "action": "save"}
    (section,) = read_form(form(text(), secret, button, properties=["authorized"])).sections
    assert [element.key for element in section.fields] == ["name", "token"]
    assert section.properties == ("authorized",)
    assert secret_fields(section) == {"token"}


def test_a_condition_is_a_comparison_or_several() -> None:
    one = {"key": "auth.name", "equals": "x"}
    several = {"operation": "any", "comparators": [one, {"key": "name", "empty": True}]}
    (element,) = read_form(form(text(visible=one, required=several))).sections[0].elements
    first = Comparator("equals", "x", key="auth.name")
    assert element.visible == first
    assert element.required == Predicate("any", (first, Comparator("empty", True, key="name")))


def test_a_comparison_may_be_with_false_and_quantify_over_a_list() -> None:
    condition = {"key": "name", "equals": False, "operation": "none"}
    (element,) = read_form(form(text(visible=condition))).sections[0].elements
    assert element.visible == Comparator("equals", False, key="name", operation="none")


def test_options_stand_in_the_form_or_come_from_elsewhere() -> None:
    select = {"type": "select", "key": "shop", "label": "Shop", "help": ""}
    options = [{"text": "One", "value": 1}, {"text": "None", "value": None}]
    source = {"type": "app", "function": "shops"}
    url = {"type": "http", "url": "https://example.com"}
    elements = (
        read_form(
            form(
                {**select, "options": options},
                {**select, "dataSource": source},
                {**select, "dataSource": url},
            )
        )
        .sections[0]
        .elements
    )
    assert elements[0].options == (Option("One", 1), Option("None", None))
    assert elements[1].data_source == DataSource("app", function="shops")
    assert elements[2].data_source == DataSource("http", url="https://example.com")


def test_a_validation_is_a_pattern_or_a_predicate() -> None:
    predicate = {"operation": "all", "comparators": [{"key": "name", "empty": False}]}
    rules = [
        {"regex": "^a", "flags": "i", "message": "A!"},
        {"predicate": predicate, "message": "B!"},
    ]
    (element,) = read_form(form(text(validations=rules))).sections[0].elements
    assert element.validations[0] == Validation("A!", regex="^a", flags="i")
    assert isinstance(element.validations[1].predicate, Predicate)


def test_what_one_element_type_alone_knows_is_kept_under_its_name() -> None:
    file = {
        "type": "file",
        "key": "f",
        "label": "",
        "help": "",
        "extensions": [".csv"],
        "maxSize": 5,
    }
    (element,) = read_form(form(file)).sections[0].elements
    assert element.attributes == {"extensions": [".csv"], "maxSize": 5}


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ({"visible": "yes"}, ("visible",)),
        ({"visible": {"key": "a"}}, ("visible",)),
        ({"visible": {"operation": "some", "comparators": []}}, ("visible", "operation")),
        ({"visible": {"key": "a", "equals": None}}, ("visible", "equals")),
        ({"options": [{"text": "a", "value": []}]}, ("options", 0, "value")),
        ({"options": [{"text": 1, "value": 1}]}, ("options", 0, "text")),
        ({"dataSource": {"type": "ftp"}}, ("dataSource", "type")),
        (
            {"validations": [{"message": "x", "predicate": {"key": "a", "empty": True}}]},
            ("validations", 0, "predicate"),
        ),
        ({"multiline": "true"}, ("multiline",)),
        ({"key": 5}, ("key",)),
    ],
)
def test_what_has_another_shape_is_named_by_its_path(
    more: dict[str, Any], path: tuple[str | int, ...]
) -> None:
    with pytest.raises(Malformed) as wrong:
        read_form(form(text(**more)))
    assert wrong.value.path == ("sections", 0, "elements", 0, *path)
