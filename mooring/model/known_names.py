"""What is said about the names there are, where one is given that nobody knows?"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from itertools import islice

MOST_NAMES = 40
# Comparing costs time for every pair.
MOST_COMPARED, LONGEST_NAME = 700, 100


def nearest(name: str, known: Iterable[str]) -> str:
    """Ask whether the known name was meant that is most like the given one; empty if none is."""
    near = get_close_matches(name[:LONGEST_NAME], list(islice(known, MOST_COMPARED)), n=1)
    return f"Did you mean {near[0]}? " if near else ""


def listed(names: Iterable[str]) -> str:
    """Name as many as a person reads, and count the others; ``none`` if there are none."""
    every = list(names)
    more = f" and {len(every) - MOST_NAMES} more" if len(every) > MOST_NAMES else ""
    return f"{', '.join(every[:MOST_NAMES])}{more}" if every else "none"
