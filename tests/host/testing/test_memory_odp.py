from collections.abc import Callable
from typing import Any

import pytest

from mooring.testing.clock import FakeClock
from mooring.testing.memory_odp import MemoryOdp
from mooring.testing.odp_contract import RESULTS, OdpContract, attributes_of, upsert


class TestMemoryOdp(OdpContract):
    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    @pytest.fixture
    def odp(self, clock: FakeClock) -> MemoryOdp:
        return MemoryOdp(object_keys={RESULTS: "result_id"}, now=clock.now)

    @pytest.fixture
    def stored_events(self, odp: MemoryOdp) -> Callable[[], list[Any]]:
        return lambda: odp.events


def test_an_identifier_of_the_apps_own_recognises_customers() -> None:
    odp = MemoryOdp(identifiers=["shop_id"])
    upsert(odp, shop_id="7", email="a@example.org")
    assert attributes_of(odp, "shop_id", "7")["email"] == "a@example.org"


def test_events_stand_as_they_were_sent() -> None:
    odp = MemoryOdp()
    event = {"type": "visit", "identifiers": {"email": "a@example.org"}, "data": {"page": "/"}}
    odp.send_events([event])
    assert odp.events == [event]
