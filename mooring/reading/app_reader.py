"""How does an app's folder become one typed value?

Only shapes are checked here, quickly, so that every command can afford it; what an app may say is
the rules' business. A folder that cannot be understood raises AppInvalid with every problem.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from mooring.errors import AppInvalid
from mooring.model.amounts import counted
from mooring.model.app import AppDefinition
from mooring.model.problem import Problem, Rule, in_order
from mooring.reading.app_files import AppFiles, read_app_files
from mooring.reading.form_reader import read_form
from mooring.reading.manifest_reader import read_manifest
from mooring.reading.node import Malformed, dotted
from mooring.reading.schema_reader import read_schema_object
from mooring.reading.yaml_reader import YamlDocument

T = TypeVar("T")

# Reached only if a JSON Schema lets through what the typed values do not allow.
UNEXPECTED_SHAPE = Rule("MAN-7", "A file has the shape that its kind of file must have.")
REQUIRED_FORM = Rule("AST-1", "The required files of an app exist.")


def read_app(root: Path) -> AppDefinition:
    """Read the app in the folder ``root``. Raises AppInvalid, which carries the problems."""
    return define_app(read_app_files(root))


def define_app(files: AppFiles) -> AppDefinition:
    """Make the typed app of the files that were read. Raises AppInvalid."""
    root = files.root
    problems: list[Problem] = []
    manifest = _typed(files.manifest, "app", read_manifest, problems)
    forms = {n: _typed(d, "form", read_form, problems) for n, d in files.forms.items()}
    schema = [_typed(d, "schema", read_schema_object, problems) for d in files.schema]
    if "settings" not in forms:
        problems.append(_no_settings_form())
    if problems or manifest is None:
        raise AppInvalid(
            f"the app in {root.name or root} cannot be read: {counted(len(problems), 'problem')}.",
            where=problems[0].place,
            hint=f"See all of them with: mooring validate {root}",
            problems=tuple(in_order(problems)),
        )
    return AppDefinition(
        root=files.root,
        manifest=manifest,
        forms={name: form for name, form in forms.items() if form is not None},
        schema=tuple(item for item in schema if item is not None),
    )


def _typed(
    document: YamlDocument,
    kind: str,
    build: Callable[[Any], T],
    problems: list[Problem],
) -> T | None:
    if document.usable:
        try:
            return build(document.value)
        except Malformed as malformed:
            problems.extend(_explained(document, kind, malformed))
            return None
    problems.extend(document.problems)
    return None


def _explained(document: YamlDocument, kind: str, malformed: Malformed) -> list[Problem]:
    """Let the JSON Schema name all faults of a file that has at least one."""
    from mooring.reading.json_schema import SchemaChecker

    return SchemaChecker().check(document, kind) or [
        UNEXPECTED_SHAPE.at(
            document.file,
            document.position(malformed.path),
            f"`{dotted(malformed.path)}` should be {malformed.expected}.",
        )
    ]


def _no_settings_form() -> Problem:
    return REQUIRED_FORM.missing(
        "forms/settings.yml",
        "forms/settings.yml is missing; every app has a settings form.",
        hint="Create it; an app without settings has the single line: sections: []",
    )
