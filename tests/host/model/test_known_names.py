from __future__ import annotations

from itertools import count

from mooring.model.known_names import LONGEST_NAME, MOST_NAMES, listed, nearest


def test_the_name_that_is_most_like_the_given_one_is_suggested() -> None:
    assert nearest("sink", ["link", "sync", "sinks"]) == "Did you mean sinks? "


def test_what_resembles_nothing_suggests_nothing() -> None:
    assert nearest("zzz", ["alpha", "beta"]) == ""


def test_neither_very_long_nor_very_many_names_are_compared() -> None:
    assert nearest("a" * (LONGEST_NAME + 900), ["a" * LONGEST_NAME]) != ""
    assert nearest("zzz", (f"name{number}" for number in count())) == ""


def test_names_are_listed_as_far_as_a_person_reads() -> None:
    assert listed([]) == "none"
    assert listed(["a", "b"]) == "a, b"
    assert listed(str(n) for n in range(MOST_NAMES + 2)).endswith(f"{MOST_NAMES - 1} and 2 more")
