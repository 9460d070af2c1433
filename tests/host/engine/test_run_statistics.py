"""What a run cost is counted over all of its workers."""

from datetime import timedelta

from mooring.engine.run_statistics import Tally
from mooring.model.run import NOTHING_YET


def test_nothing_was_done_yet() -> None:
    assert Tally({}).kept() == NOTHING_YET


def test_it_goes_on_counting_from_what_is_kept() -> None:
    first = Tally({})
    first.step(timedelta(milliseconds=5))
    first.step(timedelta(microseconds=250))
    first.failed(waits=1.5)
    after = Tally(first.kept())
    after.step(timedelta(milliseconds=2))
    after.failed()
    assert after.kept() == {
        "step_ms_total": 7.25,
        "step_ms_longest": 5.0,
        "attempts_total": 2,
        "waited_ms": 1500,
    }


def test_a_clock_that_is_set_back_takes_nothing_away() -> None:
    tally = Tally({"step_ms_total": 3.0})
    assert tally.step(timedelta(seconds=-10)) == 0
    assert tally.kept()["step_ms_total"] == 3.0
