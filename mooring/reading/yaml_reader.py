"""How does a YAML file become plain values that remember their place?

PyYAML parses; its event stream is guarded (size, depth, nodes, no anchors, no tags) and composed
here, so that hostile files cost nothing and every key and value keeps its line and column. What is
wrong becomes a Problem, never an exception. This module knows nothing of apps.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from mooring.model.problem import START, Position, Problem, Rule
from mooring.reading.yaml_composer import RULES as COMPOSER_RULES
from mooring.reading.yaml_composer import TOO_DEEP, Ambiguous, Composer, KeyPath, Refused

LARGEST = 1_000_000

CANNOT_BE_READ = Rule("YML-1", "Every file of the app can be read as UTF-8 text.")
TOO_LARGE = Rule("YML-2", f"A file has at most {LARGEST} bytes.")
NOT_YAML = Rule("YML-3", "A file is one well-formed YAML document.")
RULES = (CANNOT_BE_READ, TOO_LARGE, NOT_YAML, *COMPOSER_RULES)

UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
LINE_BREAK = re.compile("\r\n|[\r\n]")


@dataclass(frozen=True, slots=True)
class YamlDocument:
    """One YAML file: its plain ``value``, the places of it, and what is wrong with it.

    ``usable`` is false when the value is missing or incomplete; then only ``problems`` counts.
    ``written`` has the text of unquoted scalars that are no strings, and of dates; ``ambiguous``
    what other readers understand otherwise.
    """

    file: str
    value: Any = None
    usable: bool = False
    problems: tuple[Problem, ...] = ()
    values: Mapping[KeyPath, Position] = field(default_factory=dict, repr=False)
    keys: Mapping[KeyPath, Position] = field(default_factory=dict, repr=False)
    written: Mapping[KeyPath, str] = field(default_factory=dict, repr=False)
    ambiguous: tuple[Ambiguous, ...] = field(default=(), repr=False)

    def position(self, path: KeyPath) -> Position:
        """Return the place of a value, else of the nearest thing around it."""
        while path and path not in self.values:
            path = path[:-1]
        return self.values.get(path, START)

    def key_position(self, path: KeyPath) -> Position:
        """Return the place of a key; of the value where there is none (items of a list)."""
        return self.keys.get(path) or self.position(path)

    def get(self, path: KeyPath) -> Any:
        """Return the value at a path, or None."""
        value = self.value
        for step in path:
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    def text(self, path: KeyPath) -> str | None:
        """Return the string at a path, or None when there is none."""
        value = self.get(path)
        return value if isinstance(value, str) else None

    def mapping(self, path: KeyPath) -> dict[str, Any]:
        """Return the mapping at a path; an empty one when there is none."""
        value = self.get(path)
        return value if isinstance(value, dict) else {}

    def items(self, path: KeyPath) -> list[Any]:
        """Return the list at a path; an empty one when there is none."""
        value = self.get(path)
        return value if isinstance(value, list) else []


def read_yaml(path_or_text: Path | str, *, file: str) -> YamlDocument:
    """Read a YAML file (or text); ``file`` is the name that problems carry. Never raises."""
    if isinstance(path_or_text, str):
        return parse_yaml(path_or_text, file=file)
    try:
        content = _content(path_or_text)
    except OSError as error:
        problem = CANNOT_BE_READ.at(
            file,
            START,
            f"{file} cannot be read: {error.strerror or error}.",
            hint="Make it a regular file that you may read.",
        )
        return YamlDocument(file, problems=(problem,))
    return parse_yaml(content, file=file)


def parse_yaml(content: bytes | str, *, file: str) -> YamlDocument:
    """Parse what a file contains. Never raises."""
    text = content if isinstance(content, str) else content.decode("utf-8", "surrogateescape")
    text = text.removeprefix("\ufeff")
    if problem := _unsuitable(content, text, file):
        return YamlDocument(file, problems=(problem,))
    composer = Composer(file)
    try:
        composer.compose(text)
    except Refused as refusal:
        return YamlDocument(file, problems=(*composer.problems, refusal.problem))
    except yaml.YAMLError as error:
        return YamlDocument(file, problems=(*composer.problems, _malformed(error, text, file)))
    return YamlDocument(
        file,
        value=composer.value,
        usable=composer.usable,
        problems=tuple(composer.problems),
        values=composer.values,
        keys=composer.keys,
        written=composer.written,
        ambiguous=tuple(composer.ambiguous),
    )


def _content(path: Path) -> bytes:
    if not path.is_file():
        raise OSError(0, "it is not a file" if path.exists() else "it does not exist")
    with path.open("rb") as stream:
        return stream.read(LARGEST + 1)


def _unsuitable(content: bytes | str, text: str, file: str) -> Problem | None:
    if len(content) > LARGEST:
        return TOO_LARGE.at(
            file,
            START,
            f"{file} is larger than {LARGEST} bytes.",
            hint="A manifest, form or schema is small; put data elsewhere.",
        )
    if found := UNPRINTABLE.search(text):
        character = found[0]
        broken = "\udc80" <= character <= "\udcff"
        what = "is not UTF-8 text" if broken else f"holds the character U+{ord(character):04X}"
        return CANNOT_BE_READ.at(
            file,
            _position_of(text, found.start()),
            f"{file} {what} here.",
            hint="Save the file as UTF-8 text without control characters.",
        )
    return None


def _malformed(error: yaml.YAMLError, text: str, file: str) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    position = Position(mark.line + 1, mark.column + 1) if mark else START
    what = " ".join(filter(None, (getattr(error, n, None) for n in ("context", "problem"))))
    rule = TOO_DEEP if "nesting depth" in what else NOT_YAML
    return rule.at(
        file,
        position,
        f"{file} is not well-formed YAML: {what or 'it cannot be parsed'}.",
        hint=_remedy(what, text, position),
    )


def _remedy(what: str, text: str, position: Position) -> str:
    lines = LINE_BREAK.split(text)
    line = lines[position.line - 1] if position.line <= len(lines) else ""
    if "alias" in what:
        return 'Text that begins with * must be quoted, as in cron: "* * * ? * *".'
    if "anchor" in what:
        return "Text that begins with & must be quoted."
    if "\t" in line[: position.column]:
        return "Indent with spaces; YAML does not allow tabs there."
    if "cannot start any token" in what:
        return "Text that begins with % @ or ` must be quoted."
    if "mapping values are not allowed" in what:
        return 'Check the indentation, and quote text that contains ": ".'
    return "Check indentation, quotes and brackets on this line and the one before."


def _position_of(text: str, index: int) -> Position:
    breaks = list(LINE_BREAK.finditer(text, 0, index))
    start = breaks[-1].end() if breaks else 0
    return Position(len(breaks) + 1, index - start + 1)
