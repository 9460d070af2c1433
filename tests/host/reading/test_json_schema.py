from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from mooring.model.problem import Problem
from mooring.reading.json_schema import MOST_PROBLEMS, SchemaChecker, load_schema
from mooring.reading.schema_files import KINDS
from mooring.reading.schema_rules import RULES
from mooring.reading.yaml_reader import read_yaml

META = """\
meta:
  app_id: shop
  display_name: Shop
  version: 1.0.0
  vendor: example
  support_url: https://example.com
  summary: Sells.
  contact_email: a@example.com
  categories: [CRM]
  availability: [all]
runtime: python3.11
"""


def check(text: str, kind: str = "app", file: str = "app.yml") -> list[Problem]:
    return SchemaChecker().check(read_yaml(text, file=file), kind)


@pytest.mark.parametrize("kind", KINDS)
def test_the_schemas_are_schemas(kind: str) -> None:
    Draft202012Validator.check_schema(load_schema(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_the_rules_that_schemas_name_are_documented(kind: str) -> None:
    known = {rule.id for rule in RULES}
    named: set[str] = set()

    def walk(value: object) -> None:
        if isinstance(value, dict):
            named.update(
                said["rule"] for said in value.get("x-rules", {}).values() if "rule" in said
            )
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(load_schema(kind))
    assert named <= known


def test_a_manifest_of_the_right_shape_has_no_problems() -> None:
    assert check(META) == []


@pytest.mark.parametrize(
    ("old", "new", "place", "rule", "message"),
    [
        ("  vendor: example\n", "", "1:1", "MAN-1", "`meta` lacks `vendor`."),
        ("runtime:", "runtimes:", "11:1", "MAN-2", "`runtimes` is not a property of app.yml."),
        (
            "vendor: example",
            "vendor: 5",
            "5:11",
            "MAN-3",
            "`meta.vendor` is the number `5`; expected a string.",
        ),
        (
            "vendor: example",
            "vendor:",
            "5:10",
            "MAN-3",
            "`meta.vendor` is empty; expected a string.",
        ),
        (
            "1.0.0",
            "1.0",
            "4:12",
            "MAN-3",
            "`meta.version` is `1.0`, a number; a version is a string with three parts.",
        ),
        (
            "app_id: shop",
            "app_id: s",
            "2:11",
            "META-1",
            "`meta.app_id` is `s`; that is not a valid app id.",
        ),
        (
            "[CRM]",
            "[CRN]",
            "9:16",
            "MAN-4",
            "`meta.categories[0]` is `CRN`; that is not one of its values.",
        ),
        ("[CRM]", "[]", "9:15", "META-8", "`meta.categories` is empty."),
        (
            "[all]",
            "all",
            "10:17",
            "MAN-3",
            "`meta.availability` is the text `all`; expected a list.",
        ),
    ],
)
def test_a_fault_is_one_problem_in_words(
    old: str, new: str, place: str, rule: str, message: str
) -> None:
    assert old in META
    problems = check(META.replace(old, new, 1))
    found = [(f"{p.line}:{p.column}", p.rule, p.message) for p in problems]
    assert (place, rule, message) in found
    assert len(found) == (2 if rule == "MAN-2" else 1)


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        ("  vendor: example\n", "", "vendor: Who makes the app, in lower snake case."),
        ("runtime:", "runtim:", "Did you mean runtime?"),
        ("[CRM]", "[CRN]", "Did you mean CRM?"),
        ("vendor: example", "vendor: 5_0", 'Quote it: "5_0".'),
        ("vendor: example", "vendor:", "Fill it in, or leave it out."),
    ],
)
def test_a_problem_says_how_it_is_put_right(old: str, new: str, hint: str) -> None:
    assert hint in " ".join(problem.hint for problem in check(META.replace(old, new, 1)))


@pytest.mark.parametrize(
    "section",
    [
        "channel: {type: email, targeting: 5}",
        "channel: {type: email, targeting: static}",
        "destinations: {crm: {entry_point: A, description: '', schema: 5}}",
        "jobs: {sync: {entry_point: A, description: '', parameters: {a: [[1]]}}}",
        "jobs: {sync: {entry_point: A, description: '', retry: {attempts: 0}}}",
        "functions: {hook: {entry_point: '', description: ''}}",
    ],
)
def test_a_choice_of_shapes_is_no_reason_to_say_a_fault_twice(section: str) -> None:
    assert len(check(META + section)) == 1


def test_a_file_with_countless_faults_is_cut_off() -> None:
    many = "".join(f"x{n}: 1\n" for n in range(MOST_PROBLEMS * 3))
    assert len(check(META + many)) == MOST_PROBLEMS


def test_braces_in_what_an_app_says_do_not_break_a_message() -> None:
    (problem,) = check(META.replace("app_id: shop", "app_id: '{field} {0} {value}'"))
    assert problem.message == "`meta.app_id` is `{field} {0} {value}`; that is not a valid app id."


@pytest.mark.parametrize("value", ["[]", "5", "text", "null"])
@pytest.mark.parametrize("kind", KINDS)
def test_another_kind_of_document_is_one_problem(kind: str, value: str) -> None:
    (problem,) = check(value, kind, file=f"{kind}.yml")
    assert problem.message.startswith(f"{kind}.yml is")


def test_the_sections_of_ocps_message_editor_are_named_as_such() -> None:
    (problem,) = check("sections: [{type: zed, key: a, label: A}]", "form", "forms/x.yml")
    assert problem.rule == "FRM-5"


def test_problems_can_be_written_as_json() -> None:
    (problem,) = check(META.replace("vendor: example", "vendor: 5"))
    assert json.loads(json.dumps(problem.to_json()))["severity"] == "error"


@pytest.mark.parametrize("kind", KINDS)
def test_an_editor_can_say_what_every_property_is(kind: str) -> None:
    schema = load_schema(kind)
    silent: list[str] = []

    def look(value: Any, path: str) -> None:
        if not isinstance(value, dict):
            for inner in value if isinstance(value, list) else ():
                look(inner, path)
            return
        named = value.get("properties", {})
        for name, found in named.items() if not path.endswith(("/if", "properties")) else ():
            if isinstance(found, dict):
                definition = schema["$defs"].get(found.get("$ref", "").rpartition("/")[2], {})
                if not {"title", "description"} <= {**definition, **found}.keys():
                    silent.append(f"{path}/{name}")
        for step, inner in value.items():
            look(inner, f"{path}/{step}")

    look(schema, kind)
    assert not silent, silent
