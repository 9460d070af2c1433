"""How does a run handle once more what was set aside? In place of the job's prepare and perform.

Some letters a step. Which of them are left is not in the run's state but on the shelf itself, where
each is marked with the run until it is handled or set aside again: a crash anywhere leaves exactly
what has not been dealt with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mooring.engine.calling import call
from mooring.errors import NotWritten, RecordRefused
from mooring.model.app_frames import file_of
from mooring.model.dead_letter import RETRY, DeadLetter
from mooring.sdk.context import current
from mooring.sdk.job import Job, JobStatus, Progress
from mooring.sdk.setting_aside import retries_records, shelf

LETTERS_A_STEP = 50


def class_for(job_class: type[Any], parameters: Mapping[str, Any]) -> type[Any]:
    """Return the class of the job that drives a run with these parameters. Raises NotWritten."""
    if not parameters.get(RETRY):
        return job_class
    check_retries(job_class)
    name, module = job_class.__name__, job_class.__module__
    return type(name, (_Retrying, job_class), {"__module__": module})


def check_retries(job_class: type[Any]) -> None:
    """Check that a job can handle single records once more. Raises NotWritten."""
    if not retries_records(job_class):
        raise NotWritten(
            f"The job {job_class.__name__} cannot handle single records once more.",
            where=file_of(job_class),
            hint="Give it a method retry_records(self, letters), try another job with --job, "
            "or drop what is set aside: mooring deadletter drop",
        )


class _Retrying(Job):
    """What a job does instead in a run that was asked to try again."""

    def prepare(
        self, params: Mapping[str, Any], status: JobStatus | None = None, resuming: bool = False
    ) -> JobStatus:
        return status or JobStatus()

    def perform(self, status: JobStatus) -> JobStatus:
        """Try some letters; when there are no more, the run is complete."""
        job, port = shelf("retry_records")
        run_id = self.invocation.job_id
        letters = port.asked_of(job=job, run_id=run_id, limit=LETTERS_A_STEP)
        if letters:
            self._try(letters)
            keys = {letter.key for letter in letters}
            # Those that are set aside again, or that the job itself said are handled, are not left.
            left = port.asked_of(job=job, run_id=run_id, limit=len(letters))
            port.handled(job=job, keys=[each.key for each in left if each.key in keys])
        done = (status.progress.done if status.progress else 0) + len(letters)
        total = max(int(self.invocation.parameters[RETRY]), done)
        is_last = len(letters) < LETTERS_A_STEP
        return JobStatus({}, is_last, Progress(done, total, "records"))

    def _try(self, letters: Sequence[DeadLetter]) -> None:
        """Hand letters over; without one that is refused on the way, the others once more."""
        while letters:
            try:
                call(self.retry_records, letters, invocation=current())
                return
            except RecordRefused as refused:
                if refused.key not in {letter.key for letter in letters}:
                    raise
                self.set_aside(refused.record, str(refused), key=refused.key)
                letters = [letter for letter in letters if letter.key != refused.key]
