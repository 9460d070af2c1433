import pytest

from mooring.testing.clock import FakeClock
from mooring.testing.contracts import KeyValueStoreContract, RecordStoreContract
from mooring.testing.memory_stores import MemoryKeyValueStore, MemoryRecords, MemoryRecordStore


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def records(clock: FakeClock) -> MemoryRecords:
    return MemoryRecords(clock)


class TestMemoryRecordStore(RecordStoreContract):
    @pytest.fixture
    def store(self, records: MemoryRecords) -> MemoryRecordStore:
        return MemoryRecordStore(records, owner="install/1/settings")

    @pytest.fixture
    def other(self, records: MemoryRecords) -> MemoryRecordStore:
        return MemoryRecordStore(records, owner="install/2/settings")


class TestMemoryKeyValueStore(KeyValueStoreContract):
    @pytest.fixture
    def store(self, records: MemoryRecords) -> MemoryKeyValueStore:
        return MemoryKeyValueStore(records, owner="install/1/kv")

    @pytest.fixture
    def other(self, records: MemoryRecords) -> MemoryKeyValueStore:
        return MemoryKeyValueStore(records, owner="install/2/kv")
