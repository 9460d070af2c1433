"""A crash before or after any effect of any step changes nothing about how the sync ends."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from mooring.sdk.context import use
from mooring.sdk.job import JobStatus

SHOP_PRODUCTION = (20000000001, "production")
EFFECTS = {"send", "put", "put_many", "patch", "delete", "delete_many"} | {
    *("upsert_customers", "upsert_objects"),
    *("set_aside", "handled"),
}
FUSED = ("http", "kv_store", "odp", "dead_letters")
MOST_EFFECTS = 60


class PowerCut(BaseException):
    """The process is gone; nothing may catch this."""


@dataclass(slots=True)
class Fuse:
    """Lets ``left`` effects pass, then cuts the power: before the next one, or just after it."""

    left: int
    after: bool

    def around(self, effect: Any, *args: Any, **options: Any) -> Any:
        self.left -= 1
        if self.left < 0 and not self.after:
            raise PowerCut
        answer = effect(*args, **options)
        if self.left < 0:
            raise PowerCut
        return answer


class Fused:
    """A service whose effects go through a fuse."""

    def __init__(self, service: Any, fuse: Fuse) -> None:
        self._service = service
        self._fuse = fuse

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._service, name)
        if name not in EFFECTS:
            return found
        return lambda *args, **options: self._fuse.around(found, *args, **options)


@contextmanager
def fused(connected: Any, fuse: Fuse) -> Iterator[None]:
    services = connected.now.services
    wired = {name: Fused(getattr(services, name), fuse) for name in FUSED}
    with use(replace(connected.now, services=replace(services, **wired))):
        yield


def run_with_power_cuts(connected: Any, stages: list[str]) -> tuple[dict[str, Any], int]:
    """Run to the end, every step cut off at every effect before it may go through."""
    cuts = 0
    committed = connected.job("run").prepare({"stages": stages}).state
    complete = False
    while not complete:
        for left, after in ((n, after) for n in range(MOST_EFFECTS) for after in (False, True)):
            # A new process knows what was committed and nothing else.
            job = connected.job("run")
            status = job.prepare({}, JobStatus(copy.deepcopy(committed)), resuming=True)
            try:
                with fused(connected, Fuse(left, after=after)):
                    status = job.perform(status)
            except PowerCut:
                cuts += 1
                connected.now.services.clock.sleep(0.5)
                continue
            committed, complete = status.state, status.complete
            break
        else:
            raise AssertionError(f"more than {MOST_EFFECTS} effects in one step: {committed}")
    return committed, cuts


def test_a_whole_sync_with_power_cuts_everywhere(connected: Any) -> None:
    connected.set_up(SHOP_PRODUCTION)

    state, cuts = run_with_power_cuts(connected, ["contacts", "catalogue", "flags", "push"])

    assert cuts > 100
    assert state["report"] == {
        "contacts": {"read": 2000},
        "catalogue": {
            "projects": 4, "experiments": 7, "flags": 11, "audiences": 14, "events": 3,
            "problems": [],
        },
        "flags": {"decided": 22000, "contacts": 2000},
        "push": {"changed": 2000, "written": 2000, "rejected": 0, "unchanged": 0},
    }  # fmt: skip
    _every_contact_was_only_ever_sent_one_thing(connected, 2000)
    assert connected.kept("plan/") == connected.letters() == {}
    assert connected.sync(["flags", "push"])["push"]["changed"] == 0


def test_single_calls_with_power_cuts_everywhere(connected: Any) -> None:
    connected.set_up(SHOP_PRODUCTION)
    for contact in connected.contacts()[:4]:
        email, kept = contact["email"], connected.now.services.kv_store
        record = {"email": email, "id": contact["id"], "seen": time.time(), "values": {}}
        kept.put(f"contact/{email}", record)
        decisions = [["new_checkout", "treatment", True, "checkout_q3", 1_750_000_000]]
        kept.put(f"computed/{email}", {"decisions": decisions})
        connected.app.dead_letters.set_aside(
            job="test", run_id="earlier", key=email, record={"email": email}, reason="No."
        )

    state, cuts = run_with_power_cuts(connected, ["push"])

    assert cuts > 20
    assert state["report"]["push"] == {
        "changed": 4, "written": 4, "rejected": 0, "unchanged": 0,
    }  # fmt: skip
    _every_contact_was_only_ever_sent_one_thing(connected, 4)
    assert connected.kept("plan/") == connected.letters() == {}


def _every_contact_was_only_ever_sent_one_thing(connected: Any, count: int) -> None:
    written = connected.written()
    assert len(written) == count
    different = [email for email, sent in written.items() if any(each != sent[0] for each in sent)]
    assert not different
