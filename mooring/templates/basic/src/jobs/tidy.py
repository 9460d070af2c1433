"""Forget the greetings of the day."""

from collections.abc import Mapping
from typing import Any

from mooring.sdk import Job, JobStatus, storage


class Tidy(Job):
    """One step: what it did stands in the run's state."""

    def prepare(
        self, params: Mapping[str, Any], status: JobStatus | None = None, resuming: bool = False
    ) -> JobStatus:
        """Begin, or go on where an interrupted run stopped."""
        return status or JobStatus({"forgotten": 0})

    def perform(self, status: JobStatus) -> JobStatus:
        """Forget, and say how many there were."""
        forgotten = storage.kv_store.delete("greetings").get("count", 0)
        return JobStatus({"forgotten": forgotten}, complete=True)
