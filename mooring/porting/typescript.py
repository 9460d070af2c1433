"""Which classes and methods does a TypeScript file declare, and what does it mention?

A tolerant reader, no compiler: comments and texts are blanked, brackets are counted, and what then
looks like a class or a method is one. Whatever the file holds, it is read in one pass; what cannot
be understood is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

LONGEST_HEADER = 2_000
MOST_CLASSES = 500

NAME = r"[A-Za-z_$][\w$]*"
CLASS = re.compile(rf"\bclass\s+(?!extends\b)({NAME})|\b({NAME})\s*=\s*class\b")
EXTENDS = re.compile(rf"\bextends\s+({NAME}(?:\.{NAME})*)")
MODIFIER = r"(?:public|private|protected|static|async|override|abstract|readonly|get|set)"
# In a class body whose brackets have been emptied and whose spaces are single.
MEMBER = re.compile(
    rf"(?:^|[;}}\n])\s?(?:@[\w$.]+(?:\(\))?\s?)*((?:{MODIFIER}\s)*)\*?\s?(#?{NAME})\s?"
    rf"(?:<[^>()]{{1,300}}>\s?)?"
    rf"(?:\(\)|\??!?\s?(?::[^=;(]{{1,300}})?=\s?(?:async\s?)?(?:\(\)|{NAME})\s?(?::[^=;]{{1,300}})?=>)"
)
NO_METHODS = frozenset({"if", "for", "while", "switch", "return", "super", "catch", "function"})
IMPORT = re.compile(
    r"(?:\bfrom|\brequire\s{0,9}\(|\bimport\s{0,9}\(|\bimport)\s{0,9}(['\"])([\w@./-]{1,214})\1"
)
IMPORTED = re.compile(r"\bimport\b[^;'\"]{1,2000}?\bfrom\b")
RENAMED = re.compile(rf"({NAME})\s{{1,9}}as\s{{1,9}}({NAME})")
VARIABLE = re.compile(
    r"\bprocess\.env(?:\.|\[['\"])([A-Za-z_]\w*)|(?<![\w.])(APP_ENV_[A-Z0-9_]+)", re.ASCII
)
HOST = re.compile(r"https?://(?:\$\{[^}\n]{1,200}\}(?=\.))?([A-Za-z0-9.-]{1,253})")
BEFORE_PATTERN = frozenset("(,=:[!&|?{};+-*%~^<>")
WORDS_BEFORE_PATTERN = ("return", "typeof", "case", "in", "of", "void", "delete")
OPENING, CLOSING = "([{", ")]}"


@dataclass(frozen=True, slots=True)
class Method:
    """A method as it is declared; ``modifiers`` are private, static, async …"""

    name: str
    line: int
    modifiers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TypeScriptClass:
    """A class, the name it extends (the last part of ``App.Function``), and its methods."""

    name: str
    line: int
    base: str
    methods: tuple[Method, ...]


@dataclass(frozen=True, slots=True)
class TypeScriptFile:
    """What one file declares and mentions; ``hosts`` as outbound_domains would name them."""

    file: str
    classes: tuple[TypeScriptClass, ...] = ()
    imports: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()


def read_typescript(text: str, *, file: str) -> TypeScriptFile:
    """Read a file. Never raises."""
    speech, code = _blanked(text)
    return TypeScriptFile(
        file=file,
        classes=tuple(_classes(code, _names(code))),
        imports=_unique(found[2] for found in IMPORT.finditer(speech)),
        variables=_unique(found[1] or found[2] for found in VARIABLE.finditer(speech)),
        hosts=_unique(filter(None, map(_host, HOST.finditer(speech)))),
    )


def _blanked(text: str) -> tuple[str, str]:
    """Return the text without comments, and without comments and quoted texts; lengths stay."""
    speech, code = list(text), list(text)
    at, last = 0, ""
    while at < len(text):
        end, kind = _span(text, at, last)
        if kind:
            for place in range(at, end):
                if text[place] != "\n":
                    code[place] = " "
                    if kind == "comment":
                        speech[place] = " "
        if kind == "quoted":
            last = '"'
        elif not kind and not text[at].isspace():
            last = (last + text[at])[-8:] if _is_word(text[at]) else text[at]
        elif not kind and last and _is_word(last[-1]):
            last = f"{last} "[-8:]
        at = end
    return "".join(speech), "".join(code)


def _span(text: str, at: int, last: str) -> tuple[int, str]:
    """Say how far the thing at a place goes, and whether it is a comment or quoted."""
    character = text[at]
    if text.startswith("//", at):
        return _find(text, "\n", at), "comment"
    if text.startswith("/*", at):
        end = text.find("*/", at + 2)
        return (len(text) if end < 0 else end + 2), "comment"
    if character in "'\"":
        return _quoted(text, at, character), "quoted"
    if character == "`":
        return _template(text, at), "quoted"
    if character == "/" and _may_be_pattern(last):
        end = _pattern(text, at)
        return (end, "quoted") if end else (at + 1, "")
    return at + 1, ""


def _quoted(text: str, at: int, quote: str) -> int:
    place = at + 1
    while place < len(text) and text[place] not in (quote, "\n"):
        place += 2 if text[place] == "\\" else 1
    return min(place + 1, len(text))


def _template(text: str, at: int) -> int:
    """Find the end of a template; what stands in ``${}`` may hold further templates."""
    # For every template that is open, how many brackets of an expression in it are.
    open_templates, place = [0], at + 1
    while place < len(text) and open_templates:
        character = text[place]
        if character == "\\":
            place += 1
        elif open_templates[-1] == 0:
            if character == "`":
                open_templates.pop()
            elif text.startswith("${", place):
                open_templates[-1] = 1
                place += 1
        elif character == "`":
            open_templates.append(0)
        elif character in "'\"":
            place = _quoted(text, place, character) - 1
        elif character in "{}":
            open_templates[-1] += 1 if character == "{" else -1
        place += 1
    return min(place, len(text))


def _may_be_pattern(last: str) -> bool:
    """Whether a slash begins a pattern, as far as what stands before it tells."""
    word = last.rstrip()
    return not word or word[-1] in BEFORE_PATTERN or word in WORDS_BEFORE_PATTERN


def _pattern(text: str, at: int) -> int:
    """Find the end of a pattern; 0 if the line ends before it does."""
    in_set, place = False, at + 1
    while place < len(text) and text[place] != "\n":
        character = text[place]
        if character == "\\":
            place += 1
        elif character == "[":
            in_set = True
        elif character == "]":
            in_set = False
        elif character == "/" and not in_set:
            return place + 1
        place += 1
    return 0


def _names(code: str) -> dict[str, str]:
    """Map what imports are called here to their own names."""
    clauses = (clause[0] for clause in IMPORTED.finditer(code))
    return {found[2]: found[1] for clause in clauses for found in RENAMED.finditer(clause)}


def _classes(code: str, names: Mapping[str, str]) -> Iterator[TypeScriptClass]:
    """Walk the classes; one inside another is nobody's entry point and is passed over."""
    line, at = 1, 0
    for _ in range(MOST_CLASSES):
        found = CLASS.search(code, at)
        if found is None:
            return
        line += code.count("\n", at, found.start())
        at = found.start()
        opening = _body(code, found.end())
        if opening is None:
            line, at = line + code.count("\n", at, found.end()), found.end()
            continue
        body, lines, end = _emptied(code, opening, line + code.count("\n", at, opening))
        extends = EXTENDS.search(_without_types(code[found.end() : opening]))
        base = extends[1].rpartition(".")[2] if extends else ""
        yield TypeScriptClass(
            name=found[1] or found[2],
            line=line,
            base=names.get(base, base),
            methods=tuple(_methods(body, lines)),
        )
        line, at = line + code.count("\n", at, end), end


