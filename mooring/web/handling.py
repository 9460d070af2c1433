"""What does one attempt at a delivery come to? The function is called as it would be directly.

A coroutine is told to end when its time is over. A thread cannot be: whoever watches it gives the
attempt up (see ``web.inbox``), and what comes of it then counts no more.
"""

from __future__ import annotations

import asyncio
import time
from functools import partial

from mooring.engine.functions import Outcome, Unfinished, begin, finish
from mooring.engine.inbox import Bury, Verdict, from_wire, given_up, overran, verdict
from mooring.errors import NotFound, RecordInvalid
from mooring.hosting.host import Host
from mooring.model.delivery import Delivery
from mooring.model.installation import Installation, InstallationState
from mooring.web.directory import Target
from mooring.web.journal import Journal

FRESH_SECONDS = 0.1  # how long it may stay unnoticed that an installation changed


class Handling:
    """Calls functions for deliveries; for threads."""

    def __init__(self, host: Host, *, journal: Journal, time_limit: float) -> None:
        self._host = host
        self._journal = journal
        self._time_limit = time_limit
        self._found: dict[tuple[int, str], tuple[float, Installation | None]] = {}

    def judged(self, delivery: Delivery) -> Verdict:
        """Attempt it, and say what becomes of it."""
        outcome = self._attempt(delivery)
        if not isinstance(outcome, Outcome):
            return outcome
        now, hide = self._host.clock.now(), self._host.masker.hide
        return verdict(delivery, outcome, now=now, hide=hide)

    def overran(self, delivery: Delivery) -> Verdict:
        """Say what becomes of one that took too long."""
        return overran(delivery, seconds=self._time_limit, now=self._host.clock.now())

    def _attempt(self, delivery: Delivery) -> Outcome | Verdict:
        if hopeless := given_up(delivery):
            return hopeless
        installation = self._installation(delivery)
        if installation is None:
            return Bury(f"{delivery.app_id} is no longer installed.")
        name = delivery.function
        installation = self._host.versions.with_function(installation, name)
        entry = self._host.definition(installation).manifest.functions.get(name)
        if entry is None:
            return Bury(f"{delivery.app_id} {installation.version} has no function {name}.")
        invocation = self._host.invocation(
            installation, entry_point=f"function:{name}", is_global=entry.is_global
        )
        try:
            request = from_wire(delivery.request)
        except RecordInvalid as error:
            return Bury(str(error))
        started = time.perf_counter()
        outcome = begin(
            partial(self._host.function_class, installation, name),
            request,
            invocation=invocation,
            hide=self._host.masker.hide,
        )
        if isinstance(outcome, Unfinished):
            try:
                outcome = asyncio.run(self._finished(outcome))
            except TimeoutError:
                return self.overran(delivery)
        took = time.perf_counter() - started
        target = Target(installation, entry, None)
        self._journal.answered(target, outcome.response.status, took=took)
        return outcome

    async def _finished(self, unfinished: Unfinished) -> Outcome:
        """Await the end of a coroutine. Raises TimeoutError: one of the app's own is an outcome."""
        async with asyncio.timeout(self._time_limit):
            return await finish(unfinished, hide=self._host.masker.hide)

    def _installation(self, delivery: Delivery) -> Installation | None:
        key = (delivery.install_id, delivery.app_id)
        read_at, found = self._found.get(key, (float("-inf"), None))
        now = time.monotonic()
        if now - read_at >= FRESH_SECONDS:
            found = self._read(delivery)
            self._found[key] = (now, found)
        return found

    def _read(self, delivery: Delivery) -> Installation | None:
        try:
            if not delivery.install_id:
                return self._host.versions.for_everybody(delivery.app_id)
            found = self._host.installations.get(delivery.install_id)
        except NotFound:
            return None
        return None if found.state is InstallationState.UNINSTALLED else found
