"""Can the modules of an app be loaded, as far as their imports of each other tell?"""

from __future__ import annotations

from collections.abc import Iterator

from mooring.model.entry_point import module_file
from mooring.model.known_names import nearest
from mooring.model.problem import Problem, Rule, shown
from mooring.reading.python_sources import STAR, PythonModule
from mooring.rules.inspected import Inspected

IMPORTED = Rule("PYT-2", "Relative imports lead to names that the app's code has.")
RULES = (IMPORTED,)


def check(app: Inspected) -> Iterator[Problem]:
    """Follow the relative imports of every module."""
    if app.is_for_node:
        return
    for module in app.sources.names():
        read = app.sources.module(module)
        if read is not None:
            yield from _imports(app, read)


def _imports(app: Inspected, read: PythonModule) -> Iterator[Problem]:
    """Find imports that would fail when the host loads the module."""
    for need in read.needs:
        said, hint = "", "Correct the import, or write what it needs."
        if need.module is None:
            said = "A relative import leads out of src."
            hint = "Use fewer dots; an app imports its own modules from src alone."
        elif not _is_module(app, need.module):
            file = module_file(need.module)
            said = f"{file} does not exist; {shown(need.name)} is imported from it."
        elif not _has_name(app, need.module, need.name):
            there = app.sources.module(need.module)
            names = sorted(there.bound or ()) if there else []
            where = there.file if there else f"src/{need.module.replace('.', '/')}"
            said = f"{where} has no {shown(need.name)}, which is imported from it."
            hint = f"{nearest(need.name, names)}{hint}"
        if said:
            yield IMPORTED.at(read.file, need.position, said, hint=hint)


def _is_module(app: Inspected, name: str) -> bool:
    return not name or app.sources.module(name) is not None or app.sources.has_folder(name)


def _has_name(app: Inspected, module: str, name: str) -> bool:
    inner = f"{module}.{name}" if module else name
    if name in (STAR, "") or name.startswith("__") or _is_module(app, inner):
        return True
    there = app.sources.module(module or "__init__")
    if there is None:
        return False
    return bool(there.error) or there.bound is None or name in there.bound
