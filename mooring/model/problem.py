"""What is wrong with an app, where exactly, and how is it put right? Values only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """Whether the app is refused, or only advised."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a file; lines and columns count from 1, columns in characters."""

    line: int
    column: int


START = Position(1, 1)


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of an app; ``file`` is relative to the app's folder, with forward slashes."""

    rule: str
    severity: Severity
    file: str
    line: int
    column: int
    message: str
    hint: str = ""
    is_absence: bool = False  # of the file itself, which has no lines then

    @property
    def is_error(self) -> bool:
        """Whether the app is refused because of it."""
        return self.severity is Severity.ERROR

    @property
    def place(self) -> str:
        """The place as editors understand it: ``app.yml:14:7``; of a missing file, its name."""
        return self.file if self.is_absence else f"{self.file}:{self.line}:{self.column}"

    def to_json(self) -> dict[str, Any]:
        """The published shape of a problem (``validate --format json``)."""
        return {
            "rule": self.rule,
            "severity": self.severity.value,
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "message": self.message,
            "hint": self.hint,
        }


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that is checked; ``id`` is stable and documented by ``summary``."""

    id: str
    summary: str
    severity: Severity = Severity.ERROR

    def at(self, file: str, position: Position, message: str, *, hint: str = "") -> Problem:
        """Make the problem of breaking this rule at a place."""
        return Problem(
            rule=self.id,
            severity=self.severity,
            file=printable(file),
            line=position.line,
            column=position.column,
            message=printable(message),
            hint=printable(hint),
        )

    def missing(self, file: str, message: str, *, hint: str = "") -> Problem:
        """Make the problem that a file is not there."""
        return replace(self.at(file, START, message, hint=hint), is_absence=True)


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Sort by file, line and column, and drop repetitions."""
    return sorted(
        dict.fromkeys(problems),
        key=lambda p: (p.file, p.line, p.column, p.rule, p.message),
    )


def printable(text: str) -> str:
    """Replace what would break the line, command a terminal or be no Unicode."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def shown(value: object, *, limit: int = 60) -> str:
    """Write a value of the app for a message: one line, harmless in a terminal, not too long."""
    text = printable((value if isinstance(value, str) else repr(value))[: limit + 1])
    return f"`{text[: limit - 1]}…`" if len(text) > limit else f"`{text}`"
