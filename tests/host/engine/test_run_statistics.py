"""What a run cost is counted over all of its workers."""

from datetime import datetime, timedelta

from mooring.engine.run_statistics import Tally
from mooring.model.run import NOTHING_YET
from mooring.model.step_times import BOUNDS, NONE
from mooring.sdk.job import Progress
from mooring.testing.clock import START


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
        "step_buckets": [3, *NONE[1:]],
    }


def test_steps_are_counted_by_how_long_they_took() -> None:
    tally = Tally({})
    for seconds in (0.004, 0.005, 0.2, 700):
        tally.step(timedelta(seconds=seconds))
    counted = dict(zip([*BOUNDS, None], tally.kept()["step_buckets"], strict=True))
    assert {bound: n for bound, n in counted.items() if n} == {0.005: 2, 0.25: 1, None: 1}


def test_each_count_of_a_job_is_dated_also_by_the_next_worker() -> None:
    def later(seconds: int) -> datetime:
        return START + timedelta(seconds=seconds)

    first = Tally({})
    first.counts(Progress(10, 90, "contacts"), now=START)
    first.counts(Progress(20, 90, "contacts"), now=later(5))
    assert first.kept()["counting_since"] == "2026-01-01T00:00:00.000Z"
    after = Tally(first.kept(), {"done": 20, "total": 90, "unit": "contacts", "message": ""})
    after.counts(Progress(30, 90, "contacts"), now=later(60))
    assert after.kept() == first.kept()
    after.counts(Progress(5, 90, "contacts"), now=later(70))
    assert after.kept()["counting_since"] == "2026-01-01T00:01:10.000Z"
    assert after.kept()["counting_from"] == 5
    after.counts(Progress(6, 90, "calls"), now=later(80))
    assert after.kept()["counting_since"] == "2026-01-01T00:01:20.000Z"


def test_what_is_no_progress_dates_nothing() -> None:
    tally = Tally({})
    tally.counts({"done": 3}, now=START)
    assert tally.kept() == NOTHING_YET


def test_a_clock_that_is_set_back_takes_nothing_away() -> None:
    tally = Tally({"step_ms_total": 3.0})
    assert tally.step(timedelta(seconds=-10)) == 0
    assert tally.kept()["step_ms_total"] == 3.0
