"""Which deliveries does a thread handle in turn, and how many of one installation at once?

Quick ones are begun many together, for their beginning is written to the disk first; slow ones one
by one. What waits behind one that hangs can be taken out of its bundle again, and the one that
hangs be given up; its thread then keeps a place of its installation, but none of the others'.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Collection, Iterable, Sequence

from mooring.engine.inbox import is_suspect
from mooring.model.delivery import Delivery

MOST_AT_ONCE = 8
MOST_THREADS = 64  # with those that were given up
MOST_PER_INSTALLATION = 4  # one app that hangs must leave room for the others
BUNDLE_SECONDS = 0.05
MOST_IN_BUNDLE = 64
WEIGHT = 0.2  # of the latest delivery in what one is expected to take


class Pace:
    """How long deliveries take, by function."""

    def __init__(self) -> None:
        self._seconds: dict[tuple[int, str, str], float] = {}

    def expected(self, delivery: Delivery) -> float:
        """Return the seconds that it may take; one of an unknown function fills a bundle."""
        return self._seconds.get(_function(delivery), BUNDLE_SECONDS)

    def took(self, delivery: Delivery, seconds: float) -> None:
        """Learn from one; one that is slow counts at once."""
        known = self._seconds.get(_function(delivery), seconds)
        learnt = max(known + WEIGHT * (seconds - known), min(seconds, BUNDLE_SECONDS) / 2)
        self._seconds[_function(delivery)] = learnt


class Bundle:
    """Deliveries of one installation that one thread handles one after the other."""

    def __init__(self, deliveries: Iterable[Delivery]) -> None:
        self._left = deque(deliveries)
        self._turn = threading.Lock()
        self._begun: Delivery | None = None
        self.install_id = self._left[0].install_id
        self.took_last_at = time.monotonic()
        self.has_ended = False
        self.is_given_up = False

    def take(self) -> Delivery | None:
        """Take the next one to handle; None when there is none."""
        with self._turn:
            self.took_last_at = time.monotonic()
            self._begun = self._left.popleft() if self._left else None
            return self._begun

    def ends(self) -> bool:
        """Say that the one that was taken has ended; False if it was given up before."""
        with self._turn:
            begun, self._begun, self.is_given_up = self._begun, None, False
            return begun is not None

    def give_up(self, *, begun_before: float) -> Delivery | None:
        """Give up the one that was taken, if that was before; its end counts no more."""
        with self._turn:
            if self._begun is None or self.took_last_at >= begun_before:
                return None
            given_up, self._begun, self.is_given_up = self._begun, None, True
            return given_up

    def rest(self) -> list[Delivery]:
        """Take out all that were not begun."""
        with self._turn:
            rest = list(self._left)
            self._left.clear()
            return rest


class Plan:
    """What is begun next, given the bundles in hand."""

    def __init__(self, in_hand: Sequence[Bundle], *, pace: Pace, has_suspect: bool) -> None:
        self._lanes = Counter(bundle.install_id for bundle in in_hand)
        self._given_up = sum(bundle.is_given_up for bundle in in_hand)
        self._pace = pace
        self._has_suspect = has_suspect
        self._open: dict[int, float] = {}
        self._bundles: dict[int, list[list[Delivery]]] = {}

    @property
    def bundles(self) -> list[list[Delivery]]:
        """What every thread that is free gets."""
        return [bundle for several in self._bundles.values() for bundle in several]

    @property
    def is_full(self) -> bool:
        """Whether no thread is left to begin anything."""
        threads = self._lanes.total()
        return threads - self._given_up >= MOST_AT_ONCE or threads >= MOST_THREADS

    @property
    def full_installations(self) -> list[int]:
        """Those of which nothing more can be begun."""
        return [key for key, lanes in self._lanes.items() if lanes >= MOST_PER_INSTALLATION]

    def add(self, due: Sequence[Delivery], *, in_hand: Collection[str]) -> int:
        """Choose of what is due; return how many were left because they may end the process.

        Of those one at a time begins, alone in its bundle: the others should not go down with it.
        """
        left = 0
        # Whoever looks twice sees again what was chosen the first time.
        chosen = {delivery.delivery_id for bundle in self.bundles for delivery in bundle}
        for delivery in due:
            if delivery.delivery_id in in_hand or delivery.delivery_id in chosen:
                continue
            if is_suspect(delivery):
                if self._has_suspect or not self._begin_bundle(delivery, BUNDLE_SECONDS):
                    left += 1
                else:
                    self._has_suspect = True
            else:
                self._add_one(delivery)
        return left

    def _add_one(self, delivery: Delivery) -> None:
        key = delivery.install_id
        takes = self._pace.expected(delivery)
        if key in self._open and self._open[key] + takes <= BUNDLE_SECONDS:
            bundle = self._bundles[key][-1]
            if len(bundle) < MOST_IN_BUNDLE:
                bundle.append(delivery)
                self._open[key] += takes
                return
        self._begin_bundle(delivery, takes)

    def _begin_bundle(self, delivery: Delivery, takes: float) -> bool:
        key = delivery.install_id
        if self.is_full or self._lanes[key] >= MOST_PER_INSTALLATION:
            return False
        self._lanes[key] += 1
        self._bundles.setdefault(key, []).append([delivery])
        self._open[key] = takes
        return True


def _function(delivery: Delivery) -> tuple[int, str, str]:
    return delivery.install_id, delivery.app_id, delivery.function
