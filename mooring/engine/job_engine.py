"""What must an engine promise that keeps submitted runs going, wherever they stand?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


def identity_of(run_id: str, epoch: int, executor: str) -> str:
    """Name a submission.

    The executor is a part of it: who takes the run is decided by its epoch, and no worker that
    hangs before it takes a run keeps the others from it.
    """
    return f"{run_id}:{epoch}:{executor}"


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A submission that an engine's records call unfinished, and whose it is."""

    run_id: str
    epoch: int
    executor: str

    @property
    def identity(self) -> str:
        """The name of the submission."""
        return identity_of(self.run_id, self.epoch, self.executor)


class JobEngine(Protocol):
    """What keeps a submitted run going until its executor returns, also across crashes."""

    def launch(self) -> None:
        """Start, and recover what an earlier process of this executor left unfinished."""

    def submit(self, run_id: str, *, epoch: int) -> None:
        """Hand over a run; an executor that submits a run and epoch twice submits it once.

        What another executor has submitted is executed here, too: whoever takes the run has it.
        """

    def busy(self) -> int:
        """Return how many runs are in hand."""

    def unfinished(self) -> list[Unfinished]:
        """Return what the records call unfinished, of every executor."""

    def forget(self, left: Sequence[Unfinished]) -> None:
        """Forget what will never be finished; what this process has in hand stays."""

    def sweep(self) -> int:
        """Forget what ended a day ago, and what a dead executor left; return how many."""

    def shutdown(self, *, timeout: float) -> None:
        """Stop taking work and wait for what is in hand, at most ``timeout`` seconds."""
