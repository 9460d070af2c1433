"""What has ``mooring doctor`` to say about one thing that it looked at?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mooring.errors import MooringError


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; ``fix`` says what to do, or, of what is in order, what to do one day."""

    check: str
    ok: bool
    found: str
    fix: str = ""


def looked(check: str, look: Callable[[], str]) -> Finding:
    """Turn what a look returns, or the error it raises, into a finding."""
    try:
        return Finding(check, True, look())
    except MooringError as error:
        place = f"{error.where}: " if error.where else ""
        return Finding(check, False, f"{place}{error.message}", error.hint)
