"""What a run may be written with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from mooring.engine.parameters import LARGEST, merged
from mooring.errors import UsageError
from mooring.model.manifest import JobEntry

DEFAULTS = {"full": False, "pages": 3, "since": "", "lists": [1], "by": {"a": 1}, "any": None}
JOB = JobEntry("sync", "Sync", "", parameters=DEFAULTS)


def test_what_is_given_takes_the_place_of_defaults() -> None:
    assert merged(JOB, None) == DEFAULTS
    assert merged(JOB, {"full": True, "more": [1]}) == {**DEFAULTS, "full": True, "more": [1]}


@pytest.mark.parametrize("name", ["mooring_plan", "retry_dead_letters"])
def test_what_the_host_alone_gives_is_refused_wherever_it_comes_from(name: str) -> None:
    with pytest.raises(UsageError, match=rf"sync: The parameter {name} is the host's own\."):
        merged(JOB, {name: None})
    with pytest.raises(UsageError, match="is the host's own"):
        merged(JobEntry("sync", "Sync", "", parameters={name: 1}), None)


@pytest.mark.parametrize(
    "given",
    [
        {"full": True},
        {"pages": 0.5},
        {"since": "2026-01-01"},
        {"lists": []},
        {"by": {}},
        {"any": [1]},
        {"any": "text"},
        {"pages": None},
        {"more": {"deep": [None]}},
    ],
)
def test_what_is_of_the_kind_of_its_default_is_taken(given: dict[str, Any]) -> None:
    assert merged(JOB, given) == {**DEFAULTS, **given}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"full": 1}, "sync: The parameter full is a number, not true or false."),
        ({"pages": True}, "The parameter pages is true or false, not a number."),
        ({"pages": "3"}, "The parameter pages is a text, not a number. app.yml gives it the def"),
        ({"since": 20260101}, "The parameter since is a number, not a text."),
        ({"lists": {}}, "The parameter lists is an object, not a list."),
        ({"by": []}, "The parameter by is a list, not an object."),
        ({"more": datetime(2026, 1, 1, tzinfo=UTC)}, "are not JSON: Object of type datetime"),
        ({"more": float("nan")}, "are not JSON"),
        ({7: "x"}, "are not JSON: the name 7 is no text"),
    ],
)
def test_anything_else_is_refused_in_plain_words(given: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as refused:
        merged(JOB, given)
    assert said in str(refused.value)


def test_what_contains_itself_is_refused() -> None:
    given: dict[str, Any] = {}
    given["again"] = given
    with pytest.raises(UsageError, match="are not JSON"):
        merged(JOB, given)


def test_parameters_have_a_size_that_is_said() -> None:
    with pytest.raises(UsageError, match=f"{LARGEST:,} are the most"):
        merged(JOB, {"text": "x" * LARGEST})
    assert merged(JOB, {"text": "x" * (LARGEST - 200)})


def test_what_is_kept_is_no_part_of_what_was_given() -> None:
    given = {"lists": [1]}
    kept = merged(JOB, given)
    given["lists"].append(2)
    assert kept["lists"] == [1]
