"""What has a plan collected so far? Writes, what was read, what would be kept; from any thread."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from mooring.engine.plans.outgoing import Kind, Write, blanks_in, digest, is_blank, leaves
from mooring.model.plan import Counted, Linked

SAMPLES = 3  # of each kind
NOTIFICATIONS = 20


class Collector:
    """What one planned run reads and would write; ``run_id`` stands for that of the real run."""

    def __init__(self, run_id: str) -> None:
        self._lock = threading.Lock()
        self._blanks = {run_id}
        self._count: dict[Kind, int] = defaultdict(int)
        self._rows: dict[Kind, int] = defaultdict(int)
        self._samples: dict[Kind, list[dict[str, Any]]] = defaultdict(list)
        self._records: dict[tuple[str, str], str] = {}
        self._read: dict[str, str] = {}
        self.writes: dict[str, int] = {}
        self.linked: dict[str, Linked] = {}
        self.notifications: list[dict[str, Any]] = []
        self.last_unanswered: Write | None = None
        self._attempt: list[tuple[str, Write]] = []

    def begin_attempt(self) -> None:
        """Begin an attempt at a step: what it collects may be taken back."""
        self._attempt = []

    def take_back(self) -> None:
        """Forget the writes of an attempt that failed, for another one repeats them."""
        with self._lock:
            for key, write in reversed(self._attempt):
                self.writes[key] -= 1
                if not self.writes[key]:
                    del self.writes[key]
                    self.linked.pop(key, None)
                self._count[write.kind] -= 1
                self._rows[write.kind] -= write.rows
                samples = self._samples[write.kind]
                if len(samples) > self._count[write.kind]:
                    samples.pop()
            self._attempt = []

    @property
    def total(self) -> int:
        """How many writes there are."""
        return sum(self._count.values())

    def collect(self, write: Write) -> None:
        """Note a write in the place of making it."""
        with self._lock:
            identity = write.identity()
            key = digest(identity)
            self.writes[key] = self.writes.get(key, 0) + 1
            blanks = blanks_in(identity, self._blanks)
            answers = [(path, leaf) for path, leaf in leaves(write.answer) if is_blank(leaf)]
            if blanks or answers:
                self.linked[key] = Linked(blanks, answers)
                self._blanks.update(str(leaf) for _, leaf in answers)
            self._attempt.append((key, write))
            self._count[write.kind] += 1
            self._rows[write.kind] += write.rows
            if len(self._samples[write.kind]) < SAMPLES:
                self._samples[write.kind].append(write.sample())
            if write.answer is None:
                self.last_unanswered = write

    def read(self, name: str, found: str) -> None:
        """Note the digest of what was found; the first time counts, before the plan's own."""
        with self._lock:
            self._read.setdefault(name, found)

    def read_record(self, store: str, key: str, found: str) -> None:
        """Note the digest of a record of a store, or of its absence."""
        with self._lock:
            self._records.setdefault((store, key), found)

    def tell(self, notification: Mapping[str, Any]) -> None:
        """Note what people would be told."""
        with self._lock:
            if len(self.notifications) < NOTIFICATIONS:
                self.notifications.append(dict(notification))

    @property
    def reads(self) -> dict[str, str]:
        """What was read, to digests: records together, by store and first part of their keys."""
        grouped: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for (store, key), found in sorted(self._records.items()):
            first, slash, _ = key.partition("/")
            grouped[f"{store} {first}{slash and '/…'}"].append((key, found))
        return {**self._read, **{name: digest(found) for name, found in grouped.items()}}

    @property
    def counts(self) -> list[Counted]:
        """The writes by kind, in the order in which the kinds first came."""
        return [Counted(*kind, n, self._rows[kind]) for kind, n in self._count.items() if n]

    @property
    def samples(self) -> list[dict[str, Any]]:
        """The first writes of each kind."""
        return [sample for samples in self._samples.values() for sample in samples]
