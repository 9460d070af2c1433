"""The host dies again and again under a stream of signed webhooks; what becomes of each of them?

Everything random here follows one seed but the moments at which the machine runs each process.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx
import pytest

from mooring.engine.inbox import from_wire
from mooring.hosting.host import Host
from mooring.model.config import HostConfig
from mooring.model.delivery import Delivery, DeliveryState
from mooring.sdk.ports import Record
from tests.conftest import SOAK, Program, Serving
from tests.host.apps import App
from tests.host.web.conftest import SECRET, signed

DELIVERIES, KILLS = (5000, 50) if SOAK else (300, 4)
CLIENTS = 6
PATIENCE = 90.0  # seconds
MASTER_KEY = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA="  # PostgreSQL wants one to be given

# What a delivery asks for, of every twenty: most succeed, some at the second attempt, one never.
KINDS = ("plain",) * 15 + ("flaky",) * 4 + ("hopeless",)

HANDLE = """
from mooring.sdk.errors import RequestInvalid

event = self.request.body_json
number, kind = event["number"], event["kind"]
begun = storage.kv_store.increment(f"begun/{number}", "count")
if kind == "hopeless":
    raise RequestInvalid("Nobody can do that.")
if kind == "flaky" and begun == 1:
    raise RuntimeError("Not now.")
storage.kv_store.put(f"effect/{number}", {"kind": kind})
return Response(200)
"""


@dataclass
class Stream:
    """Clients that send every delivery, some repeatedly, until each sending was answered."""

    url: str
    bodies: Sequence[bytes]
    answers: list[tuple[int, int, str]] = field(default_factory=list)  # number, status, id
    turn: threading.Condition = field(default_factory=threading.Condition)
    unanswered: int = 0

    @classmethod
    def of(cls, url: str, kinds: Sequence[str]) -> Stream:
        """Describe each delivery in a body of its own."""
        events = [{"number": number, "kind": kind} for number, kind in enumerate(kinds)]
        return cls(url, [json.dumps(event).encode() for event in events])

    @contextmanager
    def flowing(self, order: Iterator[int]) -> Iterator[None]:
        """Send from several threads for the length of the block, and to the end after it."""
        senders = [
            threading.Thread(target=self._send_all, args=(order,), daemon=True)
            for _ in range(CLIENTS)
        ]
        for sender in senders:
            sender.start()
        yield
        for sender in senders:
            sender.join(PATIENCE)
            assert not sender.is_alive(), "a sending was never answered"

    def wait_for(self, answers: int) -> None:
        """Wait until so many sendings were answered."""
        with self.turn:
            came = self.turn.wait_for(lambda: len(self.answers) >= answers, timeout=PATIENCE)
        assert came, f"only {len(self.answers)} of {answers} answers came"

    def _send_all(self, order: Iterator[int]) -> None:
        with httpx.Client(timeout=10) as client:
            while (number := self._next(order)) is not None:
                self._send(client, number)

    def _next(self, order: Iterator[int]) -> int | None:
        with self.turn:
            return next(order, None)

    def _send(self, client: httpx.Client, number: int) -> None:
        """Send until there is an answer, as providers do."""
        body = self.bodies[number]
        while True:
            try:
                answer = client.post(self.url, content=body, headers=signed(body))
            except httpx.TransportError:
                self.unanswered += 1
                time.sleep(0.05)
                continue
            accepted_as = answer.json().get("delivery_id", "")
            with self.turn:
                self.answers.append((number, answer.status_code, accepted_as))
                self.turn.notify_all()
            return


@dataclass
class Hooked:
    """A home whose one app has an inbox, on a database of the test's own."""

    program: Program
    database_url: str

    @classmethod
    def install(cls, program: Program, folder: Path, database_url: str) -> Hooked:
        """Install the app and set the secret of its webhook."""
        program.environment["MOORING_DATABASE_URL"] = database_url
        program.environment["MOORING_MASTER_KEY"] = MASTER_KEY
        app = App(folder).function("hook", HANDLE, verify="optimizely")
        program.ok("install", str(app.finish()))
        program.ok("secrets", "shop", "set", "hook_signature=-", stdin=SECRET)
        return cls(program, database_url)

    @contextmanager
    def serve(self, ports: tuple[str, ...] = ()) -> Iterator[tuple[Serving, tuple[str, ...]]]:
        """Serve, on the ports of the last time; gives them for the next."""
        with self.program.serve("--no-jobs", *ports) as serving:
            public, console = httpx.URL(serving.public).port, httpx.URL(serving.console).port
            yield serving, ("--public-port", str(public), "--console-port", str(console))

    @contextmanager
    def opened(self) -> Iterator[Host]:
        """Open the home in this process."""
        config = HostConfig(
            home=self.program.home,
            database_url=self.database_url,
            secrets="encrypted",
            master_key=MASTER_KEY,
        )
        with Host.open(config) as host:
            yield host

    def settled(self) -> list[Delivery]:
        """Wait until nothing is left to do, and return all deliveries."""
        with self.opened() as host:
            deadline = time.monotonic() + PATIENCE
            while True:
                found = list(host.deliveries.recent(limit=2 * DELIVERIES))
                waiting = [one for one in found if one.state is DeliveryState.PENDING]
                if not waiting:
                    return found
                assert time.monotonic() < deadline, f"{len(waiting)} wait still: {waiting[0]}"
                time.sleep(0.2)

    def kept(self, prefix: str) -> dict[int, Record]:
        """Return what the function kept under a prefix, by the number of the delivery."""
        with self.opened() as host:
            installation = host.installation("shop")
            store = host.invocation(installation, entry_point="test").services.kv_store
            found = store.scan(prefix, limit=2 * DELIVERIES)
            return {int(key.removeprefix(prefix)): record for key, record in found}


