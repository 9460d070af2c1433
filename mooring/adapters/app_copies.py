"""How does an app's code reach the homes of other machines? Through the database they share.

What is installed in one home is kept there too; sealed, for a copy holds the author's ``.env``. A
home that lacks it takes it from there, and believes it when its digest is the one in its name.
Over SQLite nothing is kept: there is no other home.
"""

from __future__ import annotations

import base64
import json
import tempfile
import zlib
from collections.abc import Collection
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select

from mooring.adapters import app_folders
from mooring.adapters.database import Database, insert
from mooring.adapters.secrets.sealing import MARK, Seal
from mooring.adapters.tables import app_copies
from mooring.errors import AppInvalid, HomeUnusable, NotFound, RecordInvalid
from mooring.sdk.ports import Clock

MOST_BYTES = 32_000_000  # of all files of a version together
PACKED_BYTES = 2 * MOST_BYTES  # names and base64 included


class AppCopies:
    """The app versions that the homes on one database share."""

    def __init__(self, database: Database, *, seal: Seal, clock: Clock) -> None:
        self._database = database
        self._seal = seal
        self._clock = clock

    def store(self, root: Path) -> None:
        """Keep a home's own copy for the others. Raises AppInvalid when it is too large."""
        if not self._database.is_postgresql:
            return
        app_id, name = root.parent.name, root.name
        content = self._seal.close(_packed(root), place=f"{app_id}/{name}")
        now = self._clock.now()
        with self._database.write() as connection:
            row = insert(connection, app_copies).values(
                app_id=app_id, name=name, stored_at=now, content=content
            )
            # An equal one is there already; from now on it is in use again.
            key = [app_copies.c.app_id, app_copies.c.name]
            again = {"stored_at": now, "content": content}
            connection.execute(row.on_conflict_do_update(index_elements=key, set_=again))

    def fetch(self, root: Path) -> None:
        """Lay out here what another home keeps, unless it is here.

        Raises NotFound when nobody kept it, RecordInvalid when it is not what was kept.
        """
        if root.is_dir() or not self._database.is_postgresql:
            return
        app_id, name = root.parent.name, root.name
        wanted = (app_copies.c.app_id == app_id) & (app_copies.c.name == name)
        with self._database.read() as connection:
            content = connection.scalar(select(app_copies.c.content).where(wanted))
        if content is None:
            raise NotFound(
                f"Neither this home nor the database has the files of {app_id} {name}.",
                where=str(root),
                hint="Run `mooring upgrade PATH` with the folder of that version, in the home in "
                "which it was installed; from then on every machine finds it.",
            )
        if not content.startswith(MARK):
            raise _not_as_kept(root, "it is not sealed")
        _laid_out(self._seal.open(content, place=f"{app_id}/{name}"), root)

    def forget(self, app_id: str, *, used: Collection[str]) -> None:
        """Drop versions of an app that nothing refers to, and that nobody stored for a day."""
        if not self._database.is_postgresql:
            return
        before = self._clock.now() - timedelta(seconds=app_folders.KEPT_UNUSED)
        unused = app_copies.c.name.not_in(list(used)) & (app_copies.c.stored_at < before)
        with self._database.write() as connection:
            connection.execute(delete(app_copies).where(app_copies.c.app_id == app_id, unused))


def _packed(root: Path) -> str:
    """Write a folder as one text."""
    try:
        size = app_folders.size(root)
    except OSError as error:
        raise HomeUnusable(
            f"The host's copy of the app cannot be read: {error.strerror or error}.",
            where=str(root),
            hint="Make the home's files readable.",
        ) from error
    if size > MOST_BYTES:
        raise AppInvalid(
            f"The app's files have {size / 1e6:,.1f} MB together; with PostgreSQL, where other "
            f"machines take them from the database, they may have {MOST_BYTES / 1e6:,.0f} MB.",
            hint="Leave out of assets/ and src/ what the app does not need to run.",
        )
    text = json.dumps(list(app_folders.packed(root)))
    return base64.b64encode(zlib.compress(text.encode())).decode("ascii")


def _laid_out(content: str, root: Path) -> None:
    """Make a home's own copy of what another one packed."""
    root.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(prefix=".draft-", dir=root.parent) as draft:
        folder = Path(draft)
        try:
            for record in _unpacked(content):
                app_folders.lay_out(folder, record)
        except (ValueError, KeyError, TypeError, zlib.error) as error:
            raise _not_as_kept(root, str(error)) from error
        app_id, (version, _, digest) = root.parent.name, root.name.rpartition("-")
        digits = max(len(digest), app_folders.DIGITS_ONCE)
        if app_folders.digest(folder)[:digits] != digest:
            raise _not_as_kept(root, "its digest is another one")
        home = root.parent.parent.parent
        app_folders.keep(folder, home, app_id=app_id, version=version, digits=digits)


def _unpacked(content: str) -> list[dict[str, Any]]:
    unpacking = zlib.decompressobj()
    text = unpacking.decompress(base64.b64decode(content, validate=True), PACKED_BYTES)
    if not unpacking.eof:
        raise ValueError("it is too large, or cut off")
    records: list[dict[str, Any]] = json.loads(text)
    return records


def _not_as_kept(root: Path, why: str) -> RecordInvalid:
    return RecordInvalid(
        f"What the database keeps of {root.parent.name} {root.name} is not what was installed: "
        f"{why}.",
        hint="Run `mooring upgrade PATH` with the folder of that version, in the home in which it "
        "was installed.",
    )
