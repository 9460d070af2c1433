"""How many is it, and how old, in the words of people?"""

from __future__ import annotations

from datetime import datetime


def counted(number: int, one: str, many: str = "") -> str:
    """Put a number before the word for one, or for many: ``1 job``, ``2 jobs``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def age(now: datetime, changed: datetime) -> str:
    """Say in days how old it is."""
    days = (now - changed).days
    return "today" if days < 1 else counted(days, "day")
