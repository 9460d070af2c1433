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
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from benchmarks.load import Measured, Wanted, send, warm_up
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


def main() -> int:
    """Measure all, print the table, and fail when a promise is not kept."""
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
    return _report(rounds, handled, memory)


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


def _report(rounds: dict[str, list[Measured]], handled: float, memory: tuple[float, float]) -> int:
    print(f"{'':20} {'requests/s':>10} {'median ms':>10} {'p99 ms':>8} {'worst ms':>9}")
    for name, found in rounds.items():
        rate, median, p99, worst = (
            statistics.median(values)
            for values in zip(
                *((m.rate, m.median_ms, m.p99_ms, m.worst_ms) for m in found), strict=True
            )
        )
        print(f"{name:20} {rate:10.0f} {median:10.2f} {p99:8.2f} {worst:9.2f}")
    print(f"deliveries handled a second, none arriving: {handled:.0f}")
    kept = [*_promises(rounds), _told("memory, MB more", memory[1] - memory[0], "<=", MORE_MB)]
    print(f"memory after {FIRST_REQUESTS} and {MOST_REQUESTS} requests: {memory} MB")
    return 0 if all(kept) else 1


def _promises(rounds: dict[str, list[Measured]]) -> list[bool]:
    kept = []
    for name, times in TIMES_FRAMEWORK.items():
        ratio = _ratio(rounds[name], rounds[FRAMEWORK], lambda m: m.rate)
        kept.append(_told(f"{name} × {FRAMEWORK}", ratio, ">=", times))
    ratio = _ratio(rounds[ASYNC], rounds[BARE], lambda m: m.rate)
    kept.append(_told(f"{ASYNC} × {BARE}", ratio, ">=", SHARE_OF_BARE))
    p99 = statistics.median(m.p99_ms for m in rounds[INBOX])
    kept.append(_told(f"{INBOX}, p99 ms", p99, "<=", INBOX_P99_MS))
    for name in TIMES_FRAMEWORK:
        medians = statistics.median(m.p99_ms / m.median_ms for m in rounds[name])
        kept.append(_told(f"{name}, p99 in medians", medians, "<=", P99_MEDIANS))
    return kept


def _ratio(
    ours: list[Measured], theirs: list[Measured], figure: Callable[[Measured], float]
) -> float:
    pairs = zip(ours, theirs, strict=True)
    return statistics.median(figure(mine) / figure(other) for mine, other in pairs)


def _told(what: str, found: float, relation: str, bound: float) -> bool:
    kept = found >= bound if relation == ">=" else found <= bound
    print(f"{what:45} {found:8.2f} ({relation} {bound:g}) {'kept' if kept else 'MISSED'}")
    return kept


if __name__ == "__main__":
    sys.exit(main())
