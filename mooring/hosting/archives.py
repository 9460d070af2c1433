"""How is what an uninstalled app had kept in a file of this home, and brought back from it?"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from mooring.adapters import app_folders
from mooring.adapters.archive_file import (
    SUFFIX,
    Label,
    read_label,
    read_records,
    write_archive,
)
from mooring.adapters.installation_records import InstallationRecords
from mooring.adapters.secrets.aes import new_key
from mooring.engine.scheduler import first_due
from mooring.errors import ArchiveInvalid, Conflict, MooringError, NotFound
from mooring.model.account import account_option
from mooring.model.installation import Installation, InstallationState
from mooring.model.moment import iso

if TYPE_CHECKING:
    from mooring.hosting.host import Host


class AppArchives:
    """The archives of one host's home; their keys are in its secret store."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def write(self, installation: Installation) -> Path:
        """Move what an installation has into a new archive, and return its path.

        Inside of a write, which keeps others from changing it meanwhile.
        """
        now = iso(self._host.clock.now()) or ""
        label = Label(
            archive_id=uuid4().hex,
            install_id=installation.install_id,
            app_id=installation.app_id,
            account=installation.account,
            version=installation.version,
            created_at=now,
        )
        names = (label.app_id, label.account, label.version, now.replace(":", ""))
        path = self._folder / f"{'-'.join(names)}-{label.archive_id[:8]}{SUFFIX}"
        key, records = new_key(), self._records(installation)
        self._host.vault.set(_owner(installation), label.archive_id, key.hex())
        kept = (*app_folders.packed(installation.root), *records.all())
        write_archive(path, label, key=key, records=kept)
        records.drop()
        return path

    def of(self, app_id: str, account: str) -> list[Path]:
        """Return the archives from which an app of an account can be restored, newest first."""
        gone = {one.install_id: one for one in self._host.installations.gone(app_id, account)}
        found = []
        for path in self._folder.glob(f"*{SUFFIX}") if gone else ():
            try:
                label = read_label(path)
            except ArchiveInvalid:
                continue  # whoever restores it is told why
            if label.install_id in gone and self._key(gone[label.install_id], label):
                found.append((label.created_at, path))
        return [path for _, path in sorted(found, reverse=True)]

    def label(self, path: Path) -> Label:
        """Say whose archive a file claims to be. Raises ArchiveInvalid."""
        return read_label(path)

    def restore(self, path: Path, label: Label) -> Installation:
        """Bring an installation back with its addresses, settings, secrets, data and schedules.

        Raises ArchiveInvalid for a file that this home did not write so, Conflict.
        """
        installation, key = self._owned(path, label)
        with self._unpacked(path, key, installation) as folder:
            definition = self._host.lifecycle.read(folder)
            root = self._host.lifecycle.keep_copy(definition)
        if root != installation.root:
            raise ArchiveInvalid(
                "The app in it is not the one that was installed.", where=str(path)
            )
        definition = self._host.definition(installation)
        self._host.lifecycle.check_code(installation)
        self._host.lifecycle.apply_schema(installation.account, definition)
        with self._host.database.write():
            self._put(installation, (r for r in read_records(path, key=key) if "file" not in r))
            self._host.history.record(installation, "restore", message=path.name)
        return self._host.installations.get(installation.install_id)

    def drop(self, installation: Installation) -> None:
        """Delete the archives of an installation, and with their keys every copy of them."""
        for path in self._folder.glob(f"*{SUFFIX}"):
            try:
                if read_label(path).install_id == installation.install_id:
                    path.unlink(missing_ok=True)
            except ArchiveInvalid as error:
                self._host.log.log("warn", "archive.unreadable", {"error": str(error)})
        self._host.vault.delete_all(_owner(installation))

    @property
    def _folder(self) -> Path:
        return self._host.home.path / "archives"

    def _records(self, installation: Installation) -> InstallationRecords:
        host = self._host
        return InstallationRecords(
            installation,
            database=host.database,
            vault=host.vault,
            installations=host.installations,
            schedules=host.schedules,
        )

    def _key(self, installation: Installation, label: Label) -> str | None:
        return self._host.vault.get(_owner(installation), label.archive_id)

    def _owned(self, path: Path, label: Label) -> tuple[Installation, bytes]:
        """Find whose archive it is, and its key, by which it proves to be ours."""
        try:
            installation = self._host.installations.get(label.install_id)
        except NotFound:
            raise _foreign(path) from None
        text = self._key(installation, label)
        if text is None or (installation.app_id, installation.account) != (
            label.app_id,
            label.account,
        ):
            raise _foreign(path)
        if installation.state is not InstallationState.UNINSTALLED:
            raise _present(installation)
        if present := self._host.installations.find(label.app_id, label.account):
            raise _present(present)
        return replace(installation, version=label.version), bytes.fromhex(text)

    @contextmanager
    def _unpacked(self, path: Path, key: bytes, installation: Installation) -> Iterator[Path]:
        """Read the whole archive once, which proves it whole, and lay out the app's folder."""
        apps = installation.root.parent
        apps.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(prefix=".draft-", dir=apps) as draft:
            for record in read_records(path, key=key):
                if "file" in record:
                    try:
                        app_folders.lay_out(Path(draft), record)
                    except ValueError as error:
                        raise ArchiveInvalid(str(error), where=str(path)) from error
            yield Path(draft)

    def _put(self, installation: Installation, records: Iterable[Mapping[str, Any]]) -> None:
        host = self._host
        for schedule, is_on in self._records(installation).put(records):
            next_at = first_due(schedule, host.clock.now()) if is_on else None
            host.schedules.put(replace(schedule, next_at=next_at))
        host.installations.set_state(installation.install_id, InstallationState.INSTALLED)


def _owner(installation: Installation) -> str:
    return f"archives/{installation.install_id}"


def _foreign(path: Path) -> MooringError:
    return ArchiveInvalid(
        "This home has no key for the archive: another home wrote it, or it was purged.",
        where=str(path),
        hint="Restore it with --home naming the home in which the app was uninstalled.",
    )


def _present(installation: Installation) -> Conflict:
    return Conflict(
        f"{installation.app_id} {installation.version} is installed in account "
        f"{installation.account}.",
        hint=f"Uninstall it first: mooring uninstall {installation.app_id}"
        f"{account_option(installation.account)}",
    )
