"""What app authors test with: in-memory services, contracts for backends, a pytest plugin."""

from mooring.testing.clock import FakeClock
from mooring.testing.memory import MemoryApp, memory_app
from mooring.testing.memory_http import RecordingHttp
from mooring.testing.memory_odp import MemoryOdp
from mooring.testing.memory_stores import MemoryKeyValueStore, MemoryRecords, MemoryRecordStore

__all__ = [
    "FakeClock",
    "MemoryApp",
    "MemoryKeyValueStore",
    "MemoryOdp",
    "MemoryRecordStore",
    "MemoryRecords",
    "RecordingHttp",
    "memory_app",
]
