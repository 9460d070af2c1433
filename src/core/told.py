"""What of a synchronisation should its people know? What is new since they were last told.

The same contacts refused for the same reasons, or the same projects out of reach, are told once and
not with every run; that all is well again is told too.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

MOST_LISTED = 20
MOST_REASONS = 3


@dataclass(frozen=True, slots=True)
class Notice:
    """One entry for the people whose account it is."""

    level: Literal["success", "warn"]
    title: str
    summary: str
    details: str | None = None


def about_rejected(
    refused: Mapping[str, str], *, told: Mapping[str, Any]
) -> tuple[list[Notice], str]:
    """Say which contacts (address → reason) were not updated; return what to remember of it."""
    mark = _mark(f"{email} {reason}" for email, reason in refused.items())
    if mark == told.get("rejected", ""):
        return [], mark
    if not refused:
        return [_all_updated()], mark
    reasons = Counter(refused.values()).most_common(MOST_REASONS)
    summary = " ".join(f"{_contacts(count)}: {_sentence(reason)}" for reason, count in reasons)
    listed = [f"{email}: {reason}" for email, reason in sorted(refused.items())[:MOST_LISTED]]
    more = len(refused) - MOST_LISTED
    notice = Notice(
        "warn",
        f"{_contacts(len(refused))} could not be updated in Brevo",
        f"{summary} They are tried again with every synchronisation; all others are up to date.",
        "\n".join([*listed, *([f"and {more} more"] if more > 0 else [])]),
    )
    return [notice], mark


def about_unread(
    problems: Sequence[str], *, what: str, told: Mapping[str, Any]
) -> tuple[list[Notice], str]:
    """Say which parts of Optimizely (``project``, …) could not be read; return what to remember."""
    mark = _mark(problems)
    if mark == told.get(what, ""):
        return [], mark
    if not problems:
        text = f"Every connected {what} was read by the last synchronisation."
        return [Notice("success", f"All {what}s can be read again", text)], mark
    parts = f"1 {what}" if len(problems) == 1 else f"{len(problems)} {what}s"
    summary = f"{_sentence(problems[0])} The other {what}s were synchronised."
    details = "\n".join(problems) if len(problems) > 1 else None
    return [Notice("warn", f"{parts} could not be read", summary, details)], mark


def _all_updated() -> Notice:
    text = "Brevo accepted every change of the last synchronisation."
    return Notice("success", "All contacts could be updated again", text)


def _contacts(count: int) -> str:
    return "1 contact" if count == 1 else f"{count} contacts"


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _mark(lines: Iterable[str]) -> str:
    """Name what was told; nothing to tell has the empty name."""
    text = "\n".join(sorted(lines))
    return hashlib.sha256(text.encode()).hexdigest()[:16] if text else ""