@pytest.fixture
def hooked(cli: Program, tmp_path: Path, database_url: str) -> Hooked:
    """Give a home with an app that has an inbox; nothing serves it yet."""
    return Hooked.install(cli, tmp_path / "app", database_url)


@pytest.fixture
def seeded() -> random.Random:
    """Give the chance that decides everything."""
    return random.Random(20261125)  # noqa: S311  # chance to repeat, not to keep secrets


@pytest.mark.timeout(1800 if SOAK else 180)
def test_every_acknowledged_delivery_is_processed_once_in_effect_whenever_the_host_dies(
    hooked: Hooked, seeded: random.Random
) -> None:
    kinds = [seeded.choice(KINDS) for _ in range(DELIVERIES)]
    order = sent_repeatedly(DELIVERIES, seeded)
    with hooked.serve() as (_, ports):
        url = hooked.program.ok("functions", "shop", "--json").json["hook"]
    stream = Stream.of(url, kinds)
    deaths = sorted(seeded.sample(range(1, len(order) - CLIENTS), KILLS - 1))
    with stream.flowing(iter(order)):
        for answers in deaths:
            die(hooked, ports, seeded, when=partial(stream.wait_for, answers))
        # The last time with nothing to come, and much to do still: retries are not due for 2 s.
        die(hooked, ports, seeded, when=partial(stream.wait_for, len(order)))
    with hooked.serve(ports):
        found = hooked.settled()

    ids = defaultdict(set)
    for number, _, accepted_as in stream.answers:
        ids[number].add(accepted_as)
    assert {status for _, status, _ in stream.answers} == {202}
    assert [number for number, names in ids.items() if len(names) != 1] == []
    assert {one.delivery_id for one in found} == {name for names in ids.values() for name in names}
    assert len(found) == DELIVERIES
    assert_each_had_its_effect(hooked, kinds, found)
    assert stream.unanswered > 0, "no client noticed that the host died"


def assert_each_had_its_effect(
    hooked: Hooked, kinds: Sequence[str], found: Sequence[Delivery]
) -> None:
    states = {number_of(one): one.state for one in found}
    attempts = {number_of(one): one.attempts for one in found}
    begun = {number: record["count"] for number, record in hooked.kept("begun/").items()}
    effects = {number: record["kind"] for number, record in hooked.kept("effect/").items()}
    good = {number: kind for number, kind in enumerate(kinds) if kind != "hopeless"}
    assert {n for n, state in states.items() if state is DeliveryState.DONE} == set(good)
    assert effects == good
    # Whom a death caught in the middle is begun once more; nobody else is.
    needed = Counter({n: 2 if kind == "flaky" else 1 for n, kind in enumerate(kinds)})
    assert {n: count for n, count in begun.items() if count > attempts[n]} == {}
    assert {n: count for n, count in attempts.items() if count < needed[n]} == {}
    assert sum(begun.values()) - needed.total() < DELIVERIES / 2


def die(
    hooked: Hooked, ports: tuple[str, ...], seeded: random.Random, *, when: Callable[[], None]
) -> None:
    """Serve until the moment has come, and a little longer; then end as in a power cut."""
    with hooked.serve(ports) as (serving, _):
        when()
        time.sleep(seeded.uniform(0, 0.03))
        serving.kill()


def sent_repeatedly(count: int, seeded: random.Random) -> list[int]:
    """Put the deliveries in order: one in three comes again, near or far from the first time."""
    again = seeded.sample(range(count), count // 3)
    far = [*range(count), *again]
    seeded.shuffle(far)
    near: list[int] = []
    for number in far:
        near += [number] * seeded.choice((1, 1, 1, 1, 2))
    return near


def number_of(delivery: Delivery) -> int:
    number = json.loads(from_wire(delivery.request).body)["number"]
    assert isinstance(number, int)
    return number
