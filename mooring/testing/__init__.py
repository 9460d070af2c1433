"""What app authors test with: in-memory services, runs of jobs, contracts, a pytest plugin."""

from mooring.model.manifest import RetryPolicy
from mooring.testing.clock import FakeClock
from mooring.testing.driven_runs import Postponement
from mooring.testing.memory import MemoryApp, memory_app
from mooring.testing.memory_http import RecordingHttp
from mooring.testing.memory_odp import MemoryOdp
from mooring.testing.memory_stores import MemoryKeyValueStore, MemoryRecords, MemoryRecordStore
from mooring.testing.run_job import JobRun, RunJob

__all__ = [
    "FakeClock",
    "JobRun",
    "MemoryApp",
    "MemoryKeyValueStore",
    "MemoryOdp",
    "MemoryRecordStore",
    "MemoryRecords",
    "Postponement",
    "RecordingHttp",
    "RetryPolicy",
    "RunJob",
    "memory_app",
]
