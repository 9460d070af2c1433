"""Can message templates call the app's extensions, and is nothing declared that no longer exists?

A template writes ``app.<app_id>.<extension>(name: value)``, so the names have to be words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mooring.model.problem import Problem, Rule, Severity, shown
from mooring.reading.yaml_composer import KeyPath
from mooring.rules.inspected import Inspected

WORDS = Rule("LIQ-4", "Names of liquid extensions and of their inputs are words.", Severity.WARNING)
NO_QUEUES = Rule("CON-1", "`consumers` of queues have no effect.", Severity.WARNING)
RULES = (WORDS, NO_QUEUES)

WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


def check(app: Inspected) -> Iterator[Problem]:
    """Look at the names in liquid extensions, and for consumers."""
    for name, path in app.entries("liquid_extensions"):
        yield from _word(app, name, path)
        for parameter in app.manifest.mapping((*path, "input")):
            yield from _word(app, parameter, (*path, "input", parameter))
    if app.manifest.mapping(("consumers",)):
        yield NO_QUEUES.at(
            app.manifest.file,
            app.manifest.key_position(("consumers",)),
            "`consumers` has no effect; there are no queues any more, in OCP neither.",
            hint="Take the messages with a function, and do long work in a job.",
        )


def _word(app: Inspected, name: str, path: KeyPath) -> Iterator[Problem]:
    if not WORD.fullmatch(name):
        said = f"A template could not write {shown(name)}."
        hint = "Use letters, digits and underscores, beginning with a letter."
        place = app.manifest.key_position(path)
        yield WORDS.at(app.manifest.file, place, said, hint=hint)
