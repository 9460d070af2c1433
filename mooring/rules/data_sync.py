"""Does the schema that a source or a destination names exist?"""

from __future__ import annotations

from collections.abc import Iterator

from mooring.model.problem import Problem, Rule, Severity
from mooring.rules.inspected import Inspected

DESTINATION_BLANK = Rule("DST-6", "A destination's `schema` is not blank.")
DESTINATION_FILE = Rule("DST-7", "The schema file that a destination names exists.")
SOURCE_BLANK = Rule("SRC-7", "A source's `schema` is not blank.")
SOURCE_FILE = Rule("SRC-2", "The schema file that a source names exists.")
OLDER_WAY = Rule(
    "SRC-8",
    "A source emits from functions and jobs, not from classes of its own.",
    Severity.WARNING,
)
RULES = (DESTINATION_BLANK, DESTINATION_FILE, SOURCE_BLANK, SOURCE_FILE, OLDER_WAY)

SECTIONS = {
    "destinations": (DESTINATION_BLANK, DESTINATION_FILE),
    "sources": (SOURCE_BLANK, SOURCE_FILE),
}


def check(app: Inspected) -> Iterator[Problem]:
    """Look for the file of every schema that is named."""
    yield from _older_way(app)
    for section, (blank, exists) in SECTIONS.items():
        for _, path in app.entries(section):
            schema = app.manifest.text((*path, "schema"))
            if schema is None:
                continue
            file = f"src/{section}/schema/{schema}.yml"
            if not schema.strip():
                hint = f"Name a file in src/{section}/schema, without its ending."
                yield app.fault(blank, (*path, "schema"), "`schema` is blank.", hint=hint)
            elif "/" in schema or not (
                app.files.exists(file) or app.files.exists(file[:-3] + "yaml")
            ):
                yield app.fault(
                    exists,
                    (*path, "schema"),
                    f"{file} does not exist.",
                    hint="Create it, or name a file that exists.",
                )


def _older_way(app: Inspected) -> Iterator[Problem]:
    for _, path in app.entries("sources"):
        for key in ("function", "jobs", "lifecycle"):
            if app.manifest.mapping((*path, key)):
                yield OLDER_WAY.at(
                    app.manifest.file,
                    app.manifest.key_position((*path, key)),
                    f"`{path[-1]}.{key}` is OCP's older way to fill a source.",
                    hint="Emit from ordinary functions and jobs: sources.emit(name, data).",
                )
