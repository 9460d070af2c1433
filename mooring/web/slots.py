"""How many calls of one installation run at once? A call keeps its slot for as long as it runs."""

from __future__ import annotations

import threading
from collections.abc import Hashable


class Slots:
    """``most`` slots for each owner."""

    def __init__(self, *, most: int) -> None:
        self._most = most
        self._used: dict[Hashable, int] = {}
        self._turn = threading.Lock()

    def take(self, owner: Hashable) -> bool:
        """Take a slot; False when the owner's are all in use."""
        with self._turn:
            used = self._used.get(owner, 0)
            if used < self._most:
                self._used[owner] = used + 1
            return used < self._most

    def used(self, owner: Hashable) -> int:
        """Return how many of an owner's slots are in use."""
        with self._turn:
            return self._used.get(owner, 0)

    def give_back(self, owner: Hashable) -> None:
        """Give a slot back."""
        with self._turn:
            used = self._used.pop(owner) - 1
            if used:
                self._used[owner] = used
