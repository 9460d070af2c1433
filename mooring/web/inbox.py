"""How are webhook requests handled that were accepted at once, also after a crash?

A delivery is a row before it is acknowledged. One thread looks for rows that are due, claims them
for a short lease that it renews while a function works, and lets others handle them. It alone
writes, a whole turn in one transaction: the disk can sync only so often. What a killed process left
claimed is due again when its lease runs out. A function that does not end in time has failed, and
its thread is left to itself.
"""

from __future__ import annotations

import contextlib
import threading
import time
import traceback
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from typing import TypeAlias

from mooring.engine.failures import OUR_DATABASE
from mooring.engine.inbox import Bury, Done, Retry, Verdict, is_suspect
from mooring.errors import NotFound
from mooring.hosting.host import Host
from mooring.model.delivery import Delivery
from mooring.sdk.webhook import Request
from mooring.web.acceptance import Acceptance, Settle
from mooring.web.bundles import MOST_THREADS, Bundle, Pace, Plan
from mooring.web.directory import Target
from mooring.web.handling import Handling
from mooring.web.journal import Journal
from mooring.web.outage import Outage
from mooring.web.threads import Threads

LEASE = timedelta(seconds=10)
LOOKS_EVERY = 0.5  # seconds
LOOKS_IN_RUSH = 0.1
HANGS_AFTER = 2.0
LOOKS_AT = 64  # due deliveries
TIME_LIMIT = 300.0  # seconds for one attempt
OVERTIME = 0.5  # for a coroutine that was told to end


@dataclass(frozen=True, slots=True)
class _Untouched:
    """It was claimed, and then not begun after all."""


_End: TypeAlias = Verdict | _Untouched | None


