"""Every rule, with an app that keeps to it and one that breaks it at an exact place."""

from __future__ import annotations

import pytest

from mooring.quality import RULES
from tests.host.quality.cases import BROKEN, KEPT, Case
from tests.host.quality.conftest import Build, at_gold, places


def rule_of(case: Case) -> str:
    return case.rule


def test_the_good_app_keeps_to_every_rule(build: Build) -> None:
    report = at_gold(build())
    assert report.problems == ()
    assert report.level == "gold"


def test_every_rule_is_broken_once_at_least() -> None:
    assert {case.rule for case in BROKEN} == {rule.id for rule in RULES}


@pytest.mark.parametrize("case", BROKEN, ids=rule_of)
def test_a_broken_rule_is_told_at_its_place(build: Build, case: Case) -> None:
    report = at_gold(build(case))
    assert report.level is not None or case.is_bronze, [p.message for p in report.problems]
    assert sorted(places(report, case.rule)) == sorted(case.places())
    assert report.standing[case.rule] == "broken"


@pytest.mark.parametrize("case", KEPT, ids=rule_of)
def test_what_only_looks_alike_is_no_problem(build: Build, case: Case) -> None:
    report = at_gold(build(case))
    assert places(report, case.rule) == []
    assert report.standing[case.rule] == "holds"
