"""What came of a port, and what is left to do? As data, as a page and as text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from mooring.model.amounts import counted
from mooring.model.problem import Problem, printable


class Topic(StrEnum):
    """What a note is about; in the order of the report."""

    MANIFEST = "manifest"
    CODE = "code"
    PACKAGES = "packages"
    ENVIRONMENT = "environment"
    DOMAINS = "domains"
    FILES = "files"


TITLES = {
    Topic.MANIFEST: "The manifest",
    Topic.CODE: "Code without a counterpart",
    Topic.PACKAGES: "npm packages",
    Topic.ENVIRONMENT: "Environment",
    Topic.DOMAINS: "Hosts that the code names",
    Topic.FILES: "Files that stay behind",
}


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that does not carry over by itself; ``where`` is a place in the OCP app."""

    topic: Topic
    subject: str
    message: str
    where: str = ""

    def to_json(self) -> dict[str, str]:
        """The published shape of a note."""
        return {
            "topic": self.topic.value,
            "subject": printable(self.subject),
            "message": printable(self.message),
            "where": printable(self.where),
        }


@dataclass(frozen=True, slots=True)
class Stub:
    """A class that is to be written, and the TypeScript file that it was in (empty if none)."""

    file: str
    name: str
    base: str
    methods: tuple[str, ...]
    origin: str = ""

    def to_json(self) -> dict[str, Any]:
        """The published shape of a stub."""
        return {
            "file": self.file,
            "class": self.name,
            "base": self.base,
            "methods": list(self.methods),
            "origin": self.origin,
        }


@dataclass(frozen=True, slots=True)
class Report:
    """The whole result: ``unchanged`` files, ``changes`` in others, stubs, notes, problems left."""

    app_id: str
    display_name: str
    version: str
    runtime: str
    unchanged: tuple[str, ...]
    changes: tuple[str, ...]
    stubs: tuple[Stub, ...]
    notes: tuple[Note, ...]
    problems: tuple[Problem, ...] = field(default=())

    @property
    def ok(self) -> bool:
        """Whether the result is a valid app."""
        return not any(problem.is_error for problem in self.problems)

    def to_json(self) -> dict[str, Any]:
        """The published shape (``port --json``)."""
        return {
            "app_id": self.app_id,
            "unchanged": list(self.unchanged),
            "changes": [printable(change) for change in self.changes],
            "stubs": [stub.to_json() for stub in self.stubs],
            "notes": [note.to_json() for note in self.notes],
            "problems": [problem.to_json() for problem in self.problems],
            "ok": self.ok,
        }


def as_text(report: Report) -> str:
    """Write the report for a terminal."""
    lines = [_counts(report), ""]
    lines += _text_part("Changed", [printable(change) for change in report.changes])
    for topic, notes in _by_topic(report.notes):
        lines += _text_part(TITLES[topic], [_one_line(note) for note in notes])
    found = [f"{p.place} {p.rule} {p.message} {p.hint}".rstrip() for p in report.problems]
    lines += _text_part("What validate says", found)
    return "\n".join(lines).rstrip()


def as_page(report: Report) -> str:
    """Write the report as the page PORTING.md."""
    name = _escaped(report.display_name)
    lines = [f"# Porting {name}", "", _counts(report), ""]
    lines += [
        "A stub raises `errors.NotWritten` until it is written; `tests/test_ported.py` lists them.",
        "",
        "| stub | class | to write | was in |",
        "|---|---|---|---|",
    ]
    for stub in report.stubs:
        methods = ", ".join(f"`{method}`" for method in stub.methods)
        origin = f"`{stub.origin}`" if stub.origin else "no TypeScript file was found"
        lines.append(f"| `{stub.file}` | {stub.name}({stub.base}) | {methods} | {origin} |")
    lines += ["", *_page_part("Changed", [_escaped(change) for change in report.changes])]
    for topic, notes in _by_topic(report.notes):
        lines += _page_part(TITLES[topic], [_escaped(_one_line(note)) for note in notes])
    found = [_escaped(f"{p.place} {p.rule} {p.message} {p.hint}".rstrip()) for p in report.problems]
    lines += _page_part("What validate says", found)
    return "\n".join(lines).rstrip() + "\n"


def _counts(report: Report) -> str:
    kept, stubs = len(report.unchanged), sum(len(stub.methods) for stub in report.stubs)
    return (
        f"From {report.runtime} to Python: {counted(kept, 'file')} unchanged, "
        f"{counted(len(report.stubs), 'class', 'classes')} with {counted(stubs, 'method')} to "
        f"write, {counted(len(report.notes), 'thing')} to look at."
    )


def _by_topic(notes: Iterable[Note]) -> list[tuple[Topic, list[Note]]]:
    grouped: dict[Topic, list[Note]] = {topic: [] for topic in Topic}
    for note in notes:
        grouped[note.topic].append(note)
    return [(topic, found) for topic, found in grouped.items() if found]


def _one_line(note: Note) -> str:
    place = f" ({note.where})" if note.where else ""
    return printable(f"{note.subject}: {note.message}{place}")


def _text_part(title: str, lines: Sequence[str]) -> list[str]:
    return [f"{title}:", *(f"  {line}" for line in lines), ""] if lines else []


def _page_part(title: str, lines: Sequence[str]) -> list[str]:
    return [f"## {title}", "", *(f"- {line}" for line in lines), ""] if lines else []


def _escaped(text: str) -> str:
    """Write text for Markdown, so that what an app says is never markup."""
    return "".join(f"\\{c}" if c in "\\`*_[]<>|" else c for c in printable(text))
