"""Does the manifest list the variables that the app reads, each once?"""

from __future__ import annotations

from collections.abc import Iterator

from mooring.model.problem import Problem, Rule, shown
from mooring.rules.inspected import Inspected

LISTED_ONCE = Rule("ENV-2", "`environment` lists a name once.")
RULES = (LISTED_ONCE,)


def check(app: Inspected) -> Iterator[Problem]:
    """Find names that occur again."""
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
