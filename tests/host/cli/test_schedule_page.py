"""Does docs/schedules.md show what the program really says?"""

from __future__ import annotations

import re
import shlex

import pytest

from mooring.engine.schedule import parse_schedule
from mooring.engine.schedule_words import in_words
from tests.conftest import ROOT, Program

PAGE = (ROOT / "docs" / "schedules.md").read_text("utf-8")
SESSIONS = re.findall(r"```console\n\$ mooring (.*)\n((?:.*\n)*?)```", PAGE)
EXAMPLES = re.findall(r"^\| `([^`]+)` \| (.*\(UTC\)\.) \|$", PAGE, re.MULTILINE)


def test_the_page_has_examples() -> None:
    assert len(SESSIONS) == 3
    assert len(EXAMPLES) == 12


@pytest.mark.parametrize(("typed", "shown"), SESSIONS)
def test_each_session_is_what_the_program_prints(cli: Program, typed: str, shown: str) -> None:
    answer = cli(*shlex.split(typed))
    assert answer.out + answer.err == shown


@pytest.mark.parametrize(("expression", "meaning"), EXAMPLES)
def test_each_example_means_what_it_says(expression: str, meaning: str) -> None:
    assert in_words(parse_schedule(expression)) == meaning
