"""How are webhook requests accepted at once and handled afterwards, also after a crash?

A delivery is a row before it is acknowledged. One thread looks for rows that are due, claims them
for a short lease that it renews while a function works, and lets others handle them. It alone
writes, a whole turn in one transaction: the disk can sync only so often. What a killed process left
claimed is due again when its lease runs out.
"""

from __future__ import annotations

import contextlib
import threading
import time
import traceback
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from uuid import uuid4

from mooring.engine.functions import Outcome, attempt
from mooring.engine.inbox import (
    Bury,
    Done,
    Retry,
    Verdict,
    dedupe_key,
    from_wire,
    given_up,
    is_suspect,
    to_wire,
    verdict,
)
from mooring.errors import NotFound
from mooring.host import Host
from mooring.model.delivery import Delivery, DeliveryState
from mooring.model.installation import Installation, InstallationState
from mooring.sdk.webhook import Request
from mooring.web.calls import observe
from mooring.web.directory import Target
from mooring.web.threads import Threads

LEASE = timedelta(seconds=10)
LOOKS_EVERY = 0.5  # seconds
MOST_AT_ONCE = 8
MOST_PER_INSTALLATION = 4  # one app that hangs must leave room for the others
FEW, MANY = 2 * MOST_AT_ONCE, 200  # due deliveries to look at, each with its whole request


