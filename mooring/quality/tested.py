"""Is there a test that would notice a fault?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mooring.errors import EntryPointInvalid
from mooring.model.entry_point import module_file, resolve_entry_point
from mooring.quality.failures import LIFECYCLE
from mooring.quality.rule import Finding, Level, QualityRule, Studied, in_file

TEST = re.compile(r"^\s*(?:async )?def test_", re.MULTILINE)


def _untested(app: Studied) -> Iterator[Finding]:
    if not any(TEST.search(text) for text in app.folder.tests.values()):
        yield in_file("tests", "There is no test below `tests`.")


def _untested_entry_points(app: Studied) -> Iterator[Finding]:
    tested = "\n".join(app.folder.tests.values())
    for kind, section in (("function", "functions"), ("job", "jobs")):
        for name, path in app.inspected.entries(section):
            module, class_name = _resolved(kind, app.manifest.text((*path, "entry_point")) or "")
            if not re.search(rf"\b{re.escape(class_name)}\b", tested):
                place = app.manifest.key_position(path)
                message = f"No test mentions {class_name} of {module_file(module)} (`{name}`)."
                yield in_file(app.manifest.file, message, place)
    lifecycle = app.code.modules.get(LIFECYCLE)
    if lifecycle and not re.search(r"\bLifecycle\b", tested):
        yield in_file(lifecycle.file, "No test mentions the lifecycle.")


def _resolved(kind: str, entry_point: str) -> tuple[str, str]:
    try:
        return resolve_entry_point(kind, entry_point)
    except EntryPointInvalid:
        return "", entry_point


RULES = (
    QualityRule(
        id="has-tests",
        level=Level.BRONZE,
        summary="The app has tests.",
        reason="Without one, every change is a guess; the first one is the hardest.",
        looks_at="Functions test_… in files tests/**/test_*.py.",
        remedy="Write tests/test_….py; `invocation` of mooring.testing.plugin gives it a host.",
        check=_untested,
    ),
    QualityRule(
        id="entry-points-tested",
        level=Level.GOLD,
        summary="Every function, every job and the lifecycle have a test.",
        reason="They are where the world meets the app.",
        looks_at="Whether the names of their classes occur below `tests`.",
        remedy="Call it in a test as the host does.",
        check=_untested_entry_points,
    ),
)
