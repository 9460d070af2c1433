"""How are records set aside without any database? As in one; see ``dead_letter_contract``."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

from mooring.model.dead_letter import DeadLetter, LetterState
from mooring.sdk.dead_letters import checked_letter
from mooring.sdk.ports import Clock
from mooring.sdk.records import decoded


class MemoryDeadLetters:
    """A ``DeadLettersPort`` that keeps its letters; ``ask`` plays ``mooring deadletter retry``."""

    def __init__(self, clock: Clock, *, install_id: int = 1) -> None:
        self._clock = clock
        self._install_id = install_id
        self._letters: dict[tuple[str, str], DeadLetter] = {}
        self._lock = threading.Lock()

    def set_aside(
        self, *, job: str, run_id: str, key: str, record: Mapping[str, Any], reason: str
    ) -> None:
        """Keep a record, or the newest reason of one that is kept. Raises RecordInvalid."""
        text, said = checked_letter(key, record, reason, hide=lambda text: text)
        now = self._clock.now()
        made = DeadLetter(
            letter_id=str(uuid4()),
            install_id=self._install_id,
            job=job,
            key=key,
            run_id=run_id,
            state=LetterState.SET_ASIDE,
            reason=said,
            times=1,
            created_at=now,
            changed_at=now,
            record=decoded(text),
        )
        with self._lock:
            if before := self._letters.get((job, key)):
                same_event = (before.run_id, before.state) == (run_id, LetterState.SET_ASIDE)
                made = replace(
                    made,
                    letter_id=before.letter_id,
                    created_at=before.created_at,
                    times=before.times + (not same_event),
                )
            self._letters[job, key] = made

    def handled(self, *, job: str, keys: Sequence[str]) -> int:
        """Forget what is kept under these keys; return how many were."""
        with self._lock:
            return sum(
                self._letters.pop((job, key), None) is not None for key in dict.fromkeys(keys)
            )

    def of(self, *, job: str, keys: Sequence[str]) -> dict[str, DeadLetter]:
        """Return those that are kept among these keys."""
        with self._lock:
            return {key: self._letters[job, key] for key in keys if (job, key) in self._letters}

    def asked_of(self, *, job: str, run_id: str, limit: int) -> list[DeadLetter]:
        """Return those that this run is to handle once more, by key."""
        wanted = (job, run_id, LetterState.RETRYING)
        found = [each for each in self.all() if (each.job, each.run_id, each.state) == wanted]
        return found[:limit]

    def all(self) -> list[DeadLetter]:
        """Return every letter, by job and key."""
        with self._lock:
            return [self._letters[place] for place in sorted(self._letters)]

    def ask(self, letter_ids: Collection[str], *, run_id: str) -> int:
        """Let a run handle letters once more; return how many there are."""
        with self._lock:
            asked = [each for each in self._letters.values() if each.letter_id in letter_ids]
            for letter in asked:
                self._letters[letter.job, letter.key] = replace(
                    letter, state=LetterState.RETRYING, run_id=run_id
                )
        return len(asked)
