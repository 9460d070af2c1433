"""Which YAML files make an app, and what do they contain? Reads them; judges nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mooring.reading.yaml_reader import YamlDocument, read_yaml

MANIFEST = "app.yml"
FORMS = ("settings", "content-settings", "content-template")
# The second is where OCP keeps it; both are read.
SCHEMA_FOLDERS = ("schema", "src/schema")
ENDINGS = (".yml", ".yaml")


@dataclass(frozen=True, slots=True)
class AppFiles:
    """The documents of an app; ``forms`` holds those that exist, by name without ending."""

    root: Path
    manifest: YamlDocument
    forms: dict[str, YamlDocument]
    schema: tuple[YamlDocument, ...]

    def documents(self) -> Iterator[YamlDocument]:
        """Walk all documents."""
        yield self.manifest
        yield from self.forms.values()
        yield from self.schema

    def kind(self, document: YamlDocument) -> str:
        """Name the JSON Schema of one of the documents: ``app``, ``form`` or ``schema``."""
        if document is self.manifest:
            return "app"
        return "schema" if document in self.schema else "form"

    def exists(self, file: str) -> bool:
        """Whether the app has this file; the path is relative to the app's folder."""
        try:
            return (self.root / file).is_file()
        except OSError:
            # No such name is possible, or the folder may not be looked into.
            return False


def read_app_files(root: Path) -> AppFiles:
    """Read every YAML file of the app in the folder ``root``. Never raises."""
    forms = {name: f"forms/{name}.yml" for name in FORMS}
    return AppFiles(
        root=root,
        manifest=read_yaml(root / MANIFEST, file=MANIFEST),
        forms={
            name: read_yaml(root / file, file=file)
            for name, file in forms.items()
            if (root / file).exists()
        },
        schema=tuple(read_yaml(root / file, file=file) for file in _schema_files(root)),
    )


def _schema_files(root: Path) -> Iterator[str]:
    for folder in SCHEMA_FOLDERS:
        try:
            names = sorted(path.name for path in (root / folder).iterdir())
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            # Read as if it were a file, so that it is said to be none.
            yield folder
            continue
        yield from (f"{folder}/{name}" for name in names if name.endswith(ENDINGS))
