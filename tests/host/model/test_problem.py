from __future__ import annotations

from mooring.model.problem import START, Position, Rule, Severity, in_order, shown

RULE = Rule("TST-1", "Something holds.")
ADVICE = Rule("TST-2", "Something is better so.", Severity.WARNING)


def test_a_problem_says_its_rule_place_and_remedy() -> None:
    problem = RULE.at("app.yml", Position(3, 7), "It does not.", hint="Let it.")
    assert problem.to_json() == {
        "rule": "TST-1",
        "severity": "error",
        "file": "app.yml",
        "line": 3,
        "column": 7,
        "message": "It does not.",
        "hint": "Let it.",
    }
    assert problem.place == "app.yml:3:7"


def test_a_file_that_is_not_there_has_no_line_except_for_machines() -> None:
    problem = RULE.missing("app.yml", "It is missing.", hint="Write it.")
    assert problem.place == "app.yml"
    assert (problem.to_json()["line"], problem.to_json()["column"]) == (1, 1)


def test_a_warning_is_no_error() -> None:
    assert RULE.at("a", START, "").is_error
    assert not ADVICE.at("a", START, "").is_error


def test_problems_are_ordered_by_file_line_and_column_and_said_once() -> None:
    places = [("b", 1, 1), ("a", 10, 1), ("a", 9, 2), ("a", 9, 1), ("a", 9, 1)]
    problems = [RULE.at(file, Position(line, column), "x") for file, line, column in places]
    assert [p.place for p in in_order(problems)] == ["a:9:1", "a:9:2", "a:10:1", "b:1:1"]


def test_two_problems_at_one_place_are_both_kept() -> None:
    assert len(in_order([RULE.at("a", START, "x"), ADVICE.at("a", START, "x")])) == 2


def test_a_problem_is_one_line_that_any_terminal_and_any_json_can_take() -> None:
    problem = RULE.at("schema/\udcff\x1b.yml", START, "one\ntwo", hint="\x07")
    assert (problem.file, problem.message) == ("schema/\ufffd\ufffd.yml", "one\ufffdtwo")
    assert problem.hint == "\ufffd"


def test_a_value_is_shown_on_one_line_harmless_and_short() -> None:
    assert shown("a\nb\x1b[2J") == "`a\ufffdb\ufffd[2J`"
    assert shown(["x"]) == "`['x']`"
    assert shown("x" * 100) == f"`{'x' * 59}…`"
    assert shown("x" * 60) == f"`{'x' * 60}`"
