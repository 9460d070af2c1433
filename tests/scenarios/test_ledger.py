"""The judge of the ledger finds what must not happen; else it would prove nothing."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mooring.model.run import Run, RunStatus
from tests.scenarios.ledger import Ledger, Line, Seen, faults

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def run(*, status: RunStatus = RunStatus.COMPLETE, steps: int = 3) -> Run:
    return Run(
        run_id="r",
        install_id=1,
        app_id="shop",
        account="a",
        job="steps",
        status=status,
        parameters={},
        state={},
        epoch=1,
        attempt=0,
        scheduled_at=NOW,
        created_at=NOW,
        steps=steps,
    )


def noted(text: str) -> list[Line]:
    """Read `A1 a1`: the taking A begins step 1 and ends it."""
    return [
        Line("begin" if mark[0].isupper() else "end", int(mark[1]), mark[0].upper(), 1)
        for mark in text.split()
    ]


@pytest.mark.parametrize(
    "text",
    ["A1 a1 A2 a2 A3 a3", "A1 a1 A2 B2 b2 B3 b3", "A1 a1 A2 a2 B2 b2 B3 C3 c3"],
    ids=["undisturbed", "killed in a step", "killed before a commit, and again"],
)
def test_what_may_happen_is_no_fault(text: str) -> None:
    assert faults(run(), noted(text), steps=3) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("A1 a1 A2 a2 A3", "never ended the steps [3]"),
        ("A1 a1 A3 a3", "went from step 1 to step 3"),
        ("A1 a1 A2 a2 B1 b1 B2 b2 B3 b3", "took step 1 again, which was committed"),
        ("A1 a1 A2 B2 a2 b2 B3 b3", "in the hands of two workers at once"),
    ],
)
def test_what_must_not_happen_is_named(text: str, said: str) -> None:
    found = faults(run(), noted(text), steps=3)
    assert any(said in fault for fault in found), found


def test_a_step_that_begins_again_after_it_was_committed_unseen_is_named() -> None:
    lines = noted("A1 a1 A2 a2 B2 b2 B3 b3")
    assert faults(run(), lines, steps=3, seen=[Seen(lines=4, committed=1)]) == []
    found = faults(run(), lines, steps=3, seen=[Seen(lines=4, committed=2)])
    assert found == ["r: took step 2 again when 2 steps were committed"]


def test_what_is_looked_at_is_noted_with_the_lines_that_there_are(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    ledger.look(run(steps=0))
    for line in noted("A1 a1 A2"):
        with (ledger.folder / "r").open("a") as file:
            file.write(json.dumps(asdict(line)) + "\n")
    ledger.look(run(steps=1))
    assert ledger.seen == {"r": [Seen(lines=0, committed=0), Seen(lines=3, committed=1)]}


def test_a_step_that_was_committed_twice_shows_in_the_row() -> None:
    lines = noted("A1 a1 A2 a2 B2 b2 B3 b3")
    assert faults(run(steps=4), lines, steps=3) == ["r: committed 4 steps of 3"]


def test_a_run_that_did_not_complete_is_a_fault() -> None:
    lines = noted("A1 a1 A2 a2 A3 a3")
    (said,) = faults(run(status=RunStatus.ERROR), lines, steps=3)
    assert "is ERROR" in said
