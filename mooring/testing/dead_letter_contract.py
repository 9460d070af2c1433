"""What must every shelf of dead letters do, whatever keeps it? Inherit this class in a test module.

A subclass (named ``Test…``) gives four fixtures: ``letters`` and ``others`` (ports of two
installations over the same backend), ``ask`` (a call that lets a run handle letters once more, by
their ids) and ``clock`` (the FakeClock that all use).
"""
# ruff: noqa: D102  # the methods are tests, whose names are the sentences

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mooring.errors import RecordInvalid
from mooring.model.dead_letter import DeadLetter, LetterState
from mooring.sdk.dead_letters import REASON_CHARACTERS, RECORD_BYTES, DeadLettersPort
from mooring.testing.clock import FakeClock

Ask = Callable[..., int]
MANY = 1200  # more keys than one statement asks for


def put(letters: DeadLettersPort, key: str = "k", **changes: Any) -> None:
    """Set a record aside, as a usual run does."""
    given = {"job": "tidy", "run_id": "run-1", "record": {"n": 1}, "reason": "It failed."}
    letters.set_aside(key=key, **{**given, **changes})


def one(letters: DeadLettersPort, key: str = "k", *, job: str = "tidy") -> DeadLetter:
    """Return a letter that has to be there."""
    return letters.of(job=job, keys=[key])[key]


