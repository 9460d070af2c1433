"""Which classes does an OCP manifest name, of which kind, and where were they in TypeScript?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mooring.model.entry_point import FOLDERS, module_file, resolve_entry_point
from mooring.porting.manifest_text import class_name
from mooring.porting.ocp_app import OcpApp
from mooring.porting.typescript import Method, TypeScriptClass, TypeScriptFile
from mooring.reading.yaml_composer import KeyPath
from mooring.reading.yaml_reader import YamlDocument

# Where OCP keeps the classes of a kind, where it is not where we do.
OCP_FOLDERS = {**FOLDERS, "liquid_extension": "liquid-extensions", "source_job": "sources/jobs"}
# An app with extensions of the CMS keeps the rest below src/backend.
ROOTS = ("src", "src/backend")


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """A class to be written: its kind, its base in the SDK, and where it was."""

    kind: str
    base: str
    written: str
    description: str = ""

    @property
    def name(self) -> str:
        """The class."""
        return class_name(self.written)

    @property
    def file(self) -> str:
        """The file of the class, relative to the app."""
        return module_file(resolve_entry_point(self.kind, self.name)[0])


def entry_points(manifest: YamlDocument) -> Iterator[EntryPoint]:
    """Walk what the manifest names, and what every app or channel has without naming it."""
    for path, kind, base in _named(manifest):
        if written := manifest.text((*path, "entry_point")):
            described = manifest.text((*path, "description")) or ""
            yield EntryPoint(kind, base, written, described)
    yield EntryPoint("lifecycle", "Lifecycle", "Lifecycle")
    if manifest.get(("channel",)):
        yield EntryPoint("channel", "Channel", "Channel")


def _named(manifest: YamlDocument) -> Iterator[tuple[KeyPath, str, str]]:
    for name in manifest.mapping(("functions",)):
        is_global = manifest.get(("functions", name, "global")) is True
        yield ("functions", name), "function", "GlobalFunction" if is_global else "Function"
    for name in manifest.mapping(("jobs",)):
        yield ("jobs", name), "job", "Job"
    for name in manifest.mapping(("liquid_extensions",)):
        yield ("liquid_extensions", name), "liquid_extension", "LiquidExtension"
    for name in manifest.mapping(("destinations",)):
        yield ("destinations", name), "destination", "Destination"
        yield ("destinations", name, "schema"), "destination", "DestinationSchemaFunction"
    for name in manifest.mapping(("sources",)):
        yield ("sources", name, "schema"), "source", "SourceSchemaFunction"
        yield ("sources", name, "function"), "source", "SourceFunction"
        yield ("sources", name, "lifecycle"), "source", "SourceLifecycle"
        for job in manifest.mapping(("sources", name, "jobs")):
            yield ("sources", name, "jobs", job), "source_job", "SourceJob"


@dataclass(frozen=True, slots=True)
class Origin:
    """The TypeScript class behind an entry point, with the methods that it inherits in the app."""

    file: TypeScriptFile
    declared: TypeScriptClass
    methods: Mapping[str, tuple[str, Method]]
    sdk_base: str


class Origins:
    """The TypeScript classes of an app."""

    def __init__(self, app: OcpApp) -> None:
        self._files = {source.file: source for source in app.sources}
        self._classes = {c.name: (f, c) for f in app.sources for c in f.classes}

    def find(self, entry_point: EntryPoint) -> Origin | None:
        """Find the class of an entry point: in its file, else anywhere in the app."""
        name = entry_point.written
        for root in ROOTS:
            stem = f"{root}/{OCP_FOLDERS[entry_point.kind]}/{name}"
            for file in (f"{stem}.ts", f"{stem}.tsx", f"{stem}/index.ts"):
                if found := self._in(file, name):
                    return self._with_ancestors(*found)
        known = self._classes.get(name)
        return self._with_ancestors(*known) if known else None

    def _in(self, file: str, name: str) -> tuple[TypeScriptFile, TypeScriptClass] | None:
        read = self._files.get(file)
        declared = next((c for c in read.classes if c.name == name), None) if read else None
        return (read, declared) if read and declared else None

    def _with_ancestors(self, file: TypeScriptFile, declared: TypeScriptClass) -> Origin:
        methods: dict[str, tuple[str, Method]] = {}
        at: tuple[TypeScriptFile, TypeScriptClass] | None = (file, declared)
        base, seen = "", set()
        while at is not None and at[1].name not in seen:
            seen.add(at[1].name)
            methods = {m.name: (at[0].file, m) for m in at[1].methods} | methods
            base = at[1].base
            # A class may extend one of its own name, which then is the SDK's.
            at = self._classes.get(base) if base != at[1].name else None
        return Origin(file, declared, methods, base)
