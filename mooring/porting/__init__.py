"""How does an OCP app in TypeScript become one in Python? Files and a report; nothing is written.

Manifest, forms, schema and assets stay what they are but for the lines that must change. Of the
code only names are taken: every class becomes a stub that says it is not written yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mooring.porting.entry_points import EntryPoint, Origins, entry_points
from mooring.porting.findings import findings
from mooring.porting.manifest_text import for_python
from mooring.porting.ocp_app import OcpApp, read_ocp_app
from mooring.porting.packages import Counterpart, counterparts
from mooring.porting.report import Report, Stub
from mooring.porting.skeleton import skeleton
from mooring.porting.stubs import Draft, draft, module_text
from mooring.reading.app_files import MANIFEST
from mooring.reading.yaml_reader import YamlDocument

__all__ = ["Ported", "port_app"]

PACKAGE = "__init__.py"
# What Node brings itself, as far as apps use it.
NODE = frozenset(
    {"assert", "buffer", "child_process", "crypto", "dns", "events", "fs", "http", "https", "net"}
    | {"os", "path", "perf_hooks", "process", "punycode", "querystring", "readline", "stream"}
    | {"string_decoder", "timers", "tls", "url", "util", "worker_threads", "zlib"}
)


@dataclass(frozen=True, slots=True)
class Ported:
    """What is to be written, file by file, the report, and what stands in for npm packages."""

    files: dict[str, str | bytes]
    report: Report
    counterparts: tuple[Counterpart, ...]


def port_app(source: Path) -> Ported:
    """Port the app in the folder ``source``. Raises UsageError and AppInvalid."""
    app = read_ocp_app(source)
    manifest = for_python(app.manifest_text, app.manifest)
    drafts = _drafts(app)
    modules = _modules(drafts)
    packages = tuple(counterparts([*app.packages, *_imported(app)]))
    files: dict[str, str | bytes] = {**app.carried, MANIFEST: manifest.text}
    files |= {file: module_text(held) for file, held in modules.items()}
    files |= {f"{folder}/{PACKAGE}": "" for folder in _folders(modules)}
    files["tests/test_ported.py"] = skeleton(drafts)
    report = Report(
        app_id=app.manifest.text(("meta", "app_id")) or "",
        display_name=app.manifest.text(("meta", "display_name")) or "",
        version=app.manifest.text(("meta", "version")) or "",
        runtime=str(app.manifest.text(("runtime",))),
        unchanged=tuple(sorted(app.carried)),
        changes=tuple(manifest.changes),
        stubs=tuple(_stub(each) for each in drafts),
        notes=(*manifest.notes, *findings(app, drafts, packages), *app.notes),
    )
    return Ported(files, report, packages)


def _drafts(app: OcpApp) -> list[Draft]:
    origins = Origins(app)
    named = dict.fromkeys(entry_points(app.manifest))
    seen: dict[tuple[str, str], EntryPoint] = {}
    for each in named:
        # One class may serve several functions; it is written once.
        seen.setdefault((each.file, each.name), each)
    return [
        draft(each, origins.find(each), by_manifest=_by_manifest(app.manifest, each))
        for each in seen.values()
    ]


def _by_manifest(manifest: YamlDocument, entry_point: EntryPoint) -> Iterator[str]:
    """Name the methods that a channel has because its manifest says so."""
    if entry_point.kind == "channel":
        if manifest.get(("channel", "options", "prepare")) is not False:
            yield "prepare"
        if manifest.get(("channel", "targeting")) == "dynamic":
            yield "target"


def _modules(drafts: list[Draft]) -> dict[str, list[Draft]]:
    modules: dict[str, list[Draft]] = {}
    for each in drafts:
        modules.setdefault(each.entry_point.file, []).append(each)
    return modules


def _folders(modules: dict[str, list[Draft]]) -> set[str]:
    parents = {parent for file in modules for parent in Path(file).parents}
    return {parent.as_posix() for parent in parents if parent != Path()}


def _imported(app: OcpApp) -> Iterator[str]:
    """Name the packages that the code imports; what Node brings is none."""
    for source in app.sources:
        for name in source.imports:
            parts = name.split("/")
            if not name.startswith((".", "/", "node:")) and parts[0] not in NODE:
                yield "/".join(parts[: 2 if name.startswith("@") else 1])


def _stub(draft: Draft) -> Stub:
    entry, origin = draft.entry_point, draft.origin
    return Stub(
        entry.file, entry.name, entry.base, draft.methods, origin.file.file if origin else ""
    )
