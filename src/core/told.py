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
MOST_KINDS = 50  # of reasons that are told apart
OTHER_REASONS = "Brevo gave other reasons."
SET_ASIDE = (
    "They are set aside, and written as soon as something about them changes; all others are up to "
    "date. Whoever runs the connector can have them tried again at once: "
    "mooring deadletter retry --all optimizely_connector"
)


@dataclass(frozen=True, slots=True)
class Notice:
    """One entry for the people whose account it is."""

    level: Literal["success", "warn"]
    title: str
    summary: str
    details: str | None = None


def note_refused(refused: dict[str, Any], email: str, reason: str) -> None:
    """Note a contact that was not updated in what the run keeps of them: numbers, a few names."""
    reasons, listed = refused.setdefault("reasons", {}), refused.setdefault("listed", [])
    known = reason if reason in reasons or len(reasons) < MOST_KINDS else OTHER_REASONS
    reasons[known] = reasons.get(known, 0) + 1
    if len(listed) < MOST_LISTED:
        listed.append(f"{email}: {reason}")


def about_rejected(
    refused: Mapping[str, Any], *, held: int, told: Mapping[str, Any]
) -> tuple[list[Notice], str]:
    """Say which contacts were not updated; return what to remember of it.

    ``refused`` is what ``note_refused`` noted in this run; ``held`` is how many were left out since
    they would be refused again.
    """
    if not refused:
        is_well = not held and told.get("rejected", "")
        return ([_all_updated()] if is_well else []), ""
    mark = _mark([*refused["listed"], *(f"{n} {r}" for r, n in refused["reasons"].items())])
    if mark == told.get("rejected", ""):
        return [], mark
    reasons = Counter(refused["reasons"]).most_common(MOST_REASONS)
    summary = " ".join(f"{_contacts(count)}: {_sentence(reason)}" for reason, count in reasons)
    count = sum(refused["reasons"].values())
    more = count - len(refused["listed"])
    notice = Notice(
        "warn",
        f"{_contacts(count)} could not be updated in Brevo",
        f"{summary} {SET_ASIDE}",
        "\n".join([*sorted(refused["listed"]), *([f"and {more} more"] if more > 0 else [])]),
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
