"""What does an app tell the people whose account it is? Values only (OCP's Activity Log)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Literal, get_args

Level = Literal["info", "success", "warn", "error"]

LEVELS: tuple[Level, ...] = get_args(Level)

LONGEST: Mapping[str, int] = MappingProxyType(
    {"activity": 100, "title": 200, "summary": 2000, "details": 20_000}
)


@dataclass(frozen=True, slots=True)
class Notification:
    """One entry; ``activity`` groups entries, ``details`` are for who wants to know more."""

    notification_id: int
    at: datetime
    install_id: int
    app_id: str
    account: str
    level: Level
    activity: str
    title: str
    summary: str
    details: str | None = None


def fitted(part: str, text: str) -> str:
    """Return the text of a part, cut where it is too long."""
    most = LONGEST[part]
    return text if len(text) <= most else f"{text[: most - 1]}…"
