"""What in the manifest and the folders would OCP not take? Asked for with ``validate --ocp``."""

from __future__ import annotations

from collections.abc import Iterator

from mooring.model.problem import Problem, Rule, Severity, shown
from mooring.reading.yaml_composer import KeyPath
from mooring.rules.inspected import Inspected

RUNTIME = Rule("OCP-1", "OCP runs apps for Node.", Severity.WARNING)
EXTENSION = Rule("OCP-2", "OCP's manifest does not have what Mooring adds.", Severity.WARNING)
CRON = Rule("OCP-3", "OCP takes Quartz expressions of its own kind alone.", Severity.WARNING)
CLASS_ALONE = Rule("OCP-4", "An entry point of OCP is the name of a class alone.", Severity.WARNING)
SCHEMA_FOLDER = Rule("OCP-5", "OCP keeps schema in src/schema.", Severity.WARNING)
GUID_KEY = Rule("OCP-6", "OCP wants a key with every kind of resolution.", Severity.WARNING)
RULES = (RUNTIME, EXTENSION, CRON, CLASS_ALONE, SCHEMA_FOLDER, GUID_KEY)

EXTENSIONS = {
    "functions": ("verify", "delivery", "access"),
    "jobs": ("timezone", "overlap", "missed", "jitter", "retry", "concurrency"),
}
UNIX_FIELDS = 5
WITH_ENTRY_POINTS = ("functions", "jobs", "consumers", "liquid_extensions", "destinations")
OWN_FOLDER = "schema/"


def check(app: Inspected) -> Iterator[Problem]:
    """Look for everything that is this host's own."""
    runtime = app.manifest.text(("runtime",)) or ""
    if runtime.startswith("python"):
        said = f"`runtime` is {shown(runtime)}; OCP runs node22."
        hint = "On OCP the classes are written in TypeScript, under the same names."
        yield app.fault(RUNTIME, ("runtime",), said, hint=hint)
    for section, names in EXTENSIONS.items():
        for _, path in app.entries(section):
            yield from _extensions(app, path, names)
    for _, path in app.entries("functions"):
        yield from _resolution(app, (*path, "installation_resolution"))
    for _, path in app.entries("jobs"):
        yield from _cron(app, (*path, "cron"))
    for path in _entry_points(app):
        entry_point = app.manifest.text(path) or ""
        if ":" in entry_point:
            said = f"OCP takes {shown(entry_point)} for the name of a class."
            hint = "Name the class alone, and give it a module of its own."
            yield app.fault(CLASS_ALONE, path, said, hint=hint)
    yield from _schema_folder(app)


def _extensions(app: Inspected, path: KeyPath, names: tuple[str, ...]) -> Iterator[Problem]:
    for name in app.manifest.mapping(path):
        if name in names:
            place = app.manifest.key_position((*path, name))
            said = f"`{path[-1]}.{name}` is Mooring's own; OCP refuses it."
            yield EXTENSION.at(app.manifest.file, place, said, hint="Leave it out for OCP.")


def _resolution(app: Inspected, path: KeyPath) -> Iterator[Problem]:
    resolution = app.manifest.mapping(path)
    if resolution.get("type") == "GUID" and "key" not in resolution:
        said = "OCP wants a key here, although it does not use it."
        yield app.fault(GUID_KEY, path, said, hint="Add key, with any text.")


def _cron(app: Inspected, path: KeyPath) -> Iterator[Problem]:
    cron = app.manifest.text(path)
    # What the schedule reader takes as Quartz, OCP takes too; what it does not take is JOB-5's.
    if cron and len(cron.split()) == UNIX_FIELDS:
        said = f"OCP refuses the schedule {shown(cron)}: it has five fields."
        hint = 'Write six fields of Quartz, as in "0 */15 * * * ?".'
        yield app.fault(CRON, path, said, hint=hint)


def _entry_points(app: Inspected) -> Iterator[KeyPath]:
    for section in WITH_ENTRY_POINTS:
        for _, path in app.entries(section):
            yield (*path, "entry_point")
            yield (*path, "schema", "entry_point")
    for name, path in app.entries("sources"):
        for key in ("schema", "function", "lifecycle"):
            yield (*path, key, "entry_point")
        for _, job in app.entries("sources", name, "jobs"):
            yield (*job, "entry_point")


def _schema_folder(app: Inspected) -> Iterator[Problem]:
    for document in app.files.schema:
        if document.file.startswith(OWN_FOLDER):
            yield SCHEMA_FOLDER.at(
                document.file,
                document.position(()),
                f"{document.file} lies where OCP does not look.",
                hint=f"Move it to src/{document.file}; both places are read here.",
            )
