from __future__ import annotations

import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mooring.rules import RULES, validate_app

Found = Callable[[], list[str]]
ROOT = Path(__file__).resolve().parents[3]


def test_an_app_without_faults_has_no_problems(found: Found) -> None:
    assert found() == []


def test_the_connector_at_the_top_level_has_no_problems() -> None:
    assert validate_app(ROOT) == []


def test_validating_does_not_import_the_app(app: Any, found: Found) -> None:
    app.replace("src/functions/hook.py", "from", "raise RuntimeError\nfrom")
    before = set(sys.modules)
    assert found() == []
    assert not [name for name in set(sys.modules) - before if "hook" in name]


def test_a_folder_without_a_manifest_has_one_problem(app: Any, found: Found) -> None:
    app.remove("app.yml")
    assert found() == ["app.yml:1 MAN-8"]


def test_a_manifest_with_the_other_ending_is_recognised(app: Any) -> None:
    (app.root / "app.yml").rename(app.root / "app.yaml")
    assert [problem.hint for problem in app.problems()] == ["Rename app.yaml to app.yml."]


def test_everything_wrong_is_said_at_once_and_in_order(app: Any, found: Found) -> None:
    app.replace("app.yml", "vendor: example", "vendor: Not OK")
    app.replace("app.yml", "entry_point: Hook", "entry_point: Nowhere")
    app.replace("app.yml", "0 0 */2 * * ?", "every day")
    app.replace("forms/settings.yml", "key: auth.authorized", "key: auth.nothing")
    app.remove("assets/logo.svg")
    assert found() == [
        "app.yml:5 META-3",
        "app.yml:18 FUN-1",
        "app.yml:29 JOB-5",
        "assets/logo.svg:1 AST-1",
        "forms/settings.yml:18 FRM-11",
    ]


@pytest.mark.parametrize("content", ["", "[]", "meta", "# nothing\n"])
def test_a_manifest_that_is_no_mapping_is_one_problem(app: Any, found: Found, content: str) -> None:
    app.write("app.yml", content)
    assert found() == ["app.yml:1 MAN-7"]


def test_a_manifest_that_cannot_be_parsed_brings_no_problems_of_others(
    app: Any, found: Found
) -> None:
    app.replace("app.yml", '"0 0 */2 * * ?"', "*/15 * * * *")
    assert found() == ["app.yml:29 YML-3"]


def test_an_invalid_app_id_does_not_make_the_schema_wrong(app: Any, found: Found) -> None:
    app.replace("app.yml", "app_id: shop_app", "app_id: Shop")
    assert found() == ["app.yml:2 META-1"]


def test_a_key_that_occurs_twice_is_a_problem(app: Any, found: Found) -> None:
    app.replace("app.yml", "  vendor: example", "  vendor: example\n  vendor: other")
    assert found() == ["app.yml:6 YML-8"]


@pytest.mark.parametrize(
    "many",
    [
        "  j{n}: {{entry_point: A{n}, description: '', timezone: Q{n}}}\n",
        "  j{n}: {{}}\n",
        "  j{n}: 1\n",
    ],
)
def test_countless_faults_are_cut_off_within_seconds(app: Any, many: str) -> None:
    entries = "".join(many.format(n=n) for n in range(5_000))
    app.replace("app.yml", "jobs:\n", f"jobs:\n{entries}")
    started = time.perf_counter()
    assert 100 <= len(app.problems()) <= 300
    assert time.perf_counter() - started < 15


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (
            "app.yml",
            "    entry_point: Hook",
            """\
    installation_resolution: {{type: JSON_BODY_FIELD, key: '${0}!'}}
    entry_point: Hook""",
        ),
        ("app.yml", "support@example.com", "'{1}'"),
        ("forms/settings.yml", "Needed for", "'{{{{{2}'"),
        ("app.yml", "api.example.com", "'{1}'"),
    ],
)
def test_no_text_makes_a_pattern_go_on_for_ever(app: Any, file: str, old: str, new: str) -> None:
    text = new.format("[?(a)]" * 200, "a." * 20_000 + "!", " " * 20_000)
    app.replace(file, old, text)
    started = time.perf_counter()
    app.problems()
    assert time.perf_counter() - started < 15


def test_every_rule_has_an_id_of_its_own_and_a_sentence() -> None:
    assert [id_ for id_, number in Counter(rule.id for rule in RULES).items() if number > 1] == []
    assert [r.id for r in RULES if not re.fullmatch(r"[A-Z]{3,4}-\d{1,2}", r.id)] == []
    assert [r.id for r in RULES if not r.summary.endswith(".")] == []


def test_problems_name_documented_rules_alone(app: Any) -> None:
    for file in ("app.yml", "forms/settings.yml", "schema/customers.yml"):
        text = (app.root / file).read_text("utf-8")
        app.write(file, text.replace("key:", "kay:").replace("name:", "nome:"))
    known = {rule.id: rule.severity for rule in RULES}
    problems = app.problems()
    assert len(problems) > 10
    assert all(known[problem.rule] is problem.severity for problem in problems)
