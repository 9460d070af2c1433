"""A choice finds its environment, or says what there is."""

from __future__ import annotations

from typing import Any

import pytest

from src.core.environments import (
    Choice,
    EnvironmentUnknown,
    find_project,
    is_connectable,
    read_choice,
    resolve,
)
from src.core.settings import Connection

SHOP = {"id": 1, "name": "Shop", "status": "active"}
OLD = {"id": 2, "name": "Old", "status": "archived"}
CLASSIC = {"id": 3, "name": "Classic", "status": "active", "is_classic": True}
PLACES: list[dict[str, Any]] = [
    {"key": "production", "datafile": {"sdk_key": "prod-key"}},
    {"key": "staging", "datafile": {"sdk_key": "stage-key"}},
    {"key": "gone", "archived": True, "datafile": {"sdk_key": "gone-key"}},
    {"key": "new", "datafile": None},
]


@pytest.mark.parametrize(
    "choice", [Choice("1", "production"), Choice("1", sdk_key="k"), Choice("1", "production", "k")]
)
def test_a_choice_is_read_as_it_was_written(choice: Choice) -> None:
    assert read_choice(str(choice)) == choice


@pytest.mark.parametrize("text", ["", "1", ":", "1:", "1::", ":production", "1:a:b:c"])
def test_what_is_no_choice_is_refused(text: str) -> None:
    with pytest.raises(EnvironmentUnknown, match="project:environment"):
        read_choice(text)


@pytest.mark.parametrize(
    "choice",
    [
        Choice("1", "production"),
        Choice("1", sdk_key="prod-key"),
        Choice("1", "production", "prod-key"),
    ],
)
def test_a_choice_becomes_a_connection(choice: Choice) -> None:
    assert resolve(choice, SHOP, PLACES) == Connection("1", "Shop", "production", "prod-key")


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (Choice("1", "prodction"), "has no environment prodction. Did you mean production?"),
        (Choice("1", "gone"), "has no environment gone"),
        (Choice("1", "new"), "no SDK key yet"),
        (Choice("1", sdk_key="other"), "sdk_key is not the SDK key of any of its environments"),
        (Choice("1", "production", "stage-key"), "it is that of staging"),
        (Choice("1", "production", "other"), "sdk_key is not the SDK key of the environment"),
    ],
)
def test_an_unknown_environment_names_the_project_and_what_is_wrong(
    choice: Choice, said: str
) -> None:
    with pytest.raises(EnvironmentUnknown) as unknown:
        resolve(choice, SHOP, PLACES)
    assert "Project 1 (Shop)" in str(unknown.value)
    assert said in str(unknown.value)


def test_only_active_projects_with_flags_or_experiments_can_be_connected() -> None:
    assert [is_connectable(each) for each in (SHOP, OLD, CLASSIC)] == [True, False, False]


def test_a_project_that_cannot_be_read_is_answered_with_those_that_can() -> None:
    assert find_project(Choice("1", "production"), [OLD, SHOP]) == SHOP
    with pytest.raises(EnvironmentUnknown, match=r"1 \(Shop\)"):
        find_project(Choice("2", "production"), [OLD, SHOP])
