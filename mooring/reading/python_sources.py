"""Which classes does an app's Python code define? Parsed, never imported.

Names are followed through the app's own relative imports as far as plain statements tell; what
cannot be told (a star import, a computed base) is unknown, which is not the same as wrong.
"""

from __future__ import annotations

import ast
import builtins
import errno
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from mooring.model.entry_point import module_file
from mooring.model.problem import START, Position

# What is larger, a generated table, costs too much memory to look into.
LARGEST = 200_000
MOST_MODULES = 2_000
# Of all modules together, in bytes; the others are looked at only if an entry point names them.
MOST_OF_ALL = 1_000_000
SDK = "mooring.sdk"
STAR = "*"


@dataclass(frozen=True, slots=True)
class PythonClass:
    """A class statement: its bases as written (dotted; None if computed), its own methods."""

    name: str
    position: Position
    bases: tuple[str | None, ...]
    methods: frozenset[str]


@dataclass(frozen=True, slots=True)
class Need:
    """A name that is imported from the app's own code; ``module`` is None if it leads out of it."""

    module: str | None
    name: str
    position: Position


@dataclass(frozen=True, slots=True)
class PythonModule:
    """One module; ``imports`` maps local names to ``(module, name)``, name empty for modules.

    ``assigned`` are names that are computed, so that nothing is known of them; ``bound`` are all
    names, None if that cannot be told. ``needs`` are the relative imports that run
    whenever the module is loaded. ``error`` is set when the file cannot be parsed, and
    ``position`` is then its place.
    """

    file: str
    classes: dict[str, PythonClass] = field(default_factory=dict)
    imports: dict[str, tuple[str, str]] = field(default_factory=dict)
    assigned: frozenset[str] = frozenset()
    bound: frozenset[str] | None = None
    needs: tuple[Need, ...] = ()
    error: str = ""
    position: Position = START

    def defines(self, name: str) -> bool:
        """Whether the module has this name, as far as can be told."""
        return (
            name in self.classes
            or name in self.imports
            or name in self.assigned
            or STAR in (self.imports)
        )


@dataclass(frozen=True, slots=True)
class Ancestry:
    """Where a class comes from: SDK bases by name, methods of the app's own classes.

    ``known`` is false when a base could not be followed; then something may be inherited unseen.
    """

    sdk_bases: frozenset[str]
    methods: frozenset[str]
    known: bool


class PythonSources:
    """The modules below an app's ``src``, each parsed at most once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._modules: dict[str, PythonModule | None] = {}

    def module(self, name: str) -> PythonModule | None:
        """Return a module by its dotted name below ``src``; None when there is no such file."""
        if name not in self._modules:
            self._modules[name] = _read(self._root, name)
        return self._modules[name]

    def has_folder(self, name: str) -> bool:
        """Whether there is such a folder below ``src``, with modules or without."""
        return (self._root / module_file(name).removesuffix(".py")).is_dir()

    def names(self) -> list[str]:
        """Name the modules below ``src``, as far as MOST_MODULES and MOST_OF_ALL let."""
        source = self._root / "src"
        names: list[str] = []
        left = MOST_OF_ALL
        for path in sorted(islice(source.rglob("*.py"), MOST_MODULES)):
            left -= _size(path)
            name = ".".join(path.relative_to(source).with_suffix("").parts)
            if left >= 0 and name != "__init__":
                names.append(name.removesuffix(".__init__"))
        return sorted(names)

    def beside(self, name: str) -> list[str]:
        """Name the Python files in the folder where the module would be."""
        folder = (self._root / module_file(name)).parent
        return sorted(p.name for p in folder.glob("*.py") if p.stem != "__init__")

    def ancestry(self, module: str, class_name: str) -> Ancestry:
        """Follow a class to everything it inherits from."""
        sdk: set[str] = set()
        methods: set[str] = set()
        seen: set[tuple[str, str]] = set()
        known = True
        waiting: list[tuple[str, str] | None] = [(module, class_name)]
        while waiting:
            target = waiting.pop()
            if target is None:
                known = False
            elif target[0] == SDK or target[0].startswith(f"{SDK}."):
                sdk.add(target[1])
            elif target not in seen:
                seen.add(target)
                waiting += self._bases(*target, methods)
        return Ancestry(frozenset(sdk), frozenset(methods), known)

    def _bases(self, module: str, name: str, methods: set[str]) -> list[tuple[str, str] | None]:
        """Find what a name stands on, and add its methods; None is what cannot be followed."""
        read = self.module(module)
        if read is None:
            # Nothing of the standard library comes from the SDK.
            return [] if module.partition(".")[0] in sys.stdlib_module_names else [None]
        if name in read.classes and not read.error:
            methods |= read.classes[name].methods
            return [_target(module, read, base) for base in read.classes[name].bases]
        return [_target(module, read, name) if name in read.imports else None]


def _target(module: str, read: PythonModule, written: str | None) -> tuple[str, str] | None:
    """Find the module and name behind a base as written in a module."""
    if written is None:
        return None
    first, _, rest = written.partition(".")
    if not rest:
        if first in read.classes:
            return module, first
        imported = read.imports.get(first)
        return imported if imported and imported[1] else _built_in(first)
    if first not in read.imports:
        return None
    origin, name = read.imports[first]
    path = [*filter(None, [origin, name]), *rest.split(".")]
    return ".".join(path[:-1]), path[-1]


def _built_in(name: str) -> tuple[str, str] | None:
    return ("builtins", name) if hasattr(builtins, name) else None


def _size(path: Path) -> int:
    """Return how much of a file would be looked at."""
    try:
        size = path.stat().st_size
    except OSError:
        return 0
    return size if size <= LARGEST else 0


def _read(root: Path, name: str) -> PythonModule | None:
    file = module_file(name)
    try:
        if not (root / file).is_file():
            file = f"{file.removesuffix('.py')}/__init__.py"
        if not (root / file).is_file():
            return None
        with (root / file).open("rb") as stream:
            source = stream.read(LARGEST + 1)
        if len(source) > LARGEST:
            return PythonModule(file, imports={STAR: ("", STAR)})
        with warnings.catch_warnings():
            # What the compiler would warn of is the app's affair, and no problem of its shape.
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
        return _outline(file, name, tree, source)
    except SyntaxError as error:
        place = Position(max(error.lineno or 1, 1), max(error.offset or 1, 1))
        return PythonModule(file, error=error.msg, position=place)
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return None
        return PythonModule(file, error=error.strerror or str(error))
    except (ValueError, RecursionError, MemoryError) as error:
        return PythonModule(file, error=str(error) or type(error).__name__)


def _outline(file: str, name: str, tree: ast.Module, source: bytes) -> PythonModule:
    package = name.split(".") if file.endswith("/__init__.py") else name.split(".")[:-1]
    imports: dict[str, tuple[str, str]] = {}
    classes: dict[str, PythonClass] = {}
    assigned: set[str] = set()
    for statement in _top_level(tree):
        if isinstance(statement, ast.Import):
            imports |= {_bound(a): (a.name if a.asname else _bound(a), "") for a in statement.names}
        elif isinstance(statement, ast.ImportFrom):
            origin = _origin(statement, package)
            imports |= {a.asname or a.name: (origin, a.name) for a in statement.names}
        elif isinstance(statement, ast.ClassDef):
            classes[statement.name] = _class(statement)
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            assigned.update(_assigned(statement))
    return PythonModule(
        file,
        classes,
        imports,
        frozenset(assigned),
        bound=_bound_names(tree, source),
        needs=tuple(_needs(tree, package)),
    )


def _bound_names(tree: ast.Module, source: bytes) -> frozenset[str] | None:
    """Name everything that a module has once it is loaded; None if it cannot be told."""
    if b":=" in source or b"global " in source or b"def __getattr__" in source:
        return None
    names: set[str] = set()
    for statement in tree.body:
        names.update(_bound_by(statement))
    return None if STAR in names else frozenset(names)


def _bound_by(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield statement.name
    elif isinstance(statement, ast.Import | ast.ImportFrom):
        yield from (_bound(alias) for alias in statement.names)
    elif isinstance(statement, ast.Assign):
        for target in statement.targets:
            yield from _stored(target)
    elif not isinstance(statement, ast.Expr):
        yield from _stored(statement)


def _stored(node: ast.AST) -> Iterator[str]:
    """Name what is bound anywhere within, though it may be so in an inner function alone."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
            yield inner.id
        elif isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield inner.name
        elif isinstance(inner, ast.Import | ast.ImportFrom):
            yield from (_bound(alias) for alias in inner.names)
        elif isinstance(inner, ast.MatchAs | ast.MatchStar) and inner.name:
            yield inner.name


