"""How long does a command take to answer? Whole processes, against Python's own start.

`python -c pass` is the raw limit of the same run; the ratio says what the program adds to it.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 15
COMMANDS = {
    "python -c pass": ("-c", "pass"),
    "mooring --help": ("-m", "mooring", "--help"),
    "mooring validate .": ("-m", "mooring", "validate", "."),
}


def main() -> None:
    """Run every command in turn, round by round, and print medians and ratios."""
    taken: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for round_ in range(ROUNDS + 1):
        for name, arguments in COMMANDS.items():
            seconds = _timed(arguments)
            if round_:  # the first round fills caches
                taken[name].append(seconds)
    raw = statistics.median(taken["python -c pass"])
    for name, times in taken.items():
        median = statistics.median(times)
        print(
            f"{name.ljust(20)} median {median * 1000:6.0f} ms   min {min(times) * 1000:6.0f} ms"
            f"   {median / raw:5.1f} × python"
        )


def _timed(arguments: tuple[str, ...]) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, check=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