class Inbox:
    """The deliveries of one host, accepted and handled."""

    def __init__(
        self, host: Host, *, lease: timedelta = LEASE, looks_every: float = LOOKS_EVERY
    ) -> None:
        self._host = host
        self._lease = lease
        self._looks_every = looks_every
        self._in_hand: dict[str, Delivery] = {}  # changed by the looking thread alone
        self._decided: deque[tuple[Delivery, Verdict | None]] = deque()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._ended = threading.Event()
        self._threads = Threads("delivery", most=MOST_AT_ONCE)
        self._looking: threading.Thread | None = None

    def accept(self, target: Target, request: Request) -> str:
        """Store a request and return its delivery's id; a repeated one has the id of the first."""
        now = self._host.clock.now()
        delivery = Delivery(
            delivery_id=str(uuid4()),
            install_id=target.install_id,
            app_id=target.installation.app_id,
            function=target.entry.name,
            dedupe_key=dedupe_key(request, target.profile),
            request=to_wire(request),
            state=DeliveryState.PENDING,
            attempts=0,
            received_at=now,
            due_at=now,
        )
        accepted_as = self._host.deliveries.accept(delivery)
        repeated = accepted_as != delivery.delivery_id
        self._log("info", "delivery.accepted", delivery, delivery_id=accepted_as, repeated=repeated)
        self._wake.set()
        return accepted_as

    def start(self) -> None:
        """Begin to handle what is due."""
        self._looking = threading.Thread(target=self._look, name="inbox", daemon=True)
        self._looking.start()

    def stop(self, *, timeout: float) -> None:
        """Take nothing new and wait for what is in hand; what does not end is handled again."""
        ends_at = time.monotonic() + timeout
        self._stopping.set()
        while self._in_hand and time.monotonic() < ends_at:
            time.sleep(0.01)
        self._ended.set()
        self._wake.set()
        if self._looking is not None:
            self._looking.join()
        self._threads.close()
        for delivery in list(self._in_hand.values()):
            self._log("warn", "delivery.left", delivery)

    def _look(self) -> None:
        while not self._ended.is_set():
            self._wake.clear()
            try:
                self._turn_over()
            except Exception:  # noqa: BLE001  # the database may come back
                self._host.log.log("error", "inbox.failed", {"traceback": traceback.format_exc()})
            self._wake.wait(self._looks_every)

    def _turn_over(self) -> None:
        """Note what was decided, renew leases and take what is due; or, on an error, none of it."""
        now = self._host.clock.now()
        decided = list(self._decided)
        done = {delivery.delivery_id for delivery, _ in decided}
        working = {key: one for key, one in self._in_hand.items() if key not in done}
        ending = [one for one in working.values() if one.due_at - now < self._lease / 2]
        due = [] if self._stopping.is_set() else self._may_begin(now, working)
        if not (decided or ending or due):
            return
        with self._host.database.write():
            for delivery, judged in decided:
                self._note(delivery, judged)
            held = [self._claimed(delivery) for delivery in ending]
            held += [self._claimed(delivery, begins=True) for delivery in due]
        for delivery, judged in decided:
            self._decided.popleft()
            del self._in_hand[delivery.delivery_id]
            self._tell(delivery, judged)
        for delivery in filter(None, held):
            begins = delivery.delivery_id not in self._in_hand
            self._in_hand[delivery.delivery_id] = delivery
            if begins:
                self._threads.submit(partial(self._handle, delivery))

    def _may_begin(self, now: datetime, working: Mapping[str, Delivery]) -> list[Delivery]:
        """Look at a few; at many only where all of the few belong to busy installations."""
        if len(working) >= MOST_AT_ONCE:
            return []
        due = self._host.deliveries.due(now, limit=FEW)
        chosen = self._chosen(due, working)
        if chosen or len(due) < FEW:
            return chosen
        return self._chosen(self._host.deliveries.due(now, limit=MANY), working)

    def _chosen(self, due: Sequence[Delivery], working: Mapping[str, Delivery]) -> list[Delivery]:
        """Choose what there is room for, of all and of each installation.

        What is in hand can be due: its lease ran out while the database was busy. Of those that
        may have ended a process, one at a time begins: the others should not go down with it.
        """
        busy = Counter(delivery.install_id for delivery in working.values())
        suspects = sum(map(is_suspect, working.values()))
        chosen = []
        for delivery in due:
            free = busy.total() < MOST_AT_ONCE
            free = free and busy[delivery.install_id] < MOST_PER_INSTALLATION
            free = free and not (suspects and is_suspect(delivery))
            if free and delivery.delivery_id not in self._in_hand:
                busy[delivery.install_id] += 1
                suspects += is_suspect(delivery)
                chosen.append(delivery)
        return chosen

    def _claimed(self, delivery: Delivery, *, begins: bool = False) -> Delivery | None:
        """Hold a delivery for the length of a lease; None if another process has it."""
        until = self._host.clock.now() + self._lease
        deliveries = self._host.deliveries
        hold = deliveries.begin if begins else deliveries.claim
        return replace(delivery, due_at=until) if hold(delivery, until=until) else None

    def _handle(self, delivery: Delivery) -> None:
        """Handle one; without a verdict its lease runs out and it comes again."""
        judged: Verdict | None = None
        try:
            judged = self._judged(delivery, self._attempt(delivery))
        except Exception:  # noqa: BLE001  # nothing above this thread would say it
            self._log("error", "delivery.failed", delivery, traceback=traceback.format_exc())
        finally:
            self._decided.append((delivery, judged))
            self._wake.set()

    def _attempt(self, delivery: Delivery) -> Outcome | Bury:
        if hopeless := given_up(delivery):
            return hopeless
        installation = self._installation(delivery)
        if installation is None:
            return Bury(f"{delivery.app_id} is no longer installed.")
        name = delivery.function
        entry = self._host.definition(installation).manifest.functions.get(name)
        if entry is None:
            return Bury(f"{delivery.app_id} {installation.version} has no function {name}.")
        invocation = self._host.invocation(
            installation, entry_point=f"function:{name}", is_global=entry.is_global
        )
        started = time.perf_counter()
        outcome = attempt(
            partial(self._host.function_class, installation, name),
            from_wire(delivery.request),
            invocation=invocation,
            hide=self._host.masker.hide,
        )
        took = time.perf_counter() - started
        target = Target(installation, entry, None)
        observe(self._host, target, outcome.response.status, took=took)
        return outcome

    def _installation(self, delivery: Delivery) -> Installation | None:
        try:
            if not delivery.install_id:
                return self._host.global_installation(delivery.app_id)
            found = self._host.installations.get(delivery.install_id)
        except NotFound:
            return None
        return None if found.state is InstallationState.UNINSTALLED else found

    def _judged(self, delivery: Delivery, outcome: Outcome | Bury) -> Verdict:
        if isinstance(outcome, Bury):
            return outcome
        now, hide = self._host.clock.now(), self._host.masker.hide
        return verdict(delivery, outcome, now=now, hide=hide)

    def _note(self, delivery: Delivery, judged: Verdict | None) -> None:
        deliveries, key = self._host.deliveries, delivery.delivery_id
        with contextlib.suppress(NotFound):  # purged meanwhile, with its installation
            match judged:
                case Done():
                    deliveries.done(key)
                case Retry(due_at, error, counts):
                    deliveries.retry(key, due_at=due_at, error=error, counts=counts)
                case Bury(error):
                    deliveries.bury(key, error=error)

    def _tell(self, delivery: Delivery, judged: Verdict | None) -> None:
        match judged:
            case Retry(due_at, error):
                self._log("warn", "delivery.postponed", delivery, error=error, until=str(due_at))
            case Bury(error):
                self._log("error", "delivery.buried", delivery, error=error)

    def _log(self, level: str, event: str, delivery: Delivery, **more: object) -> None:
        fields = {
            "app_id": delivery.app_id,
            "install_id": delivery.install_id,
            "entry_point": f"function:{delivery.function}",
            "delivery_id": delivery.delivery_id,
            "attempts": delivery.attempts,
        }
        self._host.log.log(level, event, {**fields, **more})
