"""Code that is told to end hears of it wherever it waits, and whatever it asks for."""

from __future__ import annotations

import threading

import pytest

from mooring.sdk.interruption import Interrupted, Interruption


@pytest.fixture
def interruption() -> Interruption:
    return Interruption()


def test_nothing_happens_as_long_as_nobody_tells(interruption: Interruption) -> None:
    interruption.check()
    interruption.wait(0.001)
    assert not interruption.told


def test_whoever_asks_after_it_was_told_is_interrupted(interruption: Interruption) -> None:
    interruption.tell()
    assert interruption.told
    with pytest.raises(Interrupted):
        interruption.check()
    with pytest.raises(Interrupted):
        interruption.wait(600)


def test_whoever_waits_is_woken(interruption: Interruption) -> None:
    telling = threading.Timer(0.02, interruption.tell)
    telling.start()
    with pytest.raises(Interrupted):
        interruption.wait(600)
    telling.join()


def test_no_app_takes_it_for_a_failure_of_its_own() -> None:
    assert not issubclass(Interrupted, Exception)


def test_it_is_not_told_while_code_begins_or_ends_to_allow_it(interruption: Interruption) -> None:
    telling = threading.Thread(target=interruption.tell)
    with interruption.guard:
        telling.start()
        telling.join(0.05)
        assert not interruption.told
    telling.join()
    assert interruption.told


def test_what_is_told_later_is_heard_at_once_and_what_was_taken_back_is_not(
    interruption: Interruption,
) -> None:
    heard: list[str] = []
    forget = interruption.when_told(lambda: heard.append("taken back"))
    forget()
    interruption.when_told(lambda: heard.append("before"))
    interruption.tell()
    interruption.when_told(lambda: heard.append("after"))
    assert heard == ["before", "after"]
