from __future__ import annotations

from typing import Any

import pytest

from mooring.reading.schema_messages import Fault, explain


def fault(keyword: str, given: Any = None, expected: Any = None, **more: Any) -> Fault:
    defaults: dict[str, Any] = {
        "path": ("a", 0, "b"),
        "detail": "",
        "schema": {},
        "definitions": {},
    }
    return Fault(
        file="app.yml", keyword=keyword, given=given, expected=expected, **{**defaults, **more}
    )


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (fault("type", True, "string"), "`a[0].b` is `true`; expected a string."),
        (
            fault("type", {}, ["string", "array"]),
            "`a[0].b` is a mapping; expected a string or a list.",
        ),
        (fault("type", [], "object"), "`a[0].b` is a list; expected a mapping."),
        (fault("type", "x", "integer"), "`a[0].b` is the text `x`; expected a whole number."),
        (fault("type", None, "object", path=()), "app.yml is empty; expected a mapping."),
        (fault("enum", "x", ["y", 1, True]), "`a[0].b` is `x`; that is not one of its values."),
        (fault("const", "x", "hmac"), "`a[0].b` is `x`; it can only be `hmac`."),
        (fault("minimum", 0, 1), "`a[0].b` is 0; expected at least 1."),
        (fault("maximum", 9, 5), "`a[0].b` is 9; expected at most 5."),
        (fault("exclusiveMinimum", 0, 0), "`a[0].b` is 0; expected more than 0."),
        (fault("minLength", "", 1), "`a[0].b` is empty text."),
        (fault("required", {}, [], detail="c"), "`a[0].b` lacks `c`."),
        (fault("required", {}, [], detail="c", path=()), "app.yml lacks `c`."),
        (fault("additionalProperties", {}, False, detail="b"), "`b` is not a property of `a[0]`."),
        (fault("dependentRequired", {}, {}), "`a[0].b` has `flags` without `regex`."),
        (fault("maxItems", [], 2, detail="too long"), "`a[0].b`: too long."),
    ],
)
def test_every_kind_of_fault_is_a_sentence(broken: Fault, message: str) -> None:
    assert explain(broken)[0] == message


def test_the_meaning_of_a_missing_property_is_said_also_through_a_reference() -> None:
    schema = {"properties": {"c": {"$ref": "#/$defs/thing"}}}
    definitions = {"thing": {"description": "What it is."}}
    broken = fault("required", detail="c", schema=schema, definitions=definitions)
    assert explain(broken)[1] == "c: What it is."


def test_an_unknown_property_comes_with_the_nearest_known_ones() -> None:
    schema: dict[str, Any] = {"properties": {"entry_point": {}, "description": {}}}
    broken = fault("additionalProperties", expected=False, detail="entrypoint", schema=schema)
    assert explain(broken)[1] == "Did you mean entry_point? Known here: description, entry_point."


def test_a_value_that_only_lacks_quotes_is_shown_with_them() -> None:
    assert explain(fault("type", 1.1, "string", written="1.10"))[1] == 'Quote it: "1.10".'
    assert explain(fault("type", 1.1, "object", written="1.10"))[1] == ""


@pytest.mark.parametrize(
    ("given", "expected", "hint"),
    [
        ("no", "boolean", "Write false; `no` is text, here as in OCP."),
        ("On", "boolean", "Write true; `On` is text, here as in OCP."),
        ("1:30", "number", "Write 90; `1:30` is text, here as in OCP."),
        ("1:30", "boolean", ""),
        ("often", "number", ""),
    ],
)
def test_what_yaml_1_1_took_for_a_value_is_explained(given: str, expected: str, hint: str) -> None:
    assert explain(fault("type", given, expected))[1] == hint
