"""How many calls of one installation run at once? A call keeps its slot for as long as it runs."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Hashable


class Slots:
    """``most`` slots for each owner."""

    def __init__(self, *, most: int) -> None:
        self._most = most
        self._used: Counter[Hashable] = Counter()
        self._turn = threading.Lock()

    def take(self, owner: Hashable) -> bool:
        """Take a slot; False when the owner's are all in use."""
        with self._turn:
            if self._used[owner] >= self._most:
                return False
            self._used[owner] += 1
            return True

    def used(self, owner: Hashable) -> int:
        """Return how many of an owner's slots are in use."""
        with self._turn:
            return self._used[owner]

    def give_back(self, owner: Hashable) -> None:
        """Give a slot back."""
        with self._turn:
            self._used[owner] -= 1
            if not self._used[owner]:
                del self._used[owner]
