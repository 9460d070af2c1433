from __future__ import annotations

from src.core.computed import (
    Decision,
    dated,
    fingerprint,
    from_record,
    listened,
    to_record,
)

BEFORE = Decision("checkout", "on", enabled=True, experiment="q3", at=10)
GIVEN = {"variation": "b", "flag": "checkout", "enabled": True, "decided_at": 20.5}


def test_what_is_decided_again_keeps_its_time() -> None:
    again = Decision("checkout", "on", enabled=True, experiment="q3", at=99)
    assert dated([again], before=[BEFORE]) == [BEFORE]


def test_what_is_decided_otherwise_has_the_new_time() -> None:
    other = Decision("checkout", "off", enabled=False, experiment="q3", at=99)
    left = Decision("checkout", "on", enabled=True, experiment=None, at=99)
    assert dated([other], before=[BEFORE]) == [other]
    assert dated([left], before=[BEFORE]) == [left]


def test_decisions_survive_being_kept() -> None:
    flag = Decision("dark", "on", enabled=True, experiment=None, at=3.5)
    assert from_record(to_record([flag, BEFORE])) == [BEFORE, flag]
    assert from_record({}) == []


def test_a_listener_saw_an_experiment() -> None:
    record = {"assignments": {"q3": {**GIVEN, "experiment": True}}}
    (decision,) = listened(record)
    assert decision == Decision(
        "checkout", "b", enabled=True, experiment="q3", at=20.5, listened=True
    )


def test_a_listener_saw_a_flag_without_experiment() -> None:
    record = {"assignments": {"checkout": {**GIVEN, "experiment": False}}}
    assert [each.experiment for each in listened(record)] == [None]
    assert [each.experiment for each in listened({"assignments": {"checkout": GIVEN}})] == [None]


def test_names_that_collide_are_written_with_their_project() -> None:
    record = {"assignments": {"q3": {**GIVEN, "project_id": "1"}}}
    names = {"experiments": {"1:q3": "1:q3"}, "flags": {"1:checkout": "1:checkout"}}
    (decision,) = listened(record, **names)
    assert (decision.experiment, decision.flag) == ("1:q3", "1:checkout")


def test_what_a_listener_saw_counts_while_the_experiment_runs_or_is_concluded() -> None:
    record = {"assignments": {"q3": GIVEN}}
    known = {"running": 1, "concluded": 1, "paused": 0, "not_started": 0, "archived": 0}
    for status, count in known.items():
        assert len(listened(record, statuses={"q3": status})) == count, status


def test_a_fingerprint_changes_with_the_value_and_not_with_the_order_of_its_keys() -> None:
    assert fingerprint({"a": 1, "b": "ü"}) == fingerprint({"b": "ü", "a": 1})
    assert fingerprint({"a": 1}) != fingerprint({"a": "1"})
