"""How do PyYAML's events become plain values, with guards against hostile files?

Only events are used: they come one by one, so a bomb is refused before it grows. Knows YAML alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

from mooring.model.problem import Position, Problem, Rule, shown
from mooring.reading.yaml_scalars import WORDS, in_yaml_1_1, looks_like_date, resolve_plain

DEEPEST = 50
MOST_NODES = 25_000
MOST_PROBLEMS = 20

TOO_DEEP = Rule("YML-4", f"A file nests at most {DEEPEST} levels deep.")
TOO_MANY = Rule("YML-5", f"A file has at most {MOST_NODES} values.")
NO_ALIASES = Rule("YML-6", "Anchors, aliases and merge keys are not used.")
NO_TAGS = Rule("YML-7", "Values have no type tags other than !!str.")
DUPLICATE_KEY = Rule("YML-8", "A key occurs once in a mapping.")
SIMPLE_KEYS = Rule("YML-9", "Keys are plain words, not lists or mappings.")
ONE_DOCUMENT = Rule("YML-10", "A file holds one document.")
RULES = (TOO_DEEP, TOO_MANY, NO_ALIASES, NO_TAGS, DUPLICATE_KEY, SIMPLE_KEYS, ONE_DOCUMENT)

STRING_TAGS = frozenset({"!", "tag:yaml.org,2002:str"})
COLLECTION_TAGS = frozenset({"tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"})

KeyPath = tuple[str | int, ...]


class Refused(Exception):
    """The rest of the file is not looked at; ``problem`` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """An unquoted key or value that YAML 1.1 reads otherwise, as ``otherwise`` says."""

    path: KeyPath
    position: Position
    written: str
    otherwise: str
    is_key: bool = False


class Composer:
    """Composes one file; afterwards ``value`` is the document if ``usable``."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.value: Any = None
        self.usable = True
        self.problems: list[Problem] = []
        self.values: dict[KeyPath, Position] = {}
        self.keys: dict[KeyPath, Position] = {}
        self.written: dict[KeyPath, str] = {}
        self.ambiguous: list[Ambiguous] = []
        self._nodes = 0

    def compose(self, text: str) -> None:
        """Compose the document in ``text``. Raises Refused, or PyYAML's error for bad syntax."""
        self._parser = yaml.CSafeLoader(text)
        try:
            documents = 0
            while (event := self._parser.get_event()) is not None:
                if isinstance(event, yaml.DocumentStartEvent):
                    documents += 1
                    if documents > 1:
                        self._refuse(ONE_DOCUMENT, event, "A second document begins here", "---")
                    self.value = self._node(self._parser.get_event(), ())
        finally:
            self._parser.dispose()

    def _node(self, event: Any, path: KeyPath) -> Any:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            self._refuse(TOO_MANY, event, f"The file has more than {MOST_NODES} values", "data")
        self.values[path] = _position(event)
        if isinstance(event, yaml.AliasEvent):
            return self._no_alias(event, f"*{event.anchor}")
        if event.anchor is not None:
            self._no_alias(event, f"&{event.anchor}")
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, path)
        if len(path) >= DEEPEST:
            self._refuse(TOO_DEEP, event, f"The file nests more than {DEEPEST} levels", "nesting")
        if event.tag is not None and event.tag not in COLLECTION_TAGS:
            self._no_tag(event)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(path)
        return self._mapping(path)

    def _sequence(self, path: KeyPath) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := self._parser.get_event(), yaml.SequenceEndEvent):
            items.append(self._node(event, (*path, len(items))))
        return items

    def _mapping(self, path: KeyPath) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        while not isinstance(event := self._parser.get_event(), yaml.MappingEndEvent):
            key = self._key(event, mapping, path)
            # The first of two equal keys counts; the places of the second go nowhere.
            place = (*path, f"{key}\0again" if key in mapping else key)
            self.keys[place] = _position(event)
            mapping.setdefault(key, self._node(self._parser.get_event(), place))
        return mapping

    def _key(self, event: Any, mapping: dict[str, Any], path: KeyPath) -> str:
        """Read a key; as in OCP every key is a string, whatever it looks like."""
        if not isinstance(event, yaml.ScalarEvent):
            if isinstance(event, yaml.AliasEvent):
                self._refuse(NO_ALIASES, event, f"An alias (*{event.anchor}) is used", "anchors")
            self._refuse(SIMPLE_KEYS, event, "A list or mapping is used as a key", "braces")
        if event.anchor is not None:
            self._no_alias(event, f"&{event.anchor}")
        key = str(event.value)
        if event.implicit[0] and key in WORDS:
            self._note(event, (*path, key), is_key=True)
        if key == "<<" and event.implicit[0]:
            self._no_alias(event, "<<")
        elif key in mapping:
            first = self.keys[(*path, key)].line
            self._report(
                DUPLICATE_KEY,
                event,
                f"The key {shown(key)} occurs twice; it was first set in line {first}.",
                "Keep one of the two.",
            )
        return key

    def _scalar(self, event: yaml.ScalarEvent, path: KeyPath) -> Any:
        text = str(event.value)
        plain, _ = event.implicit
        if event.tag is not None and event.tag not in STRING_TAGS:
            return self._no_tag(event)
        if not plain:
            return text
        value = resolve_plain(text)
        if text in WORDS or not isinstance(value, str) or text[:1].isdigit():
            self._note(event, path)
        if not isinstance(value, str) or looks_like_date(text):
            self.written[path] = text
        return value

    def _note(self, event: yaml.ScalarEvent, path: KeyPath, *, is_key: bool = False) -> None:
        written = str(event.value)
        if otherwise := in_yaml_1_1(written):
            found = Ambiguous(path, _position(event), written, otherwise, is_key)
            self.ambiguous.append(found)

    def _no_alias(self, event: Any, what: str) -> None:
        self.usable = False
        self._report(
            NO_ALIASES,
            event,
            f"Anchors, aliases and merge keys are not allowed here: {shown(what)}.",
            "Write the values out, or quote the text if it only begins with that character.",
        )

    def _no_tag(self, event: Any) -> None:
        self.usable = False
        self._report(
            NO_TAGS,
            event,
            f"The type tag {shown(event.tag)} is not allowed here.",
            "Leave it out, or quote the text if it only begins with an exclamation mark.",
        )

    def _report(self, rule: Rule, event: Any, message: str, hint: str) -> None:
        problem = rule.at(self.file, _position(event), message, hint=hint)
        if len(self.problems) >= MOST_PROBLEMS:
            raise Refused(problem)
        self.problems.append(problem)

    def _refuse(self, rule: Rule, event: Any, what: str, remedy: str) -> None:
        raise Refused(rule.at(self.file, _position(event), f"{what}.", hint=REMEDIES[remedy]))


REMEDIES = {
    "---": "Put each document into a file of its own, and remove the line ---.",
    "data": "A manifest, form or schema is small; put data elsewhere.",
    "anchors": "Write the values out.",
    "nesting": "Flatten it.",
    "braces": "Quote text that begins with { or [.",
}


def _position(event: Any) -> Position:
    return Position(event.start_mark.line + 1, event.start_mark.column + 1)
