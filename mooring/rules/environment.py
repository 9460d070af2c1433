"""Does the manifest list the variables that the app reads, each once?"""

from __future__ import annotations

from collections.abc import Iterator

from mooring.model.problem import START, Problem, Rule, Severity, shown
from mooring.rules.inspected import Inspected
from mooring.rules.meta import ZONES

LISTED_ONCE = Rule("ENV-2", "`environment` lists a name once.")
NO_ZONE_FILES = Rule(
    "ENV-3", "With `availability: [all]` no zone has an .env file of its own.", Severity.WARNING
)
RULES = (LISTED_ONCE, NO_ZONE_FILES)


def check(app: Inspected) -> Iterator[Problem]:
    """Find names that occur again, and files of values that OCP would not take."""
    yield from _zone_files(app)
    seen: dict[str, int] = {}
    for index, name in enumerate(app.manifest.items(("environment",))):
        if not isinstance(name, str):
            continue
        if name in seen:
            line = app.manifest.position(("environment", seen[name])).line
            yield app.fault(
                LISTED_ONCE,
                ("environment", index),
                f"`environment` lists {shown(name)} again; it stands in line {line} already.",
                hint="Remove one of the two.",
            )
        seen.setdefault(name, index)


def _zone_files(app: Inspected) -> Iterator[Problem]:
    if "all" not in app.manifest.items(("meta", "availability")):
        return
    for file in (f".env.{zone}" for zone in ZONES):
        if app.files.exists(file):
            said = f"{file} has values for one zone, but the app is available in all of them."
            hint = "Name the zones in meta.availability, or move the values to .env."
            yield NO_ZONE_FILES.at(file, START, said, hint=hint)
