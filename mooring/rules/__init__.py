"""What is wrong with an app? Every fault at once, each at its place and with its documented rule.

A module here holds one rule or one tight family. Rules look at what was read and never import the
app's code; what has the wrong shape is reported once and not looked at again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from itertools import islice
from pathlib import Path

from mooring.errors import AppInvalid
from mooring.model.problem import Problem, Rule, in_order
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
    ocp_forms,
    ocp_manifest,
    outbound_domains,
    python_imports,
    required_files,
    runtime,
    schema_objects,
    schema_relations,
    template_extensions,
    yaml_dialects,
)
from mooring.rules.inspected import Inspected

__all__ = ["RULES", "validate_app"]

# Of one family of rules; as many faults as that have one cause.
MOST_PROBLEMS = 100

HAS_MANIFEST = Rule("MAN-8", "The folder of an app has an app.yml.")

ABOUT_THE_MANIFEST = (
    *(meta, environment, runtime, functions, jobs, outbound_domains, entry_points),
    *(
        python_imports,
        channel,
        template_extensions,
        data_sync,
        data_sync_schemas,
        schema_objects,
        schema_relations,
    ),
)
ABOUT_OCP = (ocp_manifest, ocp_forms)
ABOUT_OTHER_FILES = (yaml_dialects, required_files, markdown_links, form_keys, form_references)


PARTS = (
    *(yaml_reader, app_files, schema_rules),
    *(*ABOUT_THE_MANIFEST, *ABOUT_OTHER_FILES, *ABOUT_OCP),
)
RULES: tuple[Rule, ...] = (HAS_MANIFEST, *(rule for part in PARTS for rule in part.RULES))


def validate_app(
    root: Path, *, profiles: Callable[[], Collection[str]] | None = None, ocp: bool = False
) -> list[Problem]:
    """Return all problems of the app in the folder ``root``, by file and line. Never raises.

    ``profiles`` names the signature profiles that the host has, and is asked only if an app names
    one; without it no ``verify`` is called unknown. ``ocp`` adds what OCP would not accept.
    """
    if not (root / MANIFEST).exists():
        return [_no_manifest(root)]
    files = read_app_files(root)
    app = Inspected(files, PythonSources(files.root), profiles)
    problems = [*_shapes(files), *_meanings(app, ocp=ocp)]
    if not any(problem.is_error for problem in problems):
        problems += _unreadable(files)
    return in_order(_without_echoes(problems))


def _no_manifest(root: Path) -> Problem:
    hint = "Name the folder of an app, or make one with: mooring init DIR"
    if (root / "app.yaml").exists():
        hint = "Rename app.yaml to app.yml."
    return HAS_MANIFEST.missing(MANIFEST, "There is no app.yml in this folder.", hint=hint)


def _shapes(files: AppFiles) -> Iterator[Problem]:
    """Compare every document with the JSON Schema of its kind."""
    # The library costs more time than all rules together; a folder without app.yml is spared it.
    from mooring.reading.json_schema import SchemaChecker

    checker = SchemaChecker()
    for document, kind in files.documents():
        yield from document.problems
        if document.usable:
            yield from checker.check(document, kind)


def _meanings(app: Inspected, *, ocp: bool) -> Iterator[Problem]:
    checks: list[Callable[[Inspected], Iterator[Problem]]] = []
    if app.manifest.usable and isinstance(app.manifest.value, dict):
        checks += [module.check for module in ABOUT_THE_MANIFEST]
        checks += [module.check for module in ABOUT_OCP if ocp]
    checks += [module.check for module in ABOUT_OTHER_FILES]
    for check in checks:
        yield from islice(check(app), MOST_PROBLEMS)


def _without_echoes(problems: list[Problem]) -> list[Problem]:
    """Leave out doubts about what a value means where it is a problem already."""
    wrong = {(p.file, p.line, p.column) for p in problems if p.rule != yaml_dialects.ONE_MEANING.id}
    return [
        problem
        for problem in problems
        if problem.rule != yaml_dialects.ONE_MEANING.id
        or (problem.file, problem.line, problem.column) not in wrong
    ]


def _unreadable(files: AppFiles) -> list[Problem]:
    """Make sure that an app without faults can be read as the host will read it."""
    try:
        app_reader.define_app(files)
    except AppInvalid as invalid:
        return list(invalid.problems)
    return []
