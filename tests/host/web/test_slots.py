"""How many calls of one owner run at once."""

from __future__ import annotations

from mooring.web.slots import Slots


def test_an_owner_gets_as_many_as_there_are_and_no_more() -> None:
    slots = Slots(most=2)
    assert [slots.take("a") for _ in range(3)] == [True, True, False]
    assert slots.take("b")


def test_a_slot_that_is_given_back_can_be_taken_again() -> None:
    slots = Slots(most=1)
    assert slots.take("a")
    slots.give_back("a")
    assert slots.used("a") == 0
    assert slots.take("a")
