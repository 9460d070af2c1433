"""What does an app claim about its own quality? Reads ``quality.yml``.

``level`` is the level that the app wants to be held to; under ``rules`` each rule is ``done``, or
``exempt`` with the reason why.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mooring.model.known_names import nearest
from mooring.model.problem import Position, Problem, Rule, Severity, shown
from mooring.quality.rule import Level
from mooring.reading.yaml_composer import KeyPath
from mooring.reading.yaml_reader import YamlDocument, read_yaml

FILE = "quality.yml"

SHAPE = Rule("QLT-1", "`quality.yml` has `level` and `rules`, and nothing else.")
LEVEL = Rule("QLT-2", "`level` in `quality.yml` is one of the levels.")
KNOWN = Rule("QLT-3", "Rules in `quality.yml` are rules that exist.")
STATED = Rule("QLT-4", "A rule in `quality.yml` is `done`, or `exempt` with a reason.")
TRUE = Rule("QLT-5", "What `quality.yml` claims as `done` is so.")
NEEDED = Rule("QLT-6", "An exemption in `quality.yml` is needed.", Severity.WARNING)
RULES = (SHAPE, LEVEL, KNOWN, STATED, TRUE, NEEDED)

FORM = "Write `RULE: done`, or `RULE: {exempt: the reason why}`."


@dataclass(frozen=True, slots=True)
class Claims:
    """What ``quality.yml`` says: places of what is done, reasons and places of what is exempt."""

    level: Level | None = None
    done: Mapping[str, Position] = field(default_factory=dict)
    exempt: Mapping[str, tuple[str, Position]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def read_claims(root: Path, *, rules: Iterable[str]) -> Claims:
    """Read the claims of the app in ``root`` about ``rules``; none when there is no file."""
    if not (root / FILE).exists():
        return Claims()
    document = read_yaml(root / FILE, file=FILE)
    if not document.usable:
        return Claims(problems=document.problems)
    known = list(rules)
    problems = [*document.problems, *_faults_of_shape(document)]
    problems += [fault for path in _entries(document) if (fault := _fault(document, path, known))]
    sound = [path for path in _entries(document) if _fault(document, path, known) is None]
    return Claims(
        level=_level(document),
        done={_id(p): document.key_position(p) for p in sound if document.get(p) == "done"},
        exempt={
            _id(path): (str(document.get((*path, "exempt"))), document.key_position(path))
            for path in sound
            if document.get(path) != "done"
        },
        problems=tuple(problems),
    )


def _id(path: KeyPath) -> str:
    return str(path[-1])


def _entries(document: YamlDocument) -> list[KeyPath]:
    return [("rules", name) for name in document.mapping(("rules",))]


def _level(document: YamlDocument) -> Level | None:
    written = document.get(("level",))
    return Level(written) if written in list(Level) else None


def _faults_of_shape(document: YamlDocument) -> Iterator[Problem]:
    whole = document.value
    if not isinstance(whole, dict):
        message = f"{FILE} should be a mapping with `level` and `rules`."
        yield SHAPE.at(FILE, document.position(()), message, hint="Begin with: level: bronze")
        return
    for name in whole:
        if name not in ("level", "rules"):
            message = f"{shown(name)} is not a property of {FILE}."
            hint = "There are `level` and `rules`."
            yield SHAPE.at(FILE, document.key_position((name,)), message, hint=hint)
    if "rules" in whole and not isinstance(whole["rules"], dict):
        message = "`rules` should be a mapping of rules to what holds for them."
        yield SHAPE.at(FILE, document.position(("rules",)), message, hint=FORM)
    if "level" in whole and _level(document) is None:
        message = f"{shown(whole['level'])} is not a level."
        hint = f"There are: {', '.join(Level)}."
        yield LEVEL.at(FILE, document.position(("level",)), message, hint=hint)


def _fault(document: YamlDocument, path: KeyPath, known: list[str]) -> Problem | None:
    name, claim = str(path[-1]), document.get(path)
    if name not in known:
        hint = f"{nearest(name, known)}`mooring check --rules` lists them."
        message = f"There is no rule {shown(name)}."
        return KNOWN.at(FILE, document.key_position(path), message, hint=hint)
    if claim == "done":
        return None
    if not isinstance(claim, dict) or list(claim) != ["exempt"]:
        message = f"`{name}` should be `done`, or `exempt` with a reason."
        return STATED.at(FILE, document.position(path), message, hint=FORM)
    reason = claim["exempt"]
    if not isinstance(reason, str) or len(reason.split()) < 3:
        message = f"`{name}` is exempt without a reason."
        hint = "Say in a sentence why the rule does not fit this app."
        return STATED.at(FILE, document.position((*path, "exempt")), message, hint=hint)
    return None
