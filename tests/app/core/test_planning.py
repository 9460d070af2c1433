from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from src.core.computed import Decision
from src.core.desired import desired
from src.core.planning import change, is_same_write, ledger_entry
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


KEYS = st.sampled_from(["a", "b", "c"])
DECISIONS = st.lists(
    st.builds(
        Decision,
        flag=KEYS,
        variation=st.sampled_from(["on", "off"]),
        enabled=st.booleans(),
        experiment=st.one_of(st.none(), KEYS),
        at=st.integers(0, 2),
    ),
    unique_by=lambda each: each.flag,
)


@given(before=DECISIONS, after=DECISIONS)
def test_what_was_written_is_never_written_again(
    before: list[Decision], after: list[Decision]
) -> None:
    ledger: dict[str, Any] = {}
    for decisions, at in ((before, NOON), (after, NOON + DAY)):
        values = planned(*decisions, ledger=ledger, at=at)
        if values is not None:
            ledger = ledger_entry(ledger, values, at=at)
        assert planned(*decisions, ledger=ledger, at=at + DAY) is None
        wanted = desired(decisions, [], settings=SETTINGS).values
        kept = {name: value for name, value in wanted.items() if value is not None}
        assert {name: ledger.get("values", {}).get(name) for name in kept} == kept


def test_what_was_refused_is_the_same_write_until_more_than_the_day_differs() -> None:
    plan = {"email": "a@x.de", "id": 7, "values": planned(ON, ledger={})}
    later = {**plan, "values": planned(ON, ledger={}, at=NOON + DAY)}
    assert plan != later
    assert is_same_write(later, plan, settings=SETTINGS)
    for other in (
        {**plan, "values": planned(OFF, ledger={})},
        {**plan, "id": None},
        {**plan, "email": "b@x.de"},
        {},
    ):
        assert not is_same_write(plan, other, settings=SETTINGS)
