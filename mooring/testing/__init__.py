"""What app authors test with: services in memory, runs of jobs, crashes, contracts, a plugin."""

from mooring.model.manifest import RetryPolicy
from mooring.testing.clock import FakeClock
from mooring.testing.crash import Crashes, crash_everywhere
from mooring.testing.driven_runs import Postponement
from mooring.testing.memory import MemoryApp, memory_app
from mooring.testing.memory_dead_letters import MemoryDeadLetters
from mooring.testing.memory_http import RecordingHttp
from mooring.testing.memory_odp import MemoryOdp
from mooring.testing.memory_stores import MemoryKeyValueStore, MemoryRecords, MemoryRecordStore
from mooring.testing.outcomes import World, in_memory
from mooring.testing.run_job import JobRun, RunJob

__all__ = [
    "Crashes",
    "FakeClock",
    "JobRun",
    "MemoryApp",
    "MemoryDeadLetters",
    "MemoryKeyValueStore",
    "MemoryOdp",
    "MemoryRecordStore",
    "MemoryRecords",
    "Postponement",
    "RecordingHttp",
    "RetryPolicy",
    "RunJob",
    "World",
    "crash_everywhere",
    "in_memory",
    "memory_app",
]
