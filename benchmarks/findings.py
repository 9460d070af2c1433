"""What did a measurement find, and is what was promised kept? As text for now, as a page for later.

Figures depend on the machine; promises are ratios within one run, or bounds with room to spare.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Promise:
    """A bound, and what was found."""

    what: str
    found: float
    bound: float
    at_least: bool = False

    @property
    def is_kept(self) -> bool:
        """Whether what was found is on the right side of the bound."""
        return self.found >= self.bound if self.at_least else self.found <= self.bound

    @property
    def row(self) -> tuple[str, ...]:
        """The promise as a row of a table."""
        relation = "at least" if self.at_least else "at most"
        kept = "kept" if self.is_kept else "**missed**"
        return self.what, f"{self.found:.2f}", f"{relation} {self.bound:g}", kept


@dataclass(frozen=True, slots=True)
class Findings:
    """What one benchmark found: a table of figures, and the promises that are judged by them."""

    title: str
    about: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    promises: Sequence[Promise] = ()

    @property
    def are_kept(self) -> bool:
        """Whether every promise is kept."""
        return all(promise.is_kept for promise in self.promises)


PROMISES = ("promise", "found", "bound", "")


def as_text(findings: Findings) -> str:
    """Write findings for a terminal."""
    parts = [findings.title, _aligned([findings.columns, *findings.rows])]
    if findings.promises:
        parts.append(_aligned([PROMISES, *(promise.row for promise in findings.promises)]))
    return "\n\n".join(parts).replace("**", "")


def as_markdown(findings: Findings) -> str:
    """Write findings as a section of a page."""
    parts = [f"## {findings.title}", findings.about, _table(findings.columns, findings.rows)]
    if findings.promises:
        parts.append(_table(PROMISES, [promise.row for promise in findings.promises]))
    return "\n\n".join(parts)


def _aligned(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    ruler = ["---"] + ["---:"] * (len(columns) - 1)
    return "\n".join(f"| {' | '.join(row)} |" for row in (columns, ruler, *rows))
