"""What keeps a submitted run going in a unit test? Threads and a dictionary, behind JobEngine.

It keeps the promises of the engine that hosts use (``mooring.testing.engine_contract`` holds both
to them) for as long as its ``EngineRecords`` live: an engine that is launched on the records of an
earlier one recovers what that left unfinished.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from mooring.engine.job_engine import Unfinished, identity_of

ENDED_STAY = timedelta(days=1)
UNFINISHED_STAY = timedelta(days=30)


@dataclass(slots=True)
class _Submission:
    run_id: str
    epoch: int
    executor: str
    since: datetime
    ended: bool = False

    @property
    def identity(self) -> str:
        return identity_of(self.run_id, self.epoch, self.executor)


@dataclass(frozen=True, slots=True)
class EngineRecords:
    """What outlives an engine: every submission, by its identity."""

    submissions: dict[str, _Submission] = field(default_factory=dict)
    guard: threading.Lock = field(default_factory=threading.Lock)


def _now() -> datetime:
    return datetime.now(UTC)


class MemoryEngine:
    """An engine of one process; ``executor`` says whose unfinished runs it recovers.

    ``execute`` is called with a run's id and the epoch it was submitted with, in a thread of its
    own. When it raises, the same submission can be made again.
    """

    def __init__(
        self,
        execute: Callable[[str, int], object],
        *,
        executor: str = "memory",
        records: EngineRecords | None = None,
        now: Callable[[], datetime] = _now,
    ) -> None:
        self._execute = execute
        self._executor = executor
        self._records = records or EngineRecords()
        self._now = now
        self._in_hand: dict[threading.Thread, _Submission] = {}
        self._is_launched = False

    def launch(self) -> None:
        """Start, and recover what an earlier engine of this executor left unfinished."""
        self._is_launched = True
        with self._records.guard:
            for left in self._records.submissions.values():
                if not left.ended and left.executor == self._executor:
                    self._begin(left)
        self.sweep()

    def submit(self, run_id: str, *, epoch: int) -> None:
        """Hand over a run; submitting the same run and epoch twice is one submission.

        What another executor has submitted is executed here, too: whoever takes the run has it.
        """
        assert self._is_launched, "launch() comes first"
        with self._records.guard:
            submission = _Submission(run_id, epoch, self._executor, self._now())
            if submission.identity not in self._records.submissions:
                self._records.submissions[submission.identity] = submission
                self._begin(submission)

    def busy(self) -> int:
        """Return how many runs are in hand."""
        with self._records.guard:
            return len(self._in_hand)

    def unfinished(self) -> list[Unfinished]:
        """Return what the records call unfinished, of every executor."""
        with self._records.guard:
            known = list(self._records.submissions.values())
        return [Unfinished(e.run_id, e.epoch, e.executor) for e in known if not e.ended]

    def forget(self, left: Sequence[Unfinished]) -> None:
        """Forget what will never be finished; what this process has in hand stays."""
        with self._records.guard:
            mine = {each.identity for each in self._in_hand.values()}
            for each in left:
                if each.identity not in mine:
                    self._records.submissions.pop(each.identity, None)

    def sweep(self) -> int:
        """Forget what ended a day ago, and what a dead executor left; return how many."""
        now = self._now()
        with self._records.guard:
            known, mine = self._records.submissions, list(self._in_hand.values())
            old = [
                key
                for key, each in known.items()
                if now - each.since > (ENDED_STAY if each.ended else UNFINISHED_STAY)
                and each not in mine
            ]
            for key in old:
                del known[key]
        return len(old)

    def shutdown(self, *, timeout: float) -> None:
        """Stop taking work and wait for what is in hand, at most ``timeout`` seconds."""
        deadline = time.monotonic() + timeout
        with self._records.guard:
            threads = list(self._in_hand)
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        self._is_launched = False

    def _begin(self, submission: _Submission) -> None:
        name = f"run {submission.run_id}:{submission.epoch}"
        thread = threading.Thread(target=self._work, args=[submission], name=name, daemon=True)
        self._in_hand[thread] = submission
        thread.start()

    def _work(self, submission: _Submission) -> None:
        succeeded = False
        try:
            self._execute(submission.run_id, submission.epoch)
            succeeded = True
        except Exception:  # noqa: BLE001, S110  # the executor has said what; see the class
            pass
        finally:
            with self._records.guard:
                del self._in_hand[threading.current_thread()]
                if self._is_launched:  # What ends after a shutdown was left behind by it.
                    self._note_end(submission, succeeded=succeeded)

    def _note_end(self, submission: _Submission, *, succeeded: bool) -> None:
        if succeeded:
            submission.ended, submission.since = True, self._now()
        else:
            self._records.submissions.pop(submission.identity, None)
