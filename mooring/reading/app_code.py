"""What does an app's Python code call, and where? Syntax trees with names followed to their origin.

An origin is the dotted name behind an expression: ``time.sleep`` for ``sleep`` after ``from time
import sleep``, ``.clients.brevo.Brevo`` for what comes from the app itself. Nothing is imported;
what cannot be followed has no origin. Files that cannot be parsed are left out: they were reported.
What would cost too much memory is left out too, and named.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from mooring.model.entry_point import module_file
from mooring.model.problem import Position
from mooring.reading.python_sources import PythonSources

LARGEST = 100_000  # bytes of one file
MOST_NODES = 500_000  # of all trees together, about a hundred megabytes

Node = TypeVar("Node", bound=ast.AST)
Definition = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class CodeFile:
    """One file of an app: its tree, its nodes by type, and where its names come from."""

    file: str
    module: str
    tree: ast.Module
    names: Mapping[str, str]
    _lines: tuple[bytes, ...] = field(repr=False)
    _nodes: Mapping[type[ast.AST], list[ast.AST]] = field(repr=False)

    @property
    def size(self) -> int:
        """How many nodes the tree has."""
        return sum(map(len, self._nodes.values()))

    def every(self, kind: type[Node]) -> Iterator[Node]:
        """Walk all nodes of one type, in no particular order."""
        return (node for node in self._nodes.get(kind, []) if isinstance(node, kind))

    def definitions(self) -> Iterator[Definition]:
        """Walk all functions and methods, plain and asynchronous."""
        yield from self.every(ast.FunctionDef)
        yield from self.every(ast.AsyncFunctionDef)

    def calls(self) -> Iterator[tuple[ast.Call, str]]:
        """Walk all calls with the origin of what is called; empty where it is unknown."""
        return ((call, self.origin(call.func)) for call in self.every(ast.Call))

    def position(self, node: ast.expr | ast.stmt | ast.ExceptHandler | ast.alias) -> Position:
        """Return the place of a node, with its column in characters."""
        line = self._lines[node.lineno - 1] if node.lineno <= len(self._lines) else b""
        before = line[: node.col_offset].decode("utf-8", "replace")
        return Position(node.lineno, len(before) + 1)

    def origin(self, expression: ast.expr) -> str:
        """Return the dotted origin of a name or attribute; empty when it is computed."""
        if isinstance(expression, ast.Name):
            return self.names.get(expression.id, expression.id)
        if isinstance(expression, ast.Attribute):
            stem = self.origin(expression.value)
            return f"{stem}.{expression.attr}" if stem else ""
        return ""


class AppCode:
    """All code below an app's ``src``; each file is read and parsed at most once."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @property
    def modules(self) -> Mapping[str, CodeFile]:
        """The files by the dotted names of their modules."""
        return self._read[0]

    @property
    def left_out(self) -> list[str]:
        """Name the files that are too large, alone or together with those before them."""
        return self._read[1]

    @cached_property
    def _read(self) -> tuple[dict[str, CodeFile], list[str]]:
        modules: dict[str, CodeFile] = {}
        left_out: list[str] = []
        nodes = 0
        for name in PythonSources(self._root).names():
            file, source = _content(self._root, name)
            if len(source) > LARGEST or nodes > MOST_NODES:
                left_out.append(file)
            elif code := _parsed(file, name, source):
                modules[name] = code
                nodes += code.size
        return modules, left_out

    @property
    def files(self) -> list[CodeFile]:
        """All files, in the order of their modules' names."""
        return list(self.modules.values())

    def reached_from(self, module: str) -> list[CodeFile]:
        """Return a module and every module of the app that it imports, directly or not."""
        waiting, reached = [module], dict[str, CodeFile]()
        while waiting:
            name = waiting.pop()
            if name in self.modules and name not in reached:
                reached[name] = self.modules[name]
                waiting += self._imported_by(reached[name])
        return list(reached.values())

    def _imported_by(self, code: CodeFile) -> Iterator[str]:
        for origin in code.names.values():
            if origin.startswith("."):
                yield origin[1:]
                yield origin[1:].rpartition(".")[0]


def _content(root: Path, name: str) -> tuple[str, bytes]:
    """Return the file of a module and what it contains, up to one byte too much."""
    file = module_file(name)
    try:
        if not (root / file).is_file():
            file = f"{file.removesuffix('.py')}/__init__.py"
        with (root / file).open("rb") as stream:
            return file, stream.read(LARGEST + 1)
    except OSError:
        # That it cannot be read was reported.
        return file, b""


def _parsed(file: str, name: str, source: bytes) -> CodeFile | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return _code(file, name, tree, source)


def _code(file: str, name: str, tree: ast.Module, source: bytes) -> CodeFile:
    package = name.split(".") if file.endswith("/__init__.py") else name.split(".")[:-1]
    nodes: dict[type[ast.AST], list[ast.AST]] = {}
    for node in ast.walk(tree):
        nodes.setdefault(type(node), []).append(node)
    imports = [*nodes.get(ast.Import, []), *nodes.get(ast.ImportFrom, [])]
    names = dict(pair for node in imports for pair in _bound(node, package))
    lines = tuple(source.removeprefix(b"\xef\xbb\xbf").splitlines())
    return CodeFile(file, name, tree, names, lines, nodes)


def _bound(node: ast.AST, package: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the names that an import binds, with their origins."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            first = alias.name.partition(".")[0]
            yield (alias.asname, alias.name) if alias.asname else (first, first)
    elif isinstance(node, ast.ImportFrom):
        stem = imported_from(node, package)
        for alias in node.names:
            yield alias.asname or alias.name, f"{stem}.{alias.name}"


def imported_from(node: ast.ImportFrom, package: list[str]) -> str:
    """Return the module of a ``from`` import; with a dot in front when it is the app's own."""
    if not node.level:
        return node.module or ""
    base = package[: len(package) - (node.level - 1)]
    path = ".".join([*base, *filter(None, [node.module])])
    return f".{path}" if path else ""