def _needs(tree: ast.Module, package: list[str]) -> Iterator[Need]:
    """Walk the relative imports that nothing guards."""
    for statement in tree.body:
        if isinstance(statement, ast.ImportFrom) and statement.level:
            inside = statement.level - 1 <= len(package)
            origin = _origin(statement, package) if inside else None
            for alias in statement.names:
                place = Position(statement.lineno, statement.col_offset + 1)
                yield Need(origin, alias.name, place)


def _top_level(tree: ast.Module) -> Iterator[ast.stmt]:
    """Walk the statements of a module, also those under ``if``, ``try`` and ``with``."""
    waiting: list[ast.stmt] = list(reversed(tree.body))
    while waiting:
        statement = waiting.pop()
        yield statement
        waiting.extend(reversed([inner for block in _blocks(statement) for inner in block]))


def _blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    if isinstance(statement, ast.If | ast.Try):
        yield statement.body
        yield statement.orelse
    if isinstance(statement, ast.Try):
        yield from (handler.body for handler in statement.handlers)
        yield statement.finalbody
    if isinstance(statement, ast.With):
        yield statement.body


def _assigned(statement: ast.Assign | ast.AnnAssign) -> Iterator[str]:
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    return (target.id for target in targets if isinstance(target, ast.Name))


def _bound(alias: ast.alias) -> str:
    return alias.asname or alias.name.partition(".")[0]


def _origin(statement: ast.ImportFrom, package: list[str]) -> str:
    """Return the module that is imported from: absolute, or below ``src`` for relative imports."""
    if not statement.level:
        return statement.module or ""
    base = package[: len(package) - (statement.level - 1)]
    return ".".join([*base, *filter(None, [statement.module])])


def _class(statement: ast.ClassDef) -> PythonClass:
    return PythonClass(
        name=statement.name,
        position=Position(statement.lineno, statement.col_offset + 1),
        bases=tuple(_dotted(base) for base in statement.bases),
        methods=frozenset(_methods(statement)),
    )


def _methods(statement: ast.ClassDef) -> Iterator[str]:
    for inner in statement.body:
        if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
            yield inner.name
        elif isinstance(inner, ast.Assign):
            yield from (target.id for target in inner.targets if isinstance(target, ast.Name))


def _dotted(base: ast.expr) -> str | None:
    """Write a base such as ``sdk.Job`` or ``Job[State]`` as a dotted name."""
    if isinstance(base, ast.Subscript):
        return _dotted(base.value)
    if isinstance(base, ast.Name):
        return base.id
    if isinstance(base, ast.Attribute):
        stem = _dotted(base.value)
        return f"{stem}.{base.attr}" if stem else None
    return None
