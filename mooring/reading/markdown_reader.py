"""Which headings and links does a Markdown file have, and where? Judges nothing.

Headings are addressed as GitHub does it, which is what OCP's validator expects.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from mooring.model.problem import START, Position

LARGEST = 100_000
MOST_LINKS = 1_000

ANCHOR = re.compile(r"<[^>]{0,200}?\b(?:id|name)\s*=\s*[\"']?([^\"'\s>]{1,200})", re.IGNORECASE)
HTML_LINK = re.compile(
    r"<(?:a|img)\b[^>]{0,500}?\b(?:href|src)\s*=\s*[\"']([^\"'>]*)", re.IGNORECASE
)
NOT_IN_ADDRESSES = re.compile(r"[^\w\- ]")


@dataclass(frozen=True, slots=True)
class Link:
    """One link or image: its target as written."""

    target: str
    position: Position


@dataclass(frozen=True, slots=True)
class MarkdownDocument:
    """One file: the addresses of its headings and anchors, and its links.

    ``error`` is set when it cannot be read.
    """

    file: str
    anchors: frozenset[str] = frozenset()
    links: tuple[Link, ...] = ()
    size: int = 0
    error: str = ""
    position: Position = START


def read_markdown(path: Path, *, file: str, most: int = LARGEST) -> MarkdownDocument:
    """Read a Markdown file; ``file`` is the name that problems carry. Never raises.

    ``most`` is how many bytes are left to be read.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(LARGEST + 1)
        if len(content) > LARGEST:
            return MarkdownDocument(file, error=f"it is larger than {LARGEST} bytes")
        if len(content) > most:
            return MarkdownDocument(file, error="the pages before it are too large together")
        return _parsed(content.decode("utf-8"), file)
    except UnicodeDecodeError as error:
        before = content[: error.start]
        column = error.start - before.rfind(b"\n")
        place = Position(before.count(b"\n") + 1, column)
        return MarkdownDocument(file, error="it is not UTF-8 text here", position=place)
    except OSError as error:
        return MarkdownDocument(file, error=error.strerror or str(error))


def _parsed(text: str, file: str) -> MarkdownDocument:
    tokens = _parser().parse(text)
    lines = text.splitlines()
    return MarkdownDocument(
        file,
        anchors=frozenset(_anchors(tokens)),
        links=tuple(_links(tokens, lines)),
        size=len(text),
    )


class _Parser(MarkdownIt):
    """Leaves targets as they are written, so that they are found in the file again."""

    def normalizeLink(self, url: str) -> str:  # noqa: N802  # the library's name
        return url

    def validateLink(self, url: str) -> bool:  # noqa: N802  # the library's name
        return True


@cache
def _parser() -> MarkdownIt:
    return _Parser("commonmark").enable("table")


def _anchors(tokens: list[Token]) -> Iterator[str]:
    """Name what a link can lead to: headings, numbered when they repeat, and HTML anchors."""
    taken: dict[str, int] = {}
    for before, token in pairwise(tokens):
        if before.type == "heading_open":
            address = _address("".join(_plain(token)))
            number = taken.get(address, -1) + 1
            taken[address] = number
            yield f"{address}-{number}" if number else address
    for token in tokens:
        yield from ANCHOR.findall(_html(token))


def _plain(token: Token) -> Iterator[str]:
    for inner in token.children or ():
        if inner.type in ("text", "code_inline"):
            yield inner.content
        elif inner.type == "image":
            yield from _plain(inner)


def _address(heading: str) -> str:
    return NOT_IN_ADDRESSES.sub("", heading.strip().lower()).replace(" ", "-")


def _html(token: Token) -> str:
    if token.type == "html_block":
        return token.content
    return " ".join(t.content for t in token.children or () if t.type == "html_inline")


def _links(tokens: list[Token], lines: list[str]) -> Iterator[Link]:
    """Walk the targets in their order; each is looked for behind the one before."""
    found = 0
    after = Position(1, 1)
    for token in tokens:
        if token.map is None or token.type not in ("inline", "html_block"):
            continue
        after = max(after, Position(token.map[0] + 1, 1))
        for target in (*_targets(token), *HTML_LINK.findall(_html(token))):
            found += 1
            if found > MOST_LINKS:
                return
            place = _place(target, lines, after, token.map[1])
            if place:
                after = Position(place.line, place.column + len(target))
            yield Link(target, place or Position(token.map[0] + 1, 1))


def _targets(token: Token) -> Iterator[str]:
    for inner in token.children or ():
        if inner.type == "link_open":
            yield str(inner.attrGet("href") or "")
        elif inner.type == "image":
            yield str(inner.attrGet("src") or "")
            yield from _targets(inner)


def _place(target: str, lines: list[str], after: Position, last: int) -> Position | None:
    """Find a target in the lines of its block, or else where a reference is defined."""
    if not target:
        return None
    for number, line in enumerate(lines[after.line - 1 : last], after.line):
        start = after.column - 1 if number == after.line else 0
        if (column := line.find(target, start)) >= 0:
            return Position(number, column + 1)
    for number, line in enumerate(lines, 1):
        if line.lstrip().startswith("[") and (column := line.find(f"]: {target}")) >= 0:
            return Position(number, column + 4)
    return None
