"""How good is an app, beyond being valid? Named rules on three levels, and what the app claims.

The rules read manifest, forms, schema and code, and run none of it. ``quality.yml`` may claim rules
as ``done`` or be ``exempt`` from them with a reason; see ``mooring/quality/claims.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Literal

from mooring.model.problem import Problem, Severity, in_order
from mooring.quality import (
    addresses,
    failures,
    forms,
    functions,
    host_services,
    jobs,
    papers,
    readable,
    requirements,
    secrecy,
    tested,
)
from mooring.quality.claims import FILE, NEEDED, TRUE, Claims, read_claims
from mooring.quality.claims import RULES as CLAIM_RULES
from mooring.quality.rule import Level, QualityRule, Studied
from mooring.reading.app_code import AppCode
from mooring.reading.app_files import read_app_files
from mooring.reading.app_folder import AppFolder
from mooring.reading.python_sources import PythonSources
from mooring.rules import validate_app
from mooring.rules.inspected import Inspected

__all__ = ["CLAIM_RULES", "RULES", "Level", "QualityRule", "Report", "check_app"]

MOST_FINDINGS = 20  # of one rule; the rest has the same remedy
PARTS = (
    *(papers, forms, secrecy, host_services, addresses, failures, functions, jobs),
    *(tested, requirements, readable),
)
RULES: tuple[QualityRule, ...] = tuple(
    sorted((rule for part in PARTS for rule in part.RULES), key=lambda rule: rule.level.rank)
)

Standing = Literal["holds", "broken", "exempt", "unknown"]


@dataclass(frozen=True, slots=True)
class Report:
    """How good an app is: its problems, the level it reaches, and how each rule stands.

    ``accepted`` are findings of rules that the app is exempt from, with its reasons. Nothing is
    known of the rules as long as the app is not valid.
    """

    wanted: Level
    level: Level | None
    problems: tuple[Problem, ...]
    standing: Mapping[str, Standing]
    accepted: Mapping[Problem, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the app is valid, reaches the wanted level, and claims nothing wrong."""
        return not any(problem.is_error for problem in self.problems)


def check_app(
    root: Path,
    *,
    level: Level | None = None,
    profiles: Callable[[], Collection[str]] | None = None,
) -> Report:
    """Hold the app in ``root`` to ``level``, else to the level that it claims, else to the first.

    What it lacks up to that level are errors, beyond it warnings. ``profiles`` is as in
    ``validate_app``. Never raises.
    """
    claims = read_claims(root, rules=[rule.id for rule in RULES])
    wanted = level or claims.level or Level.BRONZE
    problems = validate_app(root, profiles=profiles)
    if any(problem.is_error for problem in problems):
        standing = dict[str, Standing]((rule.id, "unknown") for rule in RULES)
        return Report(wanted, None, tuple(in_order([*problems, *claims.problems])), standing)
    return _judged(_studied(root), claims, wanted, [*problems, *claims.problems])


def _studied(root: Path) -> Studied:
    inspected = Inspected(read_app_files(root), PythonSources(root))
    return Studied(inspected, AppCode(root), AppFolder(root))


def _judged(app: Studied, claims: Claims, wanted: Level, problems: list[Problem]) -> Report:
    standing: dict[str, Standing] = {}
    accepted: dict[Problem, str] = {}
    for rule in RULES:
        is_due = rule.level.rank <= wanted.rank or rule.id in claims.done
        severity = Severity.ERROR if is_due else Severity.WARNING
        found = [rule.problem(f, severity) for f in islice(rule.check(app), MOST_FINDINGS)]
        if rule.id in claims.exempt:
            standing[rule.id] = "exempt"
            accepted |= dict.fromkeys(found, claims.exempt[rule.id][0])
        else:
            standing[rule.id] = "broken" if found else "holds"
            problems += found
        problems += _contradictions(rule, found, claims)
    level = _reached(standing)
    return Report(wanted, level, tuple(in_order(problems)), standing, accepted)


def _contradictions(rule: QualityRule, found: list[Problem], claims: Claims) -> list[Problem]:
    if rule.id in claims.done and found:
        message = f"`{rule.id}` is claimed as done, but {found[0].place} says otherwise."
        return [TRUE.at(FILE, claims.done[rule.id], message, hint=rule.remedy)]
    if rule.id in claims.exempt and not found:
        place = claims.exempt[rule.id][1]
        message = f"The code keeps to `{rule.id}`; the exemption is not needed."
        return [NEEDED.at(FILE, place, message, hint=f"Write `{rule.id}: done`.")]
    return []


def _reached(standing: Mapping[str, Standing]) -> Level | None:
    """Return the highest level up to which no rule is broken."""
    reached = None
    for level in Level:
        if any(standing[rule.id] == "broken" for rule in RULES if rule.level is level):
            break
        reached = level
    return reached
