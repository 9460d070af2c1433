from __future__ import annotations

from pathlib import Path

import pytest

from mooring.quality import RULES, Level, check_app
from tests.host.quality.cases import SYNC, Case
from tests.host.quality.conftest import Build, places

REASON = "The orders are printed for a terminal."
SILVER_FAULT = ("forms/settings.yml", ("help: Whose orders are read.", "help: Shop"))


def rules(*lines: str, level: str = "") -> dict[str, str | None]:
    head = [f"level: {level}"] if level else []
    body = ["rules:", *(f"  {line}" for line in lines)] if lines else []
    return {"quality.yml": "\n".join([*head, *body, ""])}


def printing(claims: dict[str, str | None] | None = None) -> Case:
    return Case("", claims or {}, edits={SYNC: ("logger.info(", "print(")})


def test_rules_are_many_and_have_names_of_their_own() -> None:
    assert len(RULES) >= 25
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert {rule.level for rule in RULES} == set(Level)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_rules_say_why_and_what_to_do(rule: object) -> None:
    for text in ("summary", "reason", "looks_at", "remedy"):
        assert len(str(getattr(rule, text)).split()) >= 3


def test_an_app_is_held_to_bronze_when_nothing_else_is_said(build: Build) -> None:
    report = check_app(build(Case("", edits=dict([SILVER_FAULT]))))
    assert (report.wanted, report.level, report.ok) == ("bronze", "bronze", True)
    assert [problem.is_error for problem in report.problems] == [False]


def test_an_app_is_held_to_the_level_that_it_claims(build: Build) -> None:
    report = check_app(build(Case("", rules(level="silver"), dict([SILVER_FAULT]))))
    assert (report.wanted, report.level, report.ok) == ("silver", "bronze", False)
    assert [problem.rule for problem in report.problems] == ["field-help"]


def test_the_level_asked_for_goes_before_the_one_claimed(build: Build) -> None:
    root = build(Case("", rules(level="gold"), dict([SILVER_FAULT])))
    report = check_app(root, level=Level.BRONZE)
    assert (report.wanted, report.ok) == ("bronze", True)


def test_a_broken_rule_of_the_first_level_leaves_none(build: Build) -> None:
    report = check_app(build(printing()))
    assert (report.level, report.ok) == (None, False)
    assert report.standing["host-logger"] == "broken"
    assert report.standing["job-progress"] == "holds"


def test_a_claim_that_the_code_contradicts_is_an_error(build: Build) -> None:
    claims = rules("field-help: done")
    report = check_app(build(Case("", claims, dict([SILVER_FAULT]))))
    assert not report.ok
    assert [(p.place, p.rule) for p in report.problems] == [
        ("forms/settings.yml:14:15", "field-help"),
        ("quality.yml:2:3", "QLT-5"),
    ]
    assert "forms/settings.yml:14:15 says otherwise" in report.problems[1].message
    assert all(problem.is_error for problem in report.problems)


def test_an_exemption_with_a_reason_lets_the_level_stand(build: Build) -> None:
    claims = rules(f"host-logger: {{exempt: {REASON}}}")
    report = check_app(build(printing(claims)), level=Level.GOLD)
    assert (report.level, report.ok, report.problems) == ("gold", True, ())
    assert report.standing["host-logger"] == "exempt"
    [(finding, reason)] = report.accepted.items()
    assert (finding.rule, reason) == ("host-logger", REASON)


def test_an_exemption_without_a_reason_exempts_from_nothing(build: Build) -> None:
    report = check_app(build(printing(rules("host-logger: {exempt: ''}"))))
    assert report.level is None
    assert [p.rule for p in report.problems] == ["QLT-4", "host-logger"]


def test_an_exemption_that_is_not_needed_is_a_warning(build: Build) -> None:
    claims = rules(f"host-logger: {{exempt: {REASON}}}", level="gold")
    report = check_app(build(Case("", claims)))
    assert report.ok
    assert [(p.place, p.rule, p.is_error) for p in report.problems] == [
        ("quality.yml:3:3", "QLT-6", False)
    ]


def test_nothing_is_known_of_an_app_with_errors(build: Build) -> None:
    edits = {"app.yml": ("vendor: shop", "vendor: The Shop"), SYNC: ("logger.info(", "print(")}
    report = check_app(build(Case("", rules("nothing: done"), edits)))
    assert (report.level, report.ok) == (None, False)
    assert [problem.rule for problem in report.problems] == ["META-3", "QLT-3"]
    assert set(report.standing.values()) == {"unknown"}


def test_warnings_of_the_validator_are_there_and_change_no_level(build: Build) -> None:
    edits = {"app.yml": ('cron: "0 0 */2 * * ?"', "overlap: allow\n    concurrency: 1")}
    report = check_app(build(Case("", edits=edits)), level=Level.GOLD)
    assert (report.level, report.ok) == ("gold", True)
    assert places(report, "JOB-8") == ["app.yml:28:18"]


def test_one_rule_tells_no_more_than_can_be_read(build: Build) -> None:
    code = '"""."""\n' + "print(1)\n" * 500
    report = check_app(build(Case("", {"src/core/extra.py": code})))
    assert 1 < len(report.problems) <= 20


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe\x00", b"def (:\n", b"(" * 5000, b"x = 1\n" * 200_000, b"# caf\xe9\n"],
)
def test_code_that_cannot_be_read_ends_in_problems_alone(build: Build, content: bytes) -> None:
    root = build()
    (root / "src/core").mkdir()
    (root / "src/core/extra.py").write_bytes(content)
    for file in ("README.md", "pyproject.toml", "tests/test_shop.py", "assets/icon.svg"):
        (root / file).write_bytes(content)
    assert check_app(root).problems


def test_a_folder_without_an_app_has_one_problem(tmp_path: Path) -> None:
    report = check_app(tmp_path)
    assert [problem.rule for problem in report.problems] == ["MAN-8"]
