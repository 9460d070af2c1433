"""A subcommand that is misspelled is not taken for an app without a word."""

from __future__ import annotations

import pytest

from tests.conftest import Program
from tests.host.cli.conftest import APP


@pytest.mark.parametrize(
    ("arguments", "status", "meant"),
    [
        (("functions", "invok"), 66, "Did you mean invoke? "),
        (("functions", "invok", APP, "hello"), 2, "Did you mean invoke? "),
        (("jobs", "trigge", APP, "tidy"), 2, "Did you mean trigger? "),
        (("functions", "a_shop"), 66, ""),
    ],
)
def test_a_word_that_is_like_a_subcommand_is_answered_with_it(
    cli: Program, arguments: tuple[str, ...], status: int, meant: str
) -> None:
    answer = cli(*arguments)
    assert answer.status == status
    assert meant in answer.err
    assert ("Did you mean" in answer.err) == bool(meant)
