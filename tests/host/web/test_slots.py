"""How many calls of one owner run at once."""

from __future__ import annotations

from mooring.web.slots import Slot, Slots


def taken(slots: Slots, owner: str) -> Slot:
    slot = slots.take(owner)
    assert slot is not None
    return slot


def test_an_owner_gets_as_many_as_there_are_and_no_more() -> None:
    slots = Slots(most=2)
    taken(slots, "a")
    taken(slots, "a")
    assert slots.take("a") is None
    taken(slots, "b")


def test_a_slot_that_is_let_go_can_be_taken_again() -> None:
    slots = Slots(most=1)
    taken(slots, "a").let_go()
    assert slots.used("a") == 0
    taken(slots, "a")


def test_whoever_holds_it_last_gives_it_back() -> None:
    slots = Slots(most=1)
    slot = taken(slots, "a")
    slot.hold()
    slot.let_go()
    assert slots.take("a") is None
    slot.let_go()
    taken(slots, "a")
