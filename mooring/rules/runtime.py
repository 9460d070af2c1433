"""Can this host run the app's language?"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

from mooring.model.problem import Problem, Rule, Severity, shown
from mooring.rules.inspected import Inspected

TO_BE_PORTED = Rule("RUN-1", "An app for a Node runtime can be ported, not run.", Severity.WARNING)
RUNS_HERE = Rule("RUN-2", "The Python version in `runtime` is one that can run here.")
RULES = (TO_BE_PORTED, RUNS_HERE)

NODE = ("node12", "node18", "node18_rt", "node22")
OLDEST = 11
PYTHON = re.compile(r"python3\.([0-9]{1,2})", re.ASCII)


def check(app: Inspected) -> Iterator[Problem]:
    """Compare ``runtime`` with the Python that runs this host."""
    runtime = app.manifest.text(("runtime",)) or ""
    if runtime in NODE:
        yield app.fault(
            TO_BE_PORTED,
            ("runtime",),
            f"`runtime` is {shown(runtime)}; the app can be ported to Python, not run here.",
            hint=f"Once src/ is written in Python, say runtime: python3.{OLDEST}.",
        )
    if python := PYTHON.fullmatch(runtime):
        yield from _python(app, int(python[1]))


def _python(app: Inspected, minor: int) -> Iterator[Problem]:
    here = sys.version_info.minor
    if minor > here:
        yield app.fault(
            RUNS_HERE,
            ("runtime",),
            f"`runtime` asks for Python 3.{minor}; this host runs on 3.{here}.",
            hint=f"Run mooring with Python 3.{minor}, or say runtime: python3.{here}.",
        )
    elif minor < OLDEST:
        yield app.fault(
            RUNS_HERE,
            ("runtime",),
            f"`runtime` is Python 3.{minor}; apps run on 3.{OLDEST} or later.",
            hint=f"Say runtime: python3.{OLDEST}.",
        )
