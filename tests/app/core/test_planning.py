from __future__ import annotations

from typing import Any

from src.core.computed import Decision
from src.core.desired import desired
from src.core.planning import change, ledger_entry
from src.core.settings import Settings

SETTINGS = Settings()
ON = Decision("cart", "on", enabled=True, experiment=None, at=1)
OFF = Decision("cart", "off", enabled=False, experiment=None, at=2)
NOON = 1_767_268_800.0
DAY = 86_400.0


def planned(*decisions: Decision, ledger: dict[str, Any], at: float = NOON) -> Any:
    wanted = desired(decisions, [], settings=SETTINGS)
    return change(wanted, ledger=ledger, settings=SETTINGS, at=at)


def test_what_was_never_written_is_written_with_its_times() -> None:
    values = planned(ON, ledger={})
    assert values["ENABLED_FEATURES"] == "cart"
    assert values["EXPERIMENT_DATE"] == values["FEATURE_FLAGS_SYNCED"] == "2026-01-01"


def test_a_later_day_alone_is_no_reason_to_write() -> None:
    ledger = ledger_entry({}, planned(ON, ledger={}), at=NOON)
    assert planned(ON, ledger=ledger, at=NOON + DAY) is None


def test_a_difference_is_written_as_a_whole_with_the_new_day() -> None:
    ledger = ledger_entry({}, planned(ON, ledger={}), at=NOON)
    values = planned(OFF, ledger=ledger, at=NOON + DAY)
    assert values["ENABLED_FEATURES"] is None
    assert values["FEATURE_ENABLED"] is False
    assert values["FEATURE_FLAGS_SYNCED"] == "2026-01-02"


def test_somebody_without_any_value_is_left_alone() -> None:
    assert planned(ledger={}) is None


def test_what_is_gone_is_erased() -> None:
    ledger = ledger_entry({}, planned(ON, ledger={}), at=NOON)
    assert planned(ledger=ledger)["FEATURE_FLAG"] is None


def test_the_ledger_keeps_what_another_switch_wrote() -> None:
    before = {"values": {"EXPERIMENT_NAME": "x", "FEATURE_FLAG": "a"}, "at": 1}
    after = ledger_entry(before, {"FEATURE_FLAG": None, "ENABLED_FEATURES": "b"}, at=2)
    assert after == {"values": {"EXPERIMENT_NAME": "x", "ENABLED_FEATURES": "b"}, "at": 2}
