"""What of a status is kept."""

from __future__ import annotations

import json
from collections import OrderedDict
from datetime import UTC, datetime
from enum import Enum, StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.engine.states import LARGEST_STATE, StateInvalid, checked, standing
from mooring.errors import EntryPointInvalid
from mooring.sdk import JobStatus, Progress

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters()),
    lambda parts: st.lists(parts) | st.dictionaries(st.text(st.characters()), parts),
    max_leaves=20,
)  # fmt: skip


class Colour(StrEnum):
    RED = "red"


class Size(Enum):
    LARGE = "large"


def kept(state: Any, progress: Any = None) -> Any:
    return standing(JobStatus(state, progress=progress), "perform", statistics={})


@given(st.dictionaries(st.text(st.characters()), JSON))
def test_what_is_kept_reads_back_as_it_was_written(state: dict[str, Any]) -> None:
    stands = kept(state)
    assert stands.state == state == json.loads(stands.encoded)
    stands.encoded.encode()  # nothing in it that a database could not hold


def test_what_is_kept_is_no_part_of_the_job_s_own_objects() -> None:
    state = {"pages": [1]}
    stands = kept(state)
    state["pages"].append(2)
    assert stands.state == {"pages": [1]}


@pytest.mark.parametrize(
    ("state", "plain"),
    [
        ({"range": (1, (2, 3))}, {"range": [1, [2, 3]]}),
        ({"colour": Colour.RED}, {"colour": "red"}),
        ({"n": 2**70}, {"n": 2**70}),
        ({"a": "\x00 \ud800 é"}, {"a": "\x00 \ud800 é"}),
        (OrderedDict(b=1, a=OrderedDict(c=2)), {"b": 1, "a": {"c": 2}}),
    ],
)
def test_what_is_nearly_json_is_kept_as_plain_values(state: Any, plain: Any) -> None:
    stands = kept(state)
    assert stands.state == plain == json.loads(stands.encoded)
    assert json.dumps(stands.state) == json.dumps(plain)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ({"since": datetime(2026, 1, 1, tzinfo=UTC)}, "state.since is a datetime"),
        ({"size": Size.LARGE}, "state.size is a Size"),
        ({"raw": b"x"}, "state.raw is a bytes"),
        ({"n": float("inf")}, "state.n is inf"),
        ({1: "x"}, "state has the key 1, which is an int"),
        ({"total": 10**5000}, "state.total is a number of more than 8192 bits"),
        (None, "state is None"),
        ([], "state is a list"),
    ],
)
def test_what_is_no_json_is_named(state: Any, said: str) -> None:
    with pytest.raises(StateInvalid, match=said):
        kept(state)


def test_a_state_that_contains_itself_is_refused() -> None:
    state: dict[str, Any] = {}
    state["again"] = state
    with pytest.raises(StateInvalid, match="contains itself"):
        kept(state)


def test_a_state_has_a_size_that_is_said() -> None:
    room = LARGEST_STATE - len('{"text":""}')
    assert len(kept({"text": "x" * room}).encoded) == LARGEST_STATE
    with pytest.raises(StateInvalid, match=r"a state of 10\.0 MB; it may have 8 MB"):
        kept({"text": "x" * (10 * 1024 * 1024)})


def test_a_progress_is_kept_beside_the_state() -> None:
    whole = kept({}, Progress(3, 10, "contacts", "Reading"))
    assert whole.progress == {"done": 3, "total": 10, "unit": "contacts", "message": "Reading"}
    assert kept({}, Progress(3)).progress == {"done": 3, "total": None, "unit": "", "message": ""}
    assert kept({}).progress is None


def test_what_cannot_be_stored_of_a_progress_is_replaced() -> None:
    odd = kept({}, Progress(1, 2, "a\x00b", "m\ud800")).progress
    assert odd == {"done": 1, "total": 2, "unit": "a\ufffdb", "message": "m\ufffd"}


@pytest.mark.parametrize(
    ("progress", "said"),
    [
        (0.5, "progress is a float"),
        (Progress(0.5), "a progress of 0.5 of None"),  # type: ignore[arg-type]  # the point of it
        (Progress(-1, 2), "a progress of -1 of 2"),
        (Progress(1, True), "a progress of 1 of True"),
    ],
)
def test_a_progress_that_is_none_is_refused(progress: Any, said: str) -> None:
    with pytest.raises(EntryPointInvalid, match=said):
        kept({}, progress)


def test_only_a_status_is_an_answer() -> None:
    assert checked(JobStatus({"a": 1}), "prepare") == JobStatus({"a": 1})
    with pytest.raises(EntryPointInvalid, match="prepare returned None"):
        checked(None, "prepare")
