"""Does the file mean the same to readers of YAML 1.1 as to OCP and this host?"""

from __future__ import annotations

from collections.abc import Iterator

from mooring.model.problem import Problem, Rule, Severity, shown
from mooring.reading.yaml_composer import Ambiguous, KeyPath
from mooring.reading.yaml_scalars import looks_like_date, resolve_plain
from mooring.rules.inspected import Inspected

ONE_MEANING = Rule("YML-11", "What YAML 1.1 and 1.2 read differently is quoted.", Severity.WARNING)
RULES = (ONE_MEANING,)

# Places that take text, numbers and booleans alike; elsewhere a wrong type is an error anyway.
TAKE_ANY_VALUE = frozenset({"value", "equals", "defaultValue"})
TAKE_ANYTHING = frozenset({"parameters", "event_data"})
NAMED_FREELY = ("functions", "jobs", "consumers", "liquid_extensions", "destinations", "sources")


def check(app: Inspected) -> Iterator[Problem]:
    """Look at what is written without quotes in every document."""
    for document, _ in app.files.documents():
        for found in document.ambiguous:
            if document.usable and _can_mislead(found):
                yield ONE_MEANING.at(document.file, found.position, _said(found), hint=_hint(found))


def _can_mislead(found: Ambiguous) -> bool:
    if found.is_key:
        freely = len(found.path) == 2 and found.path[0] in NAMED_FREELY
        return freely or _takes_anything(found.path[:-1])
    # Numbers mislead everywhere; OCP makes dates of dates, and then refuses them.
    if not isinstance(resolve_plain(found.written), str) or looks_like_date(found.written):
        return True
    return not TAKE_ANY_VALUE.isdisjoint(found.path[-1:]) or _takes_anything(found.path)


def _takes_anything(path: KeyPath) -> bool:
    return not TAKE_ANYTHING.isdisjoint(path) or "defaultValue" in path


def _said(found: Ambiguous) -> str:
    value = resolve_plain(found.written)
    here = "text" if isinstance(value, str) or found.is_key else str(value)
    if looks_like_date(found.written):
        return f"{shown(found.written)} is text here, but a date for OCP, which refuses it."
    return f"{shown(found.written)} is {here} here, and {found.otherwise} for YAML 1.1 readers."


def _hint(found: Ambiguous) -> str:
    quoted = f'Quote it if it is text: "{found.written}"'
    if found.otherwise in ("true", "false") and not found.is_key:
        return f"{quoted}; write {found.otherwise} if it is that."
    return f"{quoted}."
