"""Which YAML and Markdown files make an app, and what do they contain? Judges nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from mooring.model.problem import START, Problem, Rule
from mooring.reading.yaml_reader import YamlDocument, read_yaml

if TYPE_CHECKING:
    from mooring.reading.markdown_reader import MarkdownDocument

MANIFEST = "app.yml"
FORMS = ("settings", "content-settings", "content-template")
# The second is where OCP keeps it; both are read.
SCHEMA_FOLDERS = ("schema", "src/schema")
# The sections of the manifest that have schema of their own, in src/<section>/schema.
DATA_SYNC = ("destinations", "sources")
ENDINGS = (".yml", ".yaml")
MOST_FILES = 500

# Of all Markdown pages together, in bytes.
MOST_OF_PAGES = 500_000
# In all files of an app together; every value costs time.
MOST_VALUES = 50_000

TOO_MANY_FILES = Rule("YML-12", f"A folder holds at most {MOST_FILES} schema files.")
TOO_MANY_VALUES = Rule("YML-13", f"The files of an app have at most {MOST_VALUES} values.")
RULES = (TOO_MANY_FILES, TOO_MANY_VALUES)


@dataclass(frozen=True, slots=True)
class AppFiles:
    """The documents of an app; ``forms`` holds those that exist, by name without ending.

    ``data_sync`` are the schema files of sources and destinations; without such a section in the
    manifest the files count as little as they do in OCP.
    """

    root: Path
    manifest: YamlDocument
    forms: dict[str, YamlDocument]
    schema: tuple[YamlDocument, ...]
    data_sync: tuple[YamlDocument, ...] = ()

    def pages(self) -> Iterator[MarkdownDocument]:
        """Read the Markdown files below assets, one after another."""
        # Loading the host and its commands need no Markdown.
        from mooring.reading.markdown_reader import read_markdown

        left = MOST_OF_PAGES
        found = (path for path in (self.root / "assets").rglob("*.md") if path.is_file())
        for path in sorted(islice(found, MOST_FILES)):
            page = read_markdown(path, file=path.relative_to(self.root).as_posix(), most=left)
            left -= page.size
            yield page

    def documents(self) -> Iterator[tuple[YamlDocument, str]]:
        """Walk all documents, each with the name of its JSON Schema."""
        yield self.manifest, "app"
        yield from ((document, "form") for document in self.forms.values())
        yield from ((document, "schema") for document in self.schema)
        yield from ((document, "data_sync") for document in self.data_sync)

    def exists(self, file: str) -> bool:
        """Whether the app has this file; the path is relative to the app's folder."""
        try:
            return (self.root / file).is_file()
        except (OSError, ValueError):
            # No such name is possible, or the folder may not be looked into.
            return False

    def holds(self, path: str) -> bool:
        """Whether the app has this file or folder."""
        try:
            return (self.root / path).exists()
        except (OSError, ValueError):
            return False


def read_app_files(root: Path) -> AppFiles:
    """Read every YAML file of the app in the folder ``root``. Never raises."""
    forms = {name: f"forms/{name}.yml" for name in FORMS}
    reader = _Reader(root)
    manifest = reader.read(MANIFEST)
    sections = [section for section in DATA_SYNC if section in manifest.mapping(())]
    return AppFiles(
        root=root,
        manifest=manifest,
        forms={n: reader.read(file) for n, file in forms.items() if (root / file).exists()},
        schema=tuple(_in_folders(reader, SCHEMA_FOLDERS)),
        data_sync=tuple(_in_folders(reader, [f"src/{section}/schema" for section in sections])),
    )


class _Reader:
    """Reads YAML files until an app has had its share."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._values = 0

    def read(self, file: str) -> YamlDocument:
        if self._values > MOST_VALUES:
            said = f"{file} was not read; the files before it have too many values together."
            problem = TOO_MANY_VALUES.at(file, START, said, hint="Keep data elsewhere.")
            return YamlDocument(file, problems=(problem,))
        document = read_yaml(self.root / file, file=file)
        self._values += len(document.values)
        return document


def _in_folders(reader: _Reader, folders: Iterable[str]) -> Iterator[YamlDocument]:
    """Read the YAML files that lie directly in each of the folders that exist."""
    for folder in folders:
        try:
            found = (path.name for path in (reader.root / folder).iterdir())
            names = sorted(islice((n for n in found if n.endswith(ENDINGS)), MOST_FILES + 1))
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            # Read as if it were a file, so that it is said to be none.
            yield reader.read(folder)
            continue
        for name in names[:MOST_FILES]:
            yield reader.read(f"{folder}/{name}")
        if len(names) > MOST_FILES:
            yield YamlDocument(folder, problems=(_too_many(folder),))


def _too_many(folder: str) -> Problem:
    said = f"{folder} holds more than {MOST_FILES} schema files; the others were not read."
    return TOO_MANY_FILES.at(folder, START, said, hint="Keep data elsewhere.")
