"""How fast are webhooks answered, and how much memory does it take? Against functions-framework.

The same function stands behind Google's functions-framework, its own command choosing the server,
and behind a bare Starlette endpoint on the server that the host uses itself. All answer a JSON body
of one kilobyte, one process each, in turn, round by round; the medians of the rounds' ratios count.
What goes to the inbox is signed, checked and on the disk before it is answered.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from benchmarks.findings import Findings, Promise, as_text
from benchmarks.load import CONNECTIONS, Measured, Wanted, send, warm_up
from benchmarks.processes import resident_mb
from benchmarks.rivals import bare_endpoint, functions_framework
from benchmarks.served_app import SECRET, Served, served

ROUNDS = 5
FIRST_REQUESTS, MOST_REQUESTS = 20_000, 200_000
INBOX_SHARE = 10  # one in so many of the requests that memory is measured with

# What is promised, and by how much it is kept or missed.
ASYNC, PLAIN, INBOX = "direct, async def", "direct, def", "inbox, signed"
FRAMEWORK, BARE = "functions-framework", "bare Starlette"
TIMES_FRAMEWORK = {ASYNC: 5.0, PLAIN: 3.0, INBOX: 3.0}
SHARE_OF_BARE = 0.6
INBOX_P99_MS = 30.0
P99_MEDIANS = 5.0
MORE_MB = 20.0
HANDLED = 1500.0

TITLE = "Functions"
ABOUT = f"""\
The same function, a JSON body of one kilobyte, one process each, {CONNECTIONS} connections, medians
of {ROUNDS} rounds. `functions-framework` is Google's, with the server that its own command chooses;
*bare Starlette* is an endpoint on the server that the host uses itself, without the host. A direct
call is answered when the function has; *inbox* when the signature is checked and the delivery is on
the disk, synced, and its function is called afterwards."""


def main() -> int:
    """Measure, print, and fail when a promise is not kept."""
    findings = measure()
    print(as_text(findings))
    return 0 if findings.are_kept else 1


def measure() -> Findings:
    """Measure all in turn, then memory with a server of its own."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as closing:
        folder = Path(name)
        ours = closing.enter_context(served(folder / "ours"))
        framework = closing.enter_context(functions_framework(folder))
        bare = closing.enter_context(bare_endpoint())
        wanted = {
            ASYNC: Wanted(ours.port, ours.paths["answer_async"]),
            PLAIN: Wanted(ours.port, ours.paths["answer"]),
            INBOX: Wanted(ours.port, ours.paths["hook"], status=202, secret=SECRET),
            FRAMEWORK: Wanted(framework, "/"),
            BARE: Wanted(bare, "/"),
        }
        rounds, handled = _rounds(wanted, ours)
    with tempfile.TemporaryDirectory() as name, served(Path(name)) as ours:
        memory = _memory(ours)
    return Findings(
        TITLE,
        ABOUT,
        ("", "requests/s", "median ms", "p99 ms", "worst ms"),
        [_row(name, found) for name, found in rounds.items()],
        [*_promises(rounds), *_others(handled, memory)],
    )


def _rounds(wanted: dict[str, Wanted], ours: Served) -> tuple[dict[str, list[Measured]], float]:
    """Take turns; also say how many deliveries a second are handled when no more arrive."""
    for one in wanted.values():
        warm_up(one)
    ours.handle_all()
    found: dict[str, list[Measured]] = {name: [] for name in wanted}
    rates = []
    for _ in range(ROUNDS):
        for name, one in wanted.items():
            found[name].append(send(one))
            if name == INBOX:
                rates.append(ours.handle_all())
    return found, statistics.median(rates)


def _memory(ours: Served) -> tuple[float, float]:
    """Return the memory after the first and after all requests."""
    direct = Wanted(ours.port, ours.paths["answer_async"])
    hook = Wanted(ours.port, ours.paths["hook"], status=202, secret=SECRET)

    def after(requests: int) -> float:
        send(replace(hook, count=requests // INBOX_SHARE))
        send(replace(direct, count=requests - requests // INBOX_SHARE))
        ours.handle_all()
        time.sleep(0.5)
        return resident_mb(ours.pid)

    first = after(FIRST_REQUESTS)
    return first, after(MOST_REQUESTS - FIRST_REQUESTS)


def _row(name: str, found: list[Measured]) -> tuple[str, ...]:
    rate, median, p99, worst = (
        statistics.median(values)
        for values in zip(
            *((m.rate, m.median_ms, m.p99_ms, m.worst_ms) for m in found), strict=True
        )
    )
    return name, f"{rate:,.0f}", f"{median:.2f}", f"{p99:.2f}", f"{worst:.2f}"


def _promises(rounds: dict[str, list[Measured]]) -> list[Promise]:
    promises = []
    for name, times in TIMES_FRAMEWORK.items():
        ratio = _ratio(rounds[name], rounds[FRAMEWORK])
        promises.append(Promise(f"{name} × {FRAMEWORK}", ratio, times, at_least=True))
    ratio = _ratio(rounds[ASYNC], rounds[BARE])
    promises.append(Promise(f"{ASYNC} × {BARE}", ratio, SHARE_OF_BARE, at_least=True))
    p99 = statistics.median(m.p99_ms for m in rounds[INBOX])
    promises.append(Promise(f"{INBOX}: p99, ms", p99, INBOX_P99_MS))
    for name in TIMES_FRAMEWORK:
        medians = statistics.median(m.p99_ms / m.median_ms for m in rounds[name])
        promises.append(Promise(f"{name}: p99 in medians", medians, P99_MEDIANS))
    return promises


def _others(handled: float, memory: tuple[float, float]) -> list[Promise]:
    first, last = memory
    return [
        Promise("deliveries handled a second", handled, HANDLED, at_least=True),
        Promise(
            f"MB more after {MOST_REQUESTS:,} requests than after {FIRST_REQUESTS:,} ({first:.0f})",
            last - first,
            MORE_MB,
        ),
    ]


def _ratio(ours: list[Measured], theirs: list[Measured]) -> float:
    pairs = zip(ours, theirs, strict=True)
    return statistics.median(mine.rate / other.rate for mine, other in pairs)


if __name__ == "__main__":
    sys.exit(main())