def _body(code: str, at: int) -> int | None:
    """Find the bracket that opens a class's body, behind types that may hold brackets too."""
    depth = 0
    for place in range(at, min(len(code), at + LONGEST_HEADER)):
        character = code[place]
        if character == "{" and depth == 0:
            return place
        if character in "<([{":
            depth += 1
        elif character in ")]}" or (character == ">" and code[place - 1] != "="):
            depth -= 1
        elif character == ";" and depth == 0:
            return None
    return None


def _without_types(header: str) -> str:
    kept, depth = [], 0
    for character in header:
        depth += {"<": 1, ">": -1}.get(character, 0)
        if depth == 0:
            kept.append(character)
    return "".join(kept)


def _methods(body: str, lines: list[int]) -> Iterator[Method]:
    known: set[str] = set()
    for found in MEMBER.finditer(body):
        name = found[2]
        if name not in NO_METHODS and name not in known:
            known.add(name)
            yield Method(name, lines[found.start(2)], tuple(found[1].split()))


def _emptied(code: str, opening: int, line: int) -> tuple[str, list[int], int]:
    """Return a class's body with nothing in its brackets and single spaces.

    Also returned are the line of each place in it, and where it ends in the code.
    """
    kept: list[str] = []
    lines: list[int] = []
    depth, place = 1, opening
    for place in range(opening + 1, len(code)):
        character = code[place]
        line += character == "\n"
        depth -= character in CLOSING
        if depth == 0:
            break
        if depth == 1:
            if character.isspace() and kept and kept[-1].isspace():
                kept[-1] = "\n" if character == "\n" else kept[-1]
                lines[-1] = line
            else:
                kept.append(
                    "\n" if character == "\n" else " " if character.isspace() else character
                )
                lines.append(line)
        depth += character in OPENING
    return "".join(kept), lines, place + 1


def _host(found: re.Match[str]) -> str:
    """Return a host as outbound_domains names it; nothing for what is none, or is this machine."""
    host = found[1].strip(".-").lower()
    if "." not in host or host.replace(".", "").isdigit():
        return ""
    return f"*.{host}" if "${" in found[0] else host


def _find(text: str, what: str, at: int) -> int:
    end = text.find(what, at)
    return len(text) if end < 0 else end


def _is_word(character: str) -> bool:
    return character.isalnum() or character in "_$"


def _unique(values: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
