"""How old is something, in the words of people?"""

from __future__ import annotations

from datetime import datetime


def age(now: datetime, changed: datetime) -> str:
    """Say it in days."""
    days = (now - changed).days
    return "today" if days < 1 else f"{days} day{'s' if days > 1 else ''}"
