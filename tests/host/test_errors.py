"""What went wrong is said in one way, by whomever it was raised."""

from __future__ import annotations

import pytest

from mooring.errors import NotFound, in_words


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("no number"), "ValueError: no number"),
        (KeyError(), "KeyError"),
        (NotFound("No such run.", where="r1", hint="List them."), "r1: No such run. List them."),
    ],
)
def test_errors_of_others_are_named_and_the_hosts_own_are_sentences(
    error: Exception, said: str
) -> None:
    assert in_words(error) == said
