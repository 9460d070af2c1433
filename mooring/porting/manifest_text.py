"""Which lines of an app.yml have to change so that it is an app in Python? The others stay."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mooring.errors import EntryPointInvalid
from mooring.model.entry_point import resolve_entry_point
from mooring.model.problem import shown
from mooring.porting.report import Note, Topic
from mooring.reading.node import dotted
from mooring.reading.yaml_composer import KeyPath
from mooring.reading.yaml_reader import YamlDocument

RUNTIME = "python3.11"
# As YAML counts them; the ends stay what they are.
LINES = re.compile("[^\r\n\x85\u2028\u2029]*(?:\r\n|[\r\n\x85\u2028\u2029]|$)")
# Parts that the host refuses, and why. A star stands for any name.
REFUSED: dict[KeyPath, str] = {
    ("ui_extensions",): "extensions of the CMS's pages cannot be hosted",
    ("functions", "*", "accepts"): "calls from the CMS's pages are not known here",
    ("meta", "legal_url"): "OCP no longer knows it either",
    ("meta", "support_email"): "OCP no longer knows it either",
    ("channel", "grouping"): "OCP no longer knows it either",
}
# Parts that are kept and checked, and that this host never calls.
NOT_CALLED = {
    "channel": "it is checked; campaigns are not sent by this host yet",
    "consumers": "OCP's queues no longer exist; nothing calls them",
    "destinations": "they are checked; data syncs are not run by this host yet",
    "liquid_extensions": "they are checked; templates are not rendered by this host yet",
    "sources": "they are checked; data syncs are not run by this host yet",
}

OF_FUNCTIONS = {
    "opal_tool": "it is an ordinary function here; nothing registers it with Opal",
}


@dataclass(slots=True)
class ManifestText:
    """The text of an app.yml while it changes; each change is noted."""

    document: YamlDocument
    lines: list[str]
    changes: list[str]
    notes: list[Note]

    @property
    def text(self) -> str:
        """The text as it is now."""
        return "".join(self.lines)


def for_python(text: str, document: YamlDocument) -> ManifestText:
    """Change what has to change."""
    edited = ManifestText(document, LINES.findall(text), [], [])
    _set(edited, ("runtime",), RUNTIME)
    for path in _entry_points(document):
        _name_class(edited, path)
    for pattern, reason in REFUSED.items():
        for path in _matching(document, pattern):
            _leave_out(edited, path, reason)
    _say_what_is_not_called(edited)
    return edited


def _set(edited: ManifestText, path: KeyPath, value: str) -> None:
    """Replace a text that stands on one line, with its quotes."""
    old = edited.document.text(path)
    if not old:
        return
    place = edited.document.position(path)
    line = edited.lines[place.line - 1]
    start = place.column - 1
    for written in (old, f'"{old}"', f"'{old}'"):
        if line.startswith(written, start):
            edited.lines[place.line - 1] = line[:start] + value + line[start + len(written) :]
            edited.changes.append(
                f"app.yml:{place.line}: {dotted(path)} is {value} instead of {old}"
            )
            return
    message = f"write {value} instead of {shown(old)} by hand."
    edited.notes.append(Note(Topic.MANIFEST, dotted(path), message, f"app.yml:{place.line}"))


def _entry_points(document: YamlDocument) -> Iterator[KeyPath]:
    for section in ("functions", "jobs", "liquid_extensions", "destinations"):
        yield from ((section, name, "entry_point") for name in document.mapping((section,)))


def class_name(entry_point: str) -> str:
    """Return the name of the class that an entry point has in Python."""
    try:
        return resolve_entry_point("function", entry_point)[1]
    except EntryPointInvalid:
        name = re.sub(r"\W+", "_", entry_point, flags=re.ASCII).strip("_") or "Unnamed"
        return f"{'' if name[0].isalpha() else 'A'}{name[0].upper()}{name[1:]}_"


def _name_class(edited: ManifestText, path: KeyPath) -> None:
    entry_point = edited.document.text(path)
    if entry_point and (name := class_name(entry_point)) != entry_point:
        _set(edited, path, name)


def _matching(document: YamlDocument, pattern: KeyPath) -> Iterator[KeyPath]:
    found: list[KeyPath] = [()]
    for step in pattern:
        keys = [(path, [*document.mapping(path)] if step == "*" else [step]) for path in found]
        found = [(*p, key) for p, names in keys for key in names if key in document.mapping(p)]
    yield from found


def _leave_out(edited: ManifestText, path: KeyPath, reason: str) -> None:
    """Turn a key and everything below it into comments."""
    place = edited.document.key_position(path)
    first = place.line - 1
    indent = place.column - 1
    where = f"app.yml:{place.line}"
    if edited.lines[first][:indent].strip(" "):
        message = f"take it out by hand: {reason}."
        edited.notes.append(Note(Topic.MANIFEST, dotted(path), message, where))
        return
    for number in range(first, _end_of_block(edited.lines, first, indent)):
        line = edited.lines[number]
        if line.strip():
            edited.lines[number] = f"{line[:indent]}# {line[indent:]}"
    edited.changes.append(f"{where}: {dotted(path)} is commented out")
    edited.notes.append(
        Note(Topic.MANIFEST, dotted(path), f"it does not carry over: {reason}.", where)
    )


def _end_of_block(lines: list[str], first: int, indent: int) -> int:
    end = first + 1
    for number in range(first + 1, len(lines)):
        line = lines[number]
        text = line.lstrip(" ")
        if not text.strip():
            continue
        depth = len(line) - len(text)
        if depth < indent or (depth == indent and not text.startswith(("- ", "-\n", "-\r"))):
            break
        end = number + 1
    return end


def _say_what_is_not_called(edited: ManifestText) -> None:
    document = edited.document
    for section, message in NOT_CALLED.items():
        if document.get((section,)):
            where = f"app.yml:{document.key_position((section,)).line}"
            edited.notes.append(Note(Topic.MANIFEST, section, f"{message}.", where))
    for name in document.mapping(("functions",)):
        for key, message in OF_FUNCTIONS.items():
            path: KeyPath = ("functions", name, key)
            if document.get(path):
                where = f"app.yml:{document.key_position(path).line}"
                edited.notes.append(Note(Topic.MANIFEST, dotted(path), f"{message}.", where))
