"""Can the next developer find their way: in types, in docstrings, in the schema?"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from mooring.quality.rule import Finding, Level, QualityRule, Studied, in_code, in_file
from mooring.reading.app_code import LARGEST, MOST_NODES, CodeFile, Definition
from mooring.rules.inspected import mappings

WORD = re.compile(r"\w+")


def _beyond_review(app: Studied) -> Iterator[Finding]:
    for file in app.code.left_out:
        yield in_file(file, f"{file} is too much code to be looked at.")


def _untyped(app: Studied) -> Iterator[Finding]:
    for code in app.code.files:
        for definition in code.definitions():
            if missing := _without_type(definition):
                message = f"`{definition.name}` has no type for {missing}."
                yield in_code(code, definition, message)


def _without_type(definition: Definition) -> str:
    given = definition.args
    every = [*given.posonlyargs, *given.args, *given.kwonlyargs]
    every += [each for each in (given.vararg, given.kwarg) if each is not None]
    untyped = [each.arg for each in every if each.annotation is None]
    untyped = [name for name in untyped if name not in ("self", "cls")]
    if definition.returns is None and definition.name != "__init__":
        untyped.append("its result")
    return ", ".join(untyped)


def _undocumented(app: Studied) -> Iterator[Finding]:
    for code in app.code.files:
        if code.tree.body and not ast.get_docstring(code.tree):
            yield in_file(code.file, f"{code.file} does not say what it is for.")
        for name, node in _public(code):
            if not ast.get_docstring(node):
                yield in_code(code, node, f"`{name}` has no docstring.")


def _public(code: CodeFile) -> Iterator[tuple[str, ast.ClassDef | Definition]]:
    definitions = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    found = (node for node in code.tree.body if isinstance(node, definitions))
    return ((node.name, node) for node in found if not node.name.startswith("_"))


def _empty_descriptions(app: Studied) -> Iterator[Finding]:
    for document in app.inspected.files.schema:
        for item, path in mappings(document, "fields"):
            said = _words(item.get("description"))
            if said and (len(said) < 3 or said == _words(item.get("display_name"))):
                message = f"The description of `{item.get('name')}` says no more than its name."
                place = document.position((*path, "description"))
                yield in_file(document.file, message, place)


def _words(text: object) -> list[str]:
    return WORD.findall(text.lower()) if isinstance(text, str) else []


RULES = (
    QualityRule(
        id="reviewable-code",
        level=Level.BRONZE,
        summary="All code of the app can be looked at.",
        reason="What is too large to be read hides whatever it does, from these rules and from "
        "people.",
        looks_at=f"Files below `src` of more than {LARGEST // 1000} kB, and those after the first "
        f"{MOST_NODES} nodes of code (some 50,000 lines).",
        remedy="Split the file; declare libraries in pyproject.toml instead of copying them.",
        check=_beyond_review,
    ),
    QualityRule(
        id="typed-code",
        level=Level.GOLD,
        summary="Every function says what it takes and what it returns.",
        reason="A type checker then finds what tests would have to look for.",
        looks_at="Annotations of parameters and results below `src`.",
        remedy="Add the types, and run a type checker in strict mode.",
        check=_untyped,
    ),
    QualityRule(
        id="documented-code",
        level=Level.GOLD,
        summary="Every module, public class and public function says what it is for.",
        reason="Names alone do not say why something is there.",
        looks_at="Docstrings below `src`.",
        remedy="Begin it with one sentence.",
        check=_undocumented,
    ),
    QualityRule(
        id="schema-descriptions",
        level=Level.GOLD,
        summary="The description of a field says more than its name.",
        reason="Marketers choose by it in segments, years after whoever added it has left.",
        looks_at="`description` of the fields in `schema`: three words, and not the display name.",
        remedy="Say what the value means, and where it comes from.",
        check=_empty_descriptions,
    ),
)
