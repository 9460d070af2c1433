"""How does a webhook request get to the disk before it is acknowledged, with many others at once?

Requests wait in a queue; one thread writes all that wait in one transaction, so that they share one
sync, while the next ones gather. The event loop itself never waits.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from queue import Empty, SimpleQueue
from typing import NamedTuple

from mooring.engine.inbox import dedupe_key, to_wire
from mooring.engine.problems import problem
from mooring.errors import MooringError
from mooring.hosting.host import Host
from mooring.model.delivery import Delivery, DeliveryState
from mooring.sdk.webhook import Request
from mooring.web.directory import Target
from mooring.web.journal import Journal
from mooring.web.messages import Refused

MOST_AT_ONCE = 256
RUSH_ROWS = 4  # in one write, which is then followed by another
RUSH_SECONDS = 0.05
WAITS_FOR_RUSH = 0.02

Settle = Callable[[str, Exception | None], None]  # takes the delivery's id, or what is wrong


class _Waiting(NamedTuple):
    """A request on its way to the disk, and who wants to know that it got there."""

    target: Target
    request: Request
    received_at: datetime
    loop: asyncio.AbstractEventLoop
    settle: Settle


_Answer = tuple[_Waiting, str, Exception | None]


class Acceptance:
    """The deliveries that one server accepts."""

    def __init__(self, host: Host, *, journal: Journal, on_accepted: Callable[[], object]) -> None:
        self._host = host
        self._journal = journal
        self._on_accepted = on_accepted
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._rush_until = 0.0

    async def accept(self, target: Target, request: Request) -> str:
        """Store a request and return its delivery's id; a repeated one has the id of the first.

        Raises Refused when the database does not take it at present.
        """
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.submit(target, request, settle=partial(_answer, answer))
        return await answer

    def submit(self, target: Target, request: Request, *, settle: Settle) -> None:
        """Do so without waiting: ``settle`` is called on this event loop when it is known."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="acceptance", daemon=True)
            self._thread.start()
        now, loop = self._host.clock.now(), asyncio.get_running_loop()
        self._queue.put(_Waiting(target, request, now, loop, settle))

    def let_pass(self, *, at_most: float = WAITS_FOR_RUSH) -> None:
        """Wait a moment while many requests come in: senders wait for them, for others nobody."""
        ends_at = time.monotonic() + at_most
        while time.monotonic() < min(ends_at, self._rush_until):
            time.sleep(0.005)

    def stop(self) -> None:
        """Write what waits, and end the thread; another one begins if something comes after all."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._queue.put(None)
            thread.join()

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            batch = [first]
            with contextlib.suppress(Empty):
                while len(batch) < MOST_AT_ONCE:
                    if (more := self._queue.get_nowait()) is None:
                        self._queue.put(None)
                        break
                    batch.append(more)
            self._write(batch)

    def _write(self, batch: Sequence[_Waiting]) -> None:
        """Write a batch; if one cannot be stored, each for itself."""
        if len(batch) >= RUSH_ROWS:
            self._rush_until = time.monotonic() + RUSH_SECONDS
        try:
            deliveries = [_delivery(waiting) for waiting in batch]
            ids = self._host.deliveries.accept(deliveries)
        except Exception as error:  # noqa: BLE001  # whoever waits gets to know it
            if len(batch) == 1 or isinstance(error, MooringError):
                self._bring([(waiting, "", self._told(error)) for waiting in batch])
                return
            for waiting in batch:
                self._write([waiting])
            return
        accepted = list(zip(batch, ids, strict=True))
        self._bring([(waiting, accepted_as, None) for waiting, accepted_as in accepted])
        self._on_accepted()
        for (waiting, accepted_as), delivery in zip(accepted, deliveries, strict=True):
            repeated = accepted_as != delivery.delivery_id
            self._journal.accepted(waiting.target, accepted_as, repeated=repeated)

    def _bring(self, answers: Sequence[_Answer]) -> None:
        """Bring answers to the loops that wait for them, those of one together."""
        loops = defaultdict(list)
        for each in answers:
            loops[each[0].loop].append(each)
        for loop, those in loops.items():
            with contextlib.suppress(RuntimeError):  # It has ended, and with it whoever waited.
                loop.call_soon_threadsafe(_settle_all, those)

    def _told(self, error: Exception) -> Exception:
        """Ask the sender to come again, where that may help."""
        if not isinstance(error, MooringError):
            return error
        self._host.log.log("error", "inbox.unavailable", {"error": str(error)})
        said = "The request could not be stored."
        hint = "Send it again in a moment."
        headers = {"retry-after": "5"}
        return Refused(problem(503, "inbox.unavailable", said, hint=hint, headers=headers))


def _delivery(waiting: _Waiting) -> Delivery:
    target, request = waiting.target, waiting.request
    return Delivery(
        delivery_id=_new_id(waiting.received_at),
        install_id=target.install_id,
        app_id=target.installation.app_id,
        function=target.entry.name,
        dedupe_key=dedupe_key(request, target.profile),
        request=to_wire(request, target.profile),
        state=DeliveryState.PENDING,
        attempts=0,
        received_at=waiting.received_at,
        due_at=waiting.received_at,
    )


def _new_id(moment: datetime) -> str:
    """Make a UUID of version 7: later ones are greater, so that rows are added side by side."""
    milliseconds = int(moment.timestamp() * 1000)
    number = milliseconds << 80 | random.getrandbits(80)  # a name, not a secret
    number = number & ~(0xF << 76 | 0x3 << 62) | 0x7 << 76 | 0x2 << 62
    digits = f"{number:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _settle_all(answers: Sequence[_Answer]) -> None:
    for waiting, accepted_as, error in answers:
        try:
            waiting.settle(accepted_as, error)
        except Exception as failure:  # noqa: BLE001  # one's trouble is no other's
            about = {"message": "An answer could not be given.", "exception": failure}
            waiting.loop.call_exception_handler(about)


def _answer(answer: asyncio.Future[str], accepted_as: str, error: Exception | None) -> None:
    if answer.done():
        return
    if error is None:
        answer.set_result(accepted_as)
    else:
        answer.set_exception(error)
