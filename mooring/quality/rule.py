"""What is a rule of quality, on which level does it stand, and what does it look at?

A module here holds a family of rules: each is one ``QualityRule`` with its reason and its check,
which yields a ``Finding`` for every place that breaks it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from mooring.model.problem import START, Position, Problem, Rule, Severity
from mooring.reading.app_code import AppCode, CodeFile
from mooring.reading.app_folder import AppFolder
from mooring.reading.yaml_reader import YamlDocument
from mooring.rules.inspected import Inspected


class Level(StrEnum):
    """How good an app is; each level includes the ones before it."""

    BRONZE = "bronze"
    SILVER = "silver"
    GOLD = "gold"

    @property
    def rank(self) -> int:
        """The place of the level, from 0."""
        return list(Level).index(self)

    @property
    def meaning(self) -> str:
        """What an app of this level promises."""
        return MEANINGS[self]


MEANINGS = {
    Level.BRONZE: "Safe to install: it runs here, keeps secrets, stays within what it declares.",
    Level.SILVER: "Dependable: it recovers, says what is wrong, and is set up without help.",
    Level.GOLD: "A pleasure to own: tested, described and documented throughout.",
}


@dataclass(frozen=True, slots=True)
class Studied:
    """An app whose quality is looked at; it has no errors of the kind that ``validate`` finds."""

    inspected: Inspected
    code: AppCode
    folder: AppFolder

    @property
    def manifest(self) -> YamlDocument:
        """The document app.yml."""
        return self.inspected.manifest

    @property
    def settings_form(self) -> YamlDocument | None:
        """The document forms/settings.yml."""
        return self.inspected.files.forms.get("settings")


@dataclass(frozen=True, slots=True)
class Finding:
    """One place that breaks a rule."""

    file: str
    position: Position
    message: str


@dataclass(frozen=True, slots=True)
class QualityRule:
    """One thing that good apps do; ``id`` is stable, and what quality.yml calls it.

    ``summary`` is what has to hold, ``reason`` why, ``looks_at`` what the code looks at (and so
    what it cannot see), ``remedy`` how it is put right.
    """

    id: str
    level: Level
    summary: str
    reason: str
    looks_at: str
    remedy: str
    check: Callable[[Studied], Iterator[Finding]]

    def as_rule(self, severity: Severity = Severity.WARNING) -> Rule:
        """Return what problems of this rule are made of."""
        return Rule(self.id, self.summary, severity)

    def problem(self, finding: Finding, severity: Severity) -> Problem:
        """Make the problem of a finding."""
        rule = self.as_rule(severity)
        return rule.at(finding.file, finding.position, finding.message, hint=self.remedy)


def in_code(
    code: CodeFile, node: ast.expr | ast.stmt | ast.ExceptHandler | ast.alias, message: str
) -> Finding:
    """Make a finding of a place in the code."""
    return Finding(code.file, code.position(node), message)


def in_file(file: str, message: str, position: Position = START) -> Finding:
    """Make a finding of a file as a whole, or of a place in it."""
    return Finding(file, position, message)
