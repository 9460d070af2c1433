"""What does docs/performance.md say? Measured anew, all of it in one run, by ``make bench``."""

from __future__ import annotations

import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import (
    functions,
    long_run,
    scheduler,
    schedules,
    start_up,
    step_cost,
    validate,
    workers,
)
from benchmarks.findings import Findings, as_markdown, as_text

MEASURED = (
    *(functions, start_up, validate, schedules, scheduler),
    *(step_cost, workers, long_run),
)
PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
HEAD = """\
# Performance

What the program promises to do quickly, and what it did the last time somebody looked. Figures are
those of one machine and its load; what counts are the ratios, for both sides of each were measured
in turn in the same run. `make bench` measures everything anew and writes this page.

Measured on {date} with {python} on {system}, {cores} cores.
"""


def main() -> int:
    """Measure, print, and write the page; fail when a promise is not kept."""
    found: list[Findings] = []
    for benchmark in MEASURED:
        found.append(benchmark.measure())
        print(as_text(found[-1]), end="\n\n", flush=True)
    PAGE.write_text(page(found), "utf-8")
    return 0 if all(findings.are_kept for findings in found) else 1


def page(found: list[Findings]) -> str:
    """Write the page; of the machine only what figures depend on."""
    head = HEAD.format(
        date=datetime.now(UTC).date().isoformat(),
        python=f"{platform.python_implementation()} {platform.python_version()}",
        system=f"{platform.system()} {platform.machine()}",
        cores=os.cpu_count(),
    )
    return "\n".join([head, *(f"{as_markdown(findings)}\n" for findings in found)])


if __name__ == "__main__":
    sys.exit(main())
