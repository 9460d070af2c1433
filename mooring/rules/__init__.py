"""What is wrong with an app? Every fault at once, each at its place and with its documented rule.

A module here holds one rule or one tight family. Rules look at what was read and never import the
app's code; what has the wrong shape is reported once and not looked at again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from mooring.errors import AppInvalid
from mooring.model.problem import START, Problem, Rule, in_order
from mooring.reading import app_files, app_reader, schema_rules, yaml_reader
from mooring.reading.app_files import MANIFEST, AppFiles, read_app_files
from mooring.reading.python_sources import PythonSources
from mooring.rules import (
    channel,
    data_sync,
    data_sync_schemas,
    entry_points,
    environment,
    form_keys,
    form_references,
    functions,
    jobs,
    markdown_links,
    meta,
    outbound_domains,
    required_files,
    runtime,
    schema_objects,
    schema_relations,
)
from mooring.rules.inspected import Inspected

__all__ = ["RULES", "validate_app"]

# Of one family of rules; as many faults as that have one cause.
MOST_PROBLEMS = 100

HAS_MANIFEST = Rule("MAN-8", "The folder of an app has an app.yml.")

ABOUT_THE_MANIFEST = (
    *(meta, environment, runtime, functions, jobs, outbound_domains, entry_points, channel),
    *(data_sync, data_sync_schemas, schema_objects, schema_relations),
)
ABOUT_OTHER_FILES = (required_files, markdown_links, form_keys, form_references)


PARTS = (yaml_reader, app_files, schema_rules, *ABOUT_THE_MANIFEST, *ABOUT_OTHER_FILES)
RULES: tuple[Rule, ...] = (HAS_MANIFEST, *(rule for part in PARTS for rule in part.RULES))


def validate_app(root: Path) -> list[Problem]:
    """Return all problems of the app in the folder ``root``, by file and line. Never raises."""
    if not (root / MANIFEST).exists():
        return [_no_manifest(root)]
    files = read_app_files(root)
    problems = [*_shapes(files), *_meanings(files)]
    if not any(problem.is_error for problem in problems):
        problems += _unreadable(files)
    return in_order(problems)


def _no_manifest(root: Path) -> Problem:
    hint = "Name the folder of an app, or make one with: mooring init DIR"
    if (root / "app.yaml").exists():
        hint = "Rename app.yaml to app.yml."
    return HAS_MANIFEST.at(MANIFEST, START, "There is no app.yml in this folder.", hint=hint)


def _shapes(files: AppFiles) -> Iterator[Problem]:
    """Compare every document with the JSON Schema of its kind."""
    # The library costs more time than all rules together; a folder without app.yml is spared it.
    from mooring.reading.json_schema import SchemaChecker

    checker = SchemaChecker()
    for document, kind in files.documents():
        yield from document.problems
        if document.usable:
            yield from checker.check(document, kind)


def _meanings(files: AppFiles) -> Iterator[Problem]:
    app = Inspected(files, PythonSources(files.root))
    checks: list[Callable[[Inspected], Iterator[Problem]]] = []
    if files.manifest.usable and isinstance(files.manifest.value, dict):
        checks += [module.check for module in ABOUT_THE_MANIFEST]
    checks += [module.check for module in ABOUT_OTHER_FILES]
    for check in checks:
        yield from islice(check(app), MOST_PROBLEMS)


def _unreadable(files: AppFiles) -> list[Problem]:
    """Make sure that an app without faults can be read as the host will read it."""
    try:
        app_reader.define_app(files)
    except AppInvalid as invalid:
        return list(invalid.problems)
    return []
