"""How long does a command take to answer? Whole processes, against Python's own start.

`python -c pass` is the raw limit of the same run; the ratio says what the program adds to it.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.findings import Findings, as_text

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 15
COMMANDS = {
    "python -c pass": ("-c", "pass"),
    "mooring --help": ("-m", "mooring", "--help"),
    "mooring validate .": ("-m", "mooring", "validate", "."),
}


def main() -> None:
    """Measure and print."""
    print(as_text(measure()))


def measure() -> Findings:
    """Run every command in turn, round by round."""
    taken: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for round_ in range(ROUNDS + 1):
        for name, arguments in COMMANDS.items():
            seconds = _timed(arguments)
            if round_:  # the first round fills caches
                taken[name].append(seconds)
    raw = statistics.median(taken["python -c pass"])
    rows = []
    for name, times in taken.items():
        median = statistics.median(times)
        figures = (f"{median * 1000:.0f}", f"{min(times) * 1000:.0f}", f"{median / raw:.1f}")
        rows.append((name, *figures))
    return Findings(
        "Commands",
        f"Whole processes, against Python's own start; medians of {ROUNDS} rounds.",
        ("", "median ms", "least ms", "× python"),
        rows,
    )


def _timed(arguments: tuple[str, ...]) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, check=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
