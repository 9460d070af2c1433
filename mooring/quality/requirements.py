"""Does the app say which packages it needs, and in which versions?"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

from mooring.model.problem import Position
from mooring.quality.host_services import imported_modules
from mooring.quality.rule import Finding, Level, QualityRule, Studied, in_code, in_file
from mooring.reading.app_folder import distributions_of

NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
BOUND = re.compile(r"===?|~=|>=?|@")
OURS = frozenset({"mooring", "src"})
FILE = "pyproject.toml"


def _undeclared(app: Studied) -> Iterator[Finding]:
    declared = {_normal(each) for each in app.folder.requirements or []}
    for code in app.code.files:
        for statement, module in imported_modules(code):
            top = module.partition(".")[0]
            if top in sys.stdlib_module_names or top in OURS:
                continue
            names = {_normal(each) for each in (top, *distributions_of(top))}
            if not names & declared:
                message = f"`{top}` is not among the dependencies in {FILE}."
                yield in_code(code, statement, message)


def _unbounded(app: Studied) -> Iterator[Finding]:
    text = app.folder.text(FILE) or ""
    for requirement in app.folder.requirements or []:
        if not BOUND.search(requirement.partition(";")[0]):
            message = f"`{requirement}` may be any version."
            yield in_file(FILE, message, _place(text, requirement))


def _place(text: str, requirement: str) -> Position:
    for number, line in enumerate(text.splitlines(), 1):
        if (column := max(line.find(f'"{requirement}"'), line.find(f"'{requirement}'"))) >= 0:
            return Position(number, column + 1)
    return Position(1, 1)


def _normal(requirement: str) -> str:
    """Return the name in a requirement as package indexes compare names."""
    found = NAME.match(requirement)
    return re.sub(r"[-_.]+", "-", found[1]).lower() if found else ""


RULES = (
    QualityRule(
        id="requirements-declared",
        level=Level.BRONZE,
        summary="Every package that the code imports is declared.",
        reason="The host checks what is declared before it mounts an app; what is not declared "
        "fails in the middle of a call, on somebody else's machine.",
        looks_at="Imports below `src` that are neither Python's own nor the SDK, against "
        "`dependencies` in pyproject.toml.",
        remedy="Add it to dependencies under [project] in pyproject.toml.",
        check=_undeclared,
    ),
    QualityRule(
        id="requirements-bounded",
        level=Level.SILVER,
        summary="Every declared package says from which version on it works.",
        reason="Without a bound, an installation gets whatever is there, old or new.",
        looks_at="`dependencies` in pyproject.toml.",
        remedy='Write the oldest version that the tests pass with, as in "httpx>=0.28".',
        check=_unbounded,
    ),
)
