"""How is a moment spelled for machines? In UTC, as ISO 8601 with a Z."""

from __future__ import annotations

from datetime import UTC, datetime


def iso(moment: datetime | None, *, timespec: str = "seconds") -> str | None:
    """Spell an aware moment, down to ``timespec``; None stays None."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec=timespec).replace("+00:00", "Z")