class Inbox:
    """The deliveries of one host, accepted and handled."""

    def __init__(
        self,
        host: Host,
        *,
        journal: Journal,
        lease: timedelta = LEASE,
        looks_every: float = LOOKS_EVERY,
        time_limit: float = TIME_LIMIT,
    ) -> None:
        self._host = host
        self._outage = Outage(host.log, "inbox")
        self._lease = lease
        self._looks_every = looks_every
        self._wake = threading.Event()
        self._acceptance = Acceptance(host, journal=journal, on_accepted=self._wake.set)
        self._handling = Handling(host, journal=journal, time_limit=time_limit)
        self._judged = host.tracing.deliveries(self._handling.judged)
        self._gives_up_after = time_limit + OVERTIME
        self._pace = Pace()
        # Both are changed by the looking thread alone.
        self._in_hand: dict[str, Delivery] = {}
        self._bundles: list[Bundle] = []
        self._decided: deque[tuple[Delivery, _End]] = deque()
        self._stopping = threading.Event()
        self._ended = threading.Event()
        self._threads = Threads("delivery", most=MOST_THREADS)
        self._looking: threading.Thread | None = None

    async def accept(self, target: Target, request: Request) -> str:
        """Store a request and return its delivery's id; a repeated one has the id of the first."""
        return await self._acceptance.accept(target, request)

    def submit(self, target: Target, request: Request, *, settle: Settle) -> None:
        """Do so without waiting: ``settle`` is called on this event loop when it is known."""
        self._acceptance.submit(target, request, settle=settle)

    def start(self) -> None:
        """Begin to handle what is due."""
        self._looking = threading.Thread(target=self._look, name="inbox", daemon=True)
        self._looking.start()

    def stop(self, *, timeout: float) -> None:
        """Take nothing new and wait for what is in hand; what does not end is handled again."""
        self._acceptance.stop()
        ends_at = time.monotonic() + timeout
        self._stopping.set()
        self._wake.set()
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
                self._outage.is_over()
            except OUR_DATABASE as away:
                self._outage.began(away)
            except Exception:  # noqa: BLE001  # the database may come back
                self._host.log.log("error", "inbox.failed", {"traceback": traceback.format_exc()})
            self._wake.wait(self._looks_every)
            self._acceptance.let_pass(at_most=LOOKS_IN_RUSH)

    def _turn_over(self) -> None:
        """Note what was decided, renew leases and take what is due; or, on an error, none of it."""
        now = self._host.clock.now()
        self._bundles = [bundle for bundle in self._bundles if not bundle.has_ended]
        self._put_back()
        self._give_up()
        decided = list(self._decided)
        done = {delivery.delivery_id for delivery, _ in decided}
        working = [one for key, one in self._in_hand.items() if key not in done]
        ending = [one for one in working if one.due_at - now < self._lease / 2]
        bundles = [] if self._stopping.is_set() else self._may_begin(now, working)
        if not (decided or ending or bundles):
            return
        until = self._host.clock.now() + self._lease
        with self._host.database.write():
            self._note(decided)
            renewed = self._host.deliveries.claim(ending, until=until)
            begun = self._host.deliveries.begin(list(chain(*bundles)), until=until)
        self._forget(decided)
        self._in_hand.update((one.delivery_id, replace(one, due_at=until)) for one in renewed)
        mine = {one.delivery_id: replace(one, due_at=until) for one in begun}
        self._in_hand.update(mine)
        for bundle in bundles:
            self._hand_out([mine[one.delivery_id] for one in bundle if one.delivery_id in mine])

    def _put_back(self) -> None:
        """Take back what was not begun where a function hangs, or the end is near."""
        latest = time.monotonic() - HANGS_AFTER
        for bundle in self._bundles:
            if self._stopping.is_set() or bundle.took_last_at < latest:
                self._decided.extend((delivery, _Untouched()) for delivery in bundle.rest())

    def _give_up(self) -> None:
        """Count as failed what takes too long; its thread keeps its place until it returns."""
        latest = time.monotonic() - self._gives_up_after
        for bundle in self._bundles:
            if delivery := bundle.give_up(begun_before=latest):
                self._decided.append((delivery, self._handling.overran(delivery)))

    def _may_begin(self, now: datetime, working: Sequence[Delivery]) -> list[list[Delivery]]:
        """Choose what there is room for; look once more where what may be fatal stands in front."""
        has_suspect = any(map(is_suspect, working))
        plan = Plan(self._bundles, pace=self._pace, has_suspect=has_suspect)
        if plan.is_full:
            return []
        for suspects in (True, False):
            due = self._host.deliveries.due(
                now, limit=LOOKS_AT, apart_from=plan.full_installations, suspects=suspects
            )
            if not plan.add(due, in_hand=self._in_hand) or plan.is_full:
                break
        return plan.bundles

    def _hand_out(self, deliveries: Sequence[Delivery]) -> None:
        if deliveries:
            bundle = Bundle(deliveries)
            self._bundles.append(bundle)
            self._threads.start(partial(self._handle_all, bundle))

    def _handle_all(self, bundle: Bundle) -> None:
        while delivery := bundle.take():
            self._acceptance.let_pass()
            self._handle(delivery, bundle)
        bundle.has_ended = True
        self._wake.set()

    def _handle(self, delivery: Delivery, bundle: Bundle) -> None:
        """Handle one; without a verdict its lease runs out and it comes again."""
        judged: Verdict | None = None
        started = time.monotonic()
        try:
            judged = self._judged(delivery)
        except Exception:  # noqa: BLE001  # nothing above this thread would say it
            self._log("error", "delivery.failed", delivery, traceback=traceback.format_exc())
        finally:
            if bundle.ends():
                self._decided.append((delivery, judged))
            self._pace.took(delivery, time.monotonic() - started)

    def _note(self, decided: Sequence[tuple[Delivery, _End]]) -> None:
        deliveries = self._host.deliveries
        deliveries.done([one.delivery_id for one, end in decided if isinstance(end, Done)])
        for delivery, end in decided:
            key = delivery.delivery_id
            with contextlib.suppress(NotFound):  # purged meanwhile, with its installation
                match end:
                    case Retry(due_at, error, counts):
                        deliveries.retry(key, due_at=due_at, error=error, counts=counts)
                    case Bury(error):
                        deliveries.bury(key, error=error)
                    case _Untouched():
                        now, error_before = self._host.clock.now(), delivery.error
                        deliveries.retry(key, due_at=now, error=error_before, counts=False)

    def _forget(self, decided: Sequence[tuple[Delivery, _End]]) -> None:
        for delivery, end in decided:
            self._decided.popleft()
            del self._in_hand[delivery.delivery_id]
            match end:
                case Retry(due_at, error):
                    self._log(
                        "warn", "delivery.postponed", delivery, error=error, until=str(due_at)
                    )
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
