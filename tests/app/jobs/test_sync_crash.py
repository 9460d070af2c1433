"""Wherever a job of the connector is cut off, it ends the same: in Brevo, in what is kept and told.

The kit of ``mooring.testing`` cuts it before, during and after every step. Where there are many
places, some are cut one by one and all of them in one run; a soak cuts each of them alone too.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from mooring.model.dead_letter import RETRY
from mooring.testing import World, crash_everywhere
from mooring.testing.outcomes import Worlds, set_aside_in
from mooring.testing.run_job import RUN_ID, RunJob
from sandbox.running import Running
from src.jobs.sync import Sync
from tests.app.conftest import ROOT, Connected, connecting
from tests.app.jobs.test_push import ON, heard, know
from tests.conftest import SOAK

SHOP_PRODUCTION = (20000000001, "production")
UNKNOWN, STRANGER = "nobody@example.com", "stranger@example.com"
# What is a time: each run has its own.
TIMES = ("at", "seen", "EXPERIMENT_DATE", "FEATURE_FLAGS_SYNCED")
SetUp = Callable[[Connected], object]


def worlds(sandbox: Running, set_up: SetUp) -> Worlds:
    """Return worlds in each of which the connector meets a sandbox as it starts."""

    @contextmanager
    def world() -> Iterator[World]:
        sandbox.control("reset")
        with (
            tempfile.TemporaryDirectory() as folder,
            connecting(sandbox, Path(folder)) as connected,
        ):
            connected.set_up(SHOP_PRODUCTION)
            set_up(connected)
            clock = connected.now.services.clock
            yield World(connected.now, lambda: outcome(connected), lambda: clock.sleep(0.5))

    return world


def outcome(connected: Connected) -> Mapping[str, Any]:
    """Return what a run has left; what was sent twice over counts once."""
    written = {
        email: [each for number, each in enumerate(sent) if each not in sent[:number]]
        for email, sent in connected.written().items()
    }
    return {
        "brevo": connected.brevo(),
        "written": written,
        "odp": connected.app.odp.everything(),
        "stores": {
            owner: {key: _undated(key, record) for key, record in records.items()}
            for owner, records in connected.app.records.everything().items()
        },
        "set_aside": set_aside_in(connected.app),
        "told": {f"{told.level} {told.title}" for told in connected.app.notifications.entries},
    }


def _undated(key: str, record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Leave out when decisions were found, which stands in a list without a name."""
    if not key.startswith("computed/"):
        return record
    return {**record, "decisions": [each[:4] for each in record["decisions"]]}


def addresses(connected: Connected, count: int) -> list[str]:
    return [contact["email"] for contact in connected.contacts()[:count]]


def some_are_known(connected: Connected) -> None:
    connected.know(*addresses(connected, 4))


def nobody_is_known(connected: Connected) -> None:
    """Leave everything to be read: 2,000 contacts, which an import then writes."""


def some_are_refused(connected: Connected) -> None:
    """Let one be refused now; of two refused before, one would be written anew, one the same."""
    some_were_refused(connected)
    heard(connected, STRANGER)


def some_are_asked_for(connected: Connected) -> None:
    """Ask for all that are set aside: some can be written, one cannot, one is no longer known."""
    some_were_refused(connected)
    letters = connected.app.dead_letters
    record = {"email": STRANGER}
    letters.set_aside(job="Sync", run_id="earlier", key=STRANGER, record=record, reason="Before.")
    assert letters.ask([each.letter_id for each in letters.all()], run_id=RUN_ID) == 4


def some_were_refused(connected: Connected) -> None:
    """Let an earlier run have set three aside, of whom one has changed since."""
    same, changed, *_ = emails = addresses(connected, 4)
    know(connected, *emails)
    heard(connected, UNKNOWN)
    for email in (same, changed):
        route = f"/brevo/v3/contacts/{email}"
        connected.sandbox.control("faults", route=route, method="PUT", status=400, count=1)
    RunJob(connected.now)(Sync, {"stages": ["push"]}, run_id="earlier").completed()
    assert connected.letters().keys() == {same, changed, UNKNOWN}
    know(connected, changed, decisions=ON)


SOME = ["catalogue", "flags", "push"]
CASES: Mapping[str, tuple[SetUp, dict[str, Any], int | None]] = {
    "some": (some_are_known, {"stages": SOME}, 6),
    "refused": (some_are_refused, {"stages": ["push"]}, None),
    "asked": (some_are_asked_for, {RETRY: 4}, None),
    "all": (nobody_is_known, {}, 1),
}


@pytest.mark.parametrize("case", CASES)
def test_a_sync_that_is_cut_off_anywhere_ends_as_undisturbed(sandbox: Running, case: str) -> None:
    set_up, parameters, most = CASES[case]
    crashes = crash_everywhere(
        Sync,
        worlds(sandbox, set_up),
        parameters=parameters,
        ignoring=TIMES,
        most=None if SOAK else most,
    )
    assert len(crashes.places) > 10
    assert crashes.together > 5


def test_these_are_all_jobs_of_the_connector() -> None:
    manifest = yaml.safe_load((ROOT / "app.yml").read_text("utf-8"))
    assert manifest["jobs"].keys() == {"sync"}
