from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Found = Callable[[], list[str]]
FORM = "forms/settings.yml"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("- key: shops", "- key: auth", [f"{FORM}:9 FRM-12", f"{FORM}:16 FRM-6"]),
        ("[authorized]", "[authorized, token]", [f"{FORM}:4 FRM-7"]),
        ("- type: button", "- type: button\n        key: token", [f"{FORM}:13 FRM-7"]),
        ("key: shop\n", "key: shop.id\n", [f"{FORM}:9 FRM-12", f"{FORM}:21 FRM-8"]),
        ("dataSource: {type: app, function: hook}", "hint: Any", [f"{FORM}:20 FRM-9"]),
        (
            "dataSource:",
            "options: []\n        dataSource:",
            [f"{FORM}:24 FRM-10"],
        ),
        ("key: auth.authorized", "key: auth.authorised", [f"{FORM}:18 FRM-11"]),
        ("key: auth.authorized", "key: authorized", [f"{FORM}:18 FRM-11"]),
        ("key: token, empty", "key: auth.token, empty", []),
        ("key: token, empty", "key: tocken, empty", [f"{FORM}:15 FRM-11"]),
        ("{{shops.shop}}", "{{shop}}", [f"{FORM}:9 FRM-12"]),
        ("{{shops.shop}}", "{{{shops.shoe}}}", [f"{FORM}:9 FRM-12"]),
        ("{{shops.shop}}", "{{#auth.authorized}}all{{/auth.authorized}}", []),
        ("function: hook", "function: hock", [f"{FORM}:24 FRM-13"]),
        ("^tk_[a-z0-9]+$", "^tk_[a-z", [f"{FORM}:11 FRM-14"]),
        ("equals: true", "equals: true, empty: false", [f"{FORM}:18 FRM-15"]),
        (", equals: true", "", [f"{FORM}:18 FRM-15"]),
        (
            "{key: auth.authorized, equals: true}",
            "{operation: any, comparators: [{key: auth.token, regex: a}, {key: a.b, regex: a}]}",
            [f"{FORM}:18 FRM-11"],
        ),
        ("type: secret", "type: password", [f"{FORM}:6 FRM-4"]),
        ("label: Shops", "lable: Shops", [f"{FORM}:16 FRM-1", f"{FORM}:17 FRM-2"]),
    ],
)
def test_a_fault_of_a_form_is_found_at_its_line(
    app: Any, found: Found, old: str, new: str, expected: list[str]
) -> None:
    app.replace(FORM, old, new)
    assert found() == expected


def test_the_nearest_field_is_suggested(app: Any) -> None:
    app.replace(FORM, "auth.authorized", "auth.authorised")
    assert app.problems()[0].hint.startswith("Did you mean auth.authorized?")


def test_what_refers_to_a_duplicate_section_is_not_called_wrong(app: Any, found: Found) -> None:
    app.replace(FORM, "- key: shops", "- key: auth")
    app.replace(FORM, "{{shops.shop}}", "{{auth.shop}}")
    assert found() == [f"{FORM}:16 FRM-6"]


def test_a_form_of_another_shape_is_reported_and_no_more(app: Any, found: Found) -> None:
    app.write(FORM, "sections:\n  - nothing\n  - {key: [1], label: 2, elements: {}}\n")
    assert {line.partition(" ")[2] for line in found()} == {"FRM-3"}


def test_functions_of_a_manifest_that_cannot_be_read_are_not_missed(app: Any, found: Found) -> None:
    app.replace("app.yml", "vendor: example", "vendor: &v example")
    assert found() == ["app.yml:5 YML-6"]
