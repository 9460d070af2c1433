"""What is begun together, what alone, and how much of one installation at once."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime

from mooring.model.delivery import Delivery, DeliveryState
from mooring.web.bundles import (
    MOST_AT_ONCE,
    MOST_IN_BUNDLE,
    MOST_PER_INSTALLATION,
    MOST_THREADS,
    Bundle,
    Pace,
    Plan,
)

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
QUICK, SLOW = 0.0001, 1.0


def delivery(number: int, install_id: int = 1, **changes: object) -> Delivery:
    name = f"{install_id}-{number}"
    made = Delivery(name, install_id, "shop", "hook", name, "", DeliveryState.PENDING, 0, NOW, NOW)
    return replace(made, **changes)  # type: ignore[arg-type]  # whatever a delivery has


def paced(seconds: float) -> Pace:
    pace = Pace()
    for install_id in range(20):
        pace.took(delivery(0, install_id), seconds)
    return pace


def plan(pace: Pace, *, has_suspect: bool = False, **lanes: int) -> Plan:
    in_hand = [
        Bundle([delivery(0, int(name[1:]))]) for name, count in lanes.items() for _ in range(count)
    ]
    return Plan(in_hand, pace=pace, has_suspect=has_suspect)


def sizes(made: Plan) -> list[int]:
    return [len(bundle) for bundle in made.bundles]


def test_what_nobody_knows_begins_one_by_one() -> None:
    made = plan(Pace())
    made.add([delivery(n) for n in range(10)], in_hand=())
    assert sizes(made) == [1] * MOST_PER_INSTALLATION


def test_what_is_quick_begins_many_together() -> None:
    made = plan(paced(QUICK))
    made.add([delivery(n) for n in range(MOST_IN_BUNDLE + 10)], in_hand=())
    assert sizes(made) == [MOST_IN_BUNDLE, 10]


def test_what_is_slow_begins_one_by_one() -> None:
    made = plan(paced(SLOW))
    made.add([delivery(n) for n in range(10)], in_hand=())
    assert sizes(made) == [1] * MOST_PER_INSTALLATION


def test_a_bundle_takes_no_longer_than_it_may() -> None:
    made = plan(paced(0.02))
    made.add([delivery(n) for n in range(5)], in_hand=())
    assert sizes(made) == [2, 2, 1]


def test_one_slow_delivery_makes_the_next_ones_begin_alone() -> None:
    pace = paced(QUICK)
    pace.took(delivery(0), SLOW)
    assert pace.expected(delivery(1)) > 0.02
    for _ in range(40):
        pace.took(delivery(0), QUICK)
    assert pace.expected(delivery(1)) < 0.001


def test_what_is_seen_twice_begins_once() -> None:
    made = plan(paced(QUICK))
    due = [delivery(n) for n in range(5)]
    assert made.add([delivery(9, attempts=1), delivery(8, attempts=1), *due], in_hand=()) == 1
    assert made.add([*due, delivery(5)], in_hand=()) == 0
    begun = [one.delivery_id for bundle in made.bundles for one in bundle]
    assert sorted(begun) == ["1-0", "1-1", "1-2", "1-3", "1-4", "1-5", "1-9"]


def test_a_bundle_is_of_one_installation() -> None:
    made = plan(paced(QUICK))
    made.add([delivery(n, install_id=n % 3) for n in range(9)], in_hand=())
    assert [{one.install_id for one in bundle} for bundle in made.bundles] == [{0}, {1}, {2}]


def test_what_is_busy_leaves_room_for_the_others() -> None:
    made = plan(Pace(), i1=MOST_PER_INSTALLATION)
    made.add([delivery(n) for n in range(5)] + [delivery(0, install_id=2)], in_hand=())
    assert [bundle[0].install_id for bundle in made.bundles] == [2]
    assert made.full_installations == [1]


def test_where_all_threads_are_busy_nothing_begins() -> None:
    made = plan(paced(QUICK), i1=MOST_AT_ONCE)
    assert made.is_full
    made.add([delivery(0, install_id=2)], in_hand=())
    assert made.bundles == []


def test_what_is_in_hand_is_not_begun_again() -> None:
    made = plan(paced(QUICK))
    made.add([delivery(1), delivery(2)], in_hand={"1-1"})
    assert [[one.delivery_id for one in bundle] for bundle in made.bundles] == [["1-2"]]


def test_of_those_that_may_end_the_process_one_begins_alone() -> None:
    suspects = [delivery(n, attempts=1) for n in range(3)]
    made = plan(paced(QUICK))
    left = made.add([*suspects, delivery(7)], in_hand=())
    assert left == 2
    assert [[one.delivery_id for one in bundle] for bundle in made.bundles] == [["1-0"], ["1-7"]]
    assert plan(paced(QUICK), has_suspect=True).add(suspects, in_hand=()) == 3


def test_one_that_failed_is_no_suspect() -> None:
    made = plan(paced(QUICK))
    assert made.add([delivery(n, attempts=1, error="503") for n in range(3)], in_hand=()) == 0
    assert sizes(made) == [3]


def test_the_rest_of_a_bundle_can_be_taken_out() -> None:
    bundle = Bundle([delivery(n) for n in range(4)])
    first = bundle.take()
    assert first is not None
    assert [one.delivery_id for one in bundle.rest()] == ["1-1", "1-2", "1-3"]
    assert bundle.take() is None


def given_up(install_id: int = 1) -> Bundle:
    bundle = Bundle([delivery(0, install_id)])
    bundle.take()
    assert bundle.give_up(begun_before=time.monotonic() + 1)
    return bundle


def test_what_takes_too_long_is_given_up_once_and_its_end_counts_no_more() -> None:
    bundle = Bundle([delivery(1), delivery(2)])
    assert bundle.give_up(begun_before=time.monotonic() + 1) is None
    first = bundle.take()
    assert bundle.give_up(begun_before=bundle.took_last_at) is None
    assert bundle.give_up(begun_before=time.monotonic() + 1) is first
    assert bundle.give_up(begun_before=time.monotonic() + 1) is None
    assert not bundle.ends()
    assert not bundle.is_given_up
    assert bundle.take() == delivery(2)
    assert bundle.ends()


def test_what_has_ended_is_not_given_up() -> None:
    bundle = Bundle([delivery(1)])
    bundle.take()
    assert bundle.ends()
    assert bundle.give_up(begun_before=time.monotonic() + 1) is None


def test_what_was_given_up_takes_a_place_of_its_installation_and_none_of_others() -> None:
    hanging = [given_up(n) for n in (1, 2) for _ in range(MOST_PER_INSTALLATION)]
    made = Plan(hanging, pace=paced(SLOW), has_suspect=False)
    assert made.full_installations == [1, 2]
    made.add([delivery(n, install_id) for n in range(3) for install_id in (1, 2, 3)], in_hand=())
    assert sizes(made) == [1] * 3
    assert {bundle[0].install_id for bundle in made.bundles} == {3}


def test_there_are_so_many_threads_and_no_more() -> None:
    hanging = [given_up(n) for n in range(MOST_THREADS)]
    assert Plan(hanging, pace=paced(SLOW), has_suspect=False).is_full
    assert not Plan(hanging[1:], pace=paced(SLOW), has_suspect=False).is_full
