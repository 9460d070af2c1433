"""All thirteen elements with everything they can have, and what OCP's validator stumbles over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from mooring.reading.app_reader import read_app
from mooring.rules import validate_app

Found = Callable[[], list[str]]
FORM = "forms/settings.yml"
EVERYTHING = """\
    sections:
      - key: all
        label: All of {{all.text}}
        type: form
        properties: [state, problem]
        visible: true
        disabled: {hasFeatureFlag: closed}
        zaiusAdminOnly: false
        elements:
          - type: text
            key: text
            label: Text
            help: "{{#all.problem}}No: {{{all.problem}}}{{/all.problem}}{{^all.text}}.{{/all.text}}"
            dataType: email
            multiline: false
            hint: a@example.com
            defaultValue: b@example.com
            required: {key: all.state, equals: 1}
            visible: {key: state, empty: false}
            disabled: {key: secret, regex: "^a", flags: i}
            readonly: {operation: any, key: many, equals: a}
            validations:
              - {regex: "@", flags: i, message: 'Needs an @ (or [two'}
              - predicate:
                  operation: none
                  comparators:
                    - {key: one, equals: b}
                    - {operation: all, comparators: [{key: later.field, empty: true}]}
                message: Not with b.
          - {type: secret, key: secret, label: Secret, help: '', hint: abc, required: false}
          - type: select
            key: one
            label: One
            help: ''
            display: radio
            hint: Choose
            triggerAction: chosen
            defaultValue: a
            options: [{text: A, value: a}, {text: None, value: null}, {text: Two, value: 2}]
          - type: multi_select
            key: many
            label: Many
            help: ''
            display: checkbox
            triggerAction: chosen
            dataSource: {type: app, function: hook, method: GET}
          - type: select
            key: remote
            label: Remote
            help: ''
            dataSource: {type: http, url: "https://example.com/options", method: GET}
          - {type: toggle, key: toggle, label: Toggle, help: '', defaultValue: true}
          - {type: file, key: file, label: File, help: '', extensions: [csv], maxSize: 1000}
          - {type: button, key: save, label: Save, action: save, help: a, style: primary}
          - {type: link_button, label: Go, href: "https://example.com/{{all.state}}", style: danger}
          - {type: oauth_button, label: Go, icon: key, iconPosition: right, style: none, help: a}
          - type: oauth_image_button
            normalImage: a.png
            focusImage: b.png
            disabledImage: c.png
            pressedImage: d.png
            alternateText: Connect
            help: a
          - {type: instructions, text: "**Read** this.", visible: {key: all.toggle, equals: false}}
          - {type: callout, intent: warning, text: Careful., disabled: false}
          - {type: divider, key: line}
      - key: later
        label: Later
        elements:
          - {type: text, key: field, label: Field, help: ''}
    """


@pytest.fixture
def full(app: Any) -> Any:
    app.write(FORM, EVERYTHING)
    return app


def test_every_element_may_have_all_that_it_can_have(full: Any, found: Found) -> None:
    assert found() == []
    (section, _) = read_app(full.root).settings_form.sections
    assert len({element.type for element in section.elements}) == 13


def test_no_element_may_have_what_it_cannot_have(full: Any, found: Found) -> None:
    elements = yaml.safe_load(EVERYTHING)["sections"][0]["elements"]
    for number, element in enumerate(elements):
        kept = {**element, "upperLimit": 5}
        changed = [*elements[:number], kept, *elements[number + 1 :]]
        document = yaml.safe_load(EVERYTHING)
        document["sections"][0]["elements"] = changed
        full.write(FORM, yaml.safe_dump(document))
        assert [line.split()[-1] for line in found()] == ["FRM-2"], element["type"]


def test_what_ocps_validator_stumbles_over_is_fine_here_and_named_when_asked(full: Any) -> None:
    found = [p.rule for p in validate_app(full.root, ocp=True) if p.file == FORM]
    assert sorted(found) == ["OCP-7", "OCP-8", "OCP-8", "OCP-9"]


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("- key: later", "- key: all", "FRM-6"),
        ("defaultValue: a\n", "defaultValue: z\n", "FRM-16"),
        ("defaultValue: true", "defaultValue: {redacted: true}", "FRM-3"),
        (
            "dataSource: {type: app, function: hook, method: GET}",
            "hint: a",
            "FRM-9",
        ),
        ("function: hook", "function: nowhere", "FRM-13"),
        ("key: line}", "key: a line}", "FRM-17"),
        ("key: line}", "key: a.line}", "FRM-8"),
        ('regex: "@"', 'regex: "/@/"', "FRM-19"),
        ("flags: i, message", "flags: k, message", "FRM-14"),
    ],
)
def test_what_ocps_validator_overlooks_is_found(
    full: Any, found: Found, old: str, new: str, rule: str
) -> None:
    full.replace(FORM, old, new)
    assert rule in {line.split()[-1] for line in found()}