class DeadLetterContract:
    """Records that jobs set aside."""

    def test_a_record_comes_back_with_its_reason(
        self, letters: DeadLettersPort, clock: FakeClock
    ) -> None:
        record = {"b": [1, {"ü": None}], "a": "\x00", "$numbers": [1]}
        put(letters, record=record, reason="  It has no colour. ")
        found = one(letters)
        assert found.record == record
        assert list(found.record) == list(record)
        assert (found.reason, found.times, found.run_id) == ("It has no colour.", 1, "run-1")
        assert found.created_at == found.changed_at == clock.now()
        assert found.state is LetterState.SET_ASIDE

    def test_what_is_kept_is_a_copy(self, letters: DeadLettersPort) -> None:
        record = {"n": [1]}
        put(letters, record=record)
        record["n"].append(2)
        assert one(letters).record == {"n": [1]}

    def test_another_run_replaces_the_letter_and_counts(
        self, letters: DeadLettersPort, clock: FakeClock
    ) -> None:
        began = clock.now()
        put(letters)
        first = one(letters)
        clock.advance(60)
        put(letters, run_id="run-2", record={"n": 2}, reason="Still.")
        found = one(letters)
        assert (found.letter_id, found.times) == (first.letter_id, 2)
        assert (found.record, found.reason, found.run_id) == ({"n": 2}, "Still.", "run-2")
        assert (found.created_at, found.changed_at) == (began, clock.now())

    def test_a_repeated_step_of_the_same_run_counts_once(self, letters: DeadLettersPort) -> None:
        put(letters)
        put(letters, reason="Once more.")
        assert (one(letters).times, one(letters).reason) == (1, "Once more.")

    def test_jobs_and_installations_keep_theirs_apart(
        self, letters: DeadLettersPort, others: DeadLettersPort
    ) -> None:
        put(letters)
        put(letters, job="sweep", record={"n": 2})
        put(others, record={"n": 3})
        assert one(letters).record == {"n": 1}
        assert one(letters, job="sweep").record == {"n": 2}
        assert one(others).record == {"n": 3}
        assert letters.handled(job="tidy", keys=["k"]) == 1
        assert letters.of(job="tidy", keys=["k"]) == {}
        assert others.of(job="sweep", keys=["k"]) == {}
        assert one(letters, job="sweep").times == one(others).times == 1

    def test_what_was_handled_is_gone_and_begins_anew(self, letters: DeadLettersPort) -> None:
        put(letters)
        put(letters, run_id="run-2")
        assert letters.handled(job="tidy", keys=["k", "k", "never"]) == 1
        assert letters.handled(job="tidy", keys=["k"]) == letters.handled(job="tidy", keys=[]) == 0
        put(letters, run_id="run-3")
        assert one(letters).times == 1

    def test_many_keys_are_looked_for_and_handled_at_once(self, letters: DeadLettersPort) -> None:
        keys = [f"k{number}" for number in range(MANY)]
        wanted = [keys[0], keys[MANY // 2], keys[-1]]
        for key in wanted:
            put(letters, key)
        assert sorted(letters.of(job="tidy", keys=keys)) == sorted(wanted)
        assert letters.handled(job="tidy", keys=keys) == len(wanted)

    def test_a_run_finds_what_it_is_asked_for_by_key(
        self, letters: DeadLettersPort, others: DeadLettersPort, ask: Ask
    ) -> None:
        for key in ("c", "a", "b", "left"):
            put(letters, key)
        put(others, "a")
        put(letters, "a", job="sweep")
        asked = letters.of(job="tidy", keys=["a", "b", "c"]).values()
        assert ask([each.letter_id for each in asked], run_id="again") == 3
        found = letters.asked_of(job="tidy", run_id="again", limit=2)
        assert [each.key for each in found] == ["a", "b"]
        assert found[0].record == {"n": 1}
        assert letters.asked_of(job="tidy", run_id="run-1", limit=9) == []
        assert letters.asked_of(job="sweep", run_id="again", limit=9) == []
        assert others.asked_of(job="tidy", run_id="again", limit=9) == []

    def test_what_is_dealt_with_is_not_asked_for_again(
        self, letters: DeadLettersPort, ask: Ask
    ) -> None:
        for key in ("a", "b", "c"):
            put(letters, key)
        asked = letters.of(job="tidy", keys=["a", "b", "c"]).values()
        ask([each.letter_id for each in asked], run_id="again")
        letters.handled(job="tidy", keys=["a"])
        put(letters, "b", run_id="again")
        left = letters.asked_of(job="tidy", run_id="again", limit=9)
        assert [each.key for each in left] == ["c"]
        put(letters, "b", run_id="again")
        assert one(letters, "b").times == 2

    @pytest.mark.parametrize("reason", ["", "  ", None])
    def test_nothing_is_set_aside_without_a_reason(
        self, letters: DeadLettersPort, reason: Any
    ) -> None:
        with pytest.raises(RecordInvalid, match="with a reason"):
            put(letters, reason=reason)
        assert letters.of(job="tidy", keys=["k"]) == {}

    @pytest.mark.parametrize("key", ["", "k" * 513, "\n", "\ud800", 7])
    def test_a_key_is_one_that_every_backend_can_hold(
        self, letters: DeadLettersPort, key: Any
    ) -> None:
        with pytest.raises(RecordInvalid, match=r"A key (is|has)"):
            put(letters, key)

    @pytest.mark.parametrize("record", [[1], "text", None, {"n": object()}, {"n": float("nan")}])
    def test_a_record_is_a_map_of_json_values(self, letters: DeadLettersPort, record: Any) -> None:
        put(letters, record={"before": 1})
        with pytest.raises(RecordInvalid) as refused:
            put(letters, record=record, run_id="run-2")
        assert refused.value.where == "k"
        assert (one(letters).record, one(letters).times) == ({"before": 1}, 1)

    def test_a_record_has_a_largest_size(self, letters: DeadLettersPort) -> None:
        around = len('{"a":""}')
        put(letters, record={"a": "x" * (RECORD_BYTES - around)})
        with pytest.raises(RecordInvalid, match=r"262,145 bytes; at most 262,144") as refused:
            put(letters, "larger", record={"a": "x" * (RECORD_BYTES - around + 1)})
        assert "xx" not in str(refused.value)
        assert letters.of(job="tidy", keys=["larger"]) == {}

    def test_a_long_reason_is_cut(self, letters: DeadLettersPort) -> None:
        put(letters, reason="é" * (REASON_CHARACTERS + 1))
        assert one(letters).reason == "é" * REASON_CHARACTERS
