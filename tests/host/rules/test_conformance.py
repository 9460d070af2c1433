"""Every rule: what breaks it, exactly where that is shown, and what is only just right."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from textwrap import dedent

import pytest

from mooring.model.problem import Problem
from mooring.rules import RULES, validate_app
from tests.host.rules.conformance import (
    of_code,
    of_forms,
    of_manifests,
    of_ocp,
    of_schemas,
    of_yaml,
)
from tests.host.rules.conformance.case import BASES, MARK, Case
from tests.host.rules.conftest import App

CASES: tuple[Case, ...] = (
    *of_yaml.CASES,
    *of_manifests.CASES,
    *of_code.CASES,
    *of_schemas.CASES,
    *of_forms.CASES,
    *of_ocp.CASES,
)


def build(root: Path, case: Case) -> App:
    app = App(root)
    section, files = BASES[case.base]
    if case.base == "channel":
        app.replace("app.yml", "- Testing & Utilities", "- Channel")
    app.replace("app.yml", "outbound_domains:", f"{dedent(section)}outbound_domains:")
    for file, text in {**files, **case.more}.items():
        if text or file not in files:
            app.write(file, text)
        else:
            app.remove(file)
    return app


def put(app: App, case: Case, text: str | bytes | None) -> None:
    """Write one variant; MARK is left in."""
    if text is None:
        (app.root / case.file).unlink(missing_ok=True)
    elif isinstance(text, bytes):
        (app.root / case.file).write_bytes(text)
    elif case.old is None:
        app.write(case.file, text)
    else:
        app.replace(case.file, case.old, text)


def take_mark(app: App, case: Case) -> str:
    """Take the mark out of the file, and return the place where it stood."""
    path = app.root / case.file
    if case.place or not path.exists():
        return case.place
    before, mark, after = path.read_text("utf-8").partition(MARK)
    assert mark, "no place and no mark"
    path.write_text(before + after, "utf-8")
    lines = before.split("\n")
    return f"{case.file}:{len(lines)}:{len(lines[-1]) + 1}"


def counted(problems: list[Problem]) -> Counter[str]:
    return Counter(problem.rule for problem in problems)


def named(case: Case) -> str:
    return f"{case.rule} {case.file}"


@pytest.mark.parametrize("case", CASES, ids=named)
def test_what_breaks_a_rule_is_one_problem_at_its_place(tmp_path: Path, case: Case) -> None:
    app = build(tmp_path, case)
    put(app, case, case.bad)
    place = take_mark(app, case)
    for file, text in case.spoil.items():
        app.write(file, text)
    problems = validate_app(app.root, **case.asked)
    assert counted(problems) == Counter([case.rule, *case.besides, *case.follows]), problems
    found = [p for p in problems if p.rule == case.rule and p.place == place]
    assert len(found) == 1, [(p.rule, p.place, p.message) for p in problems]
    assert found[0].message.endswith("."), found[0]


@pytest.mark.parametrize("case", CASES, ids=named)
def test_what_is_only_just_right_is_no_problem(tmp_path: Path, case: Case) -> None:
    app = build(tmp_path, case)
    put(app, case, case.good)
    problems = validate_app(app.root, **case.asked)
    expected = Counter([*case.besides, *case.instead])
    assert counted(problems) == expected, [(p.place, p.message) for p in problems]


def test_every_rule_is_in_the_table() -> None:
    assert {case.rule for case in CASES} == {rule.id for rule in RULES}


def test_the_problems_of_the_table_have_the_severity_of_their_rule(tmp_path: Path) -> None:
    severities = {rule.id: rule.severity for rule in RULES}
    for number, case in enumerate(CASES[::5]):
        app = build(tmp_path / str(number), case)
        put(app, case, case.bad)
        if not case.place:
            take_mark(app, case)
        for problem in validate_app(app.root, **case.asked):
            assert problem.severity is severities[problem.rule], problem
