"""Where is the master key kept: in a file of the home, or wherever the operator gives it from?"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from mooring.adapters.durable_names import sync_folder
from mooring.adapters.secrets.master_key import MAKE_ONE, MasterKey, keys_in
from mooring.errors import HomeUnusable, SecretStoreUnusable
from mooring.model.config import HostConfig

FORMER_ONE = "Give back the former key, from a backup if need be."


@dataclass(frozen=True, slots=True)
class KeySource:
    """One place of keys. Those of a home's own file the host makes, rewrites and watches over."""

    place: str
    path: Path | None = None
    text: str | None = field(default=None, repr=False)
    own: bool = False

    def read(self, *, first_use: bool = False) -> tuple[MasterKey, ...]:
        """Read what is there now. Raises SecretStoreUnusable, which quotes nothing."""
        # A new key would not open what the former one has locked.
        mend = MAKE_ONE if first_use else FORMER_ONE
        if self.path is None:
            return keys_in(self.text or "", place=self.place, mend=mend)
        if self.own and first_use:
            self._create()
        elif self.own:
            self._refuse_shared()
        return keys_in(self._content(self.path), place=self.place, mend=mend)

    def write(self, *keys: MasterKey) -> None:
        """Put other keys in the place of a home's own; at any moment the file has all of either."""
        assert self.path is not None, "only a home's own file is rewritten"
        assert self.own, "what the operator gives is the operator's to change"
        draft = self.path.with_name(f".{self.path.name}.draft")
        try:
            _write_private(draft, keys)
            draft.replace(self.path)
            sync_folder(self.path.parent)
        except OSError as error:
            raise _unwritable(self.path, error) from error

    @property
    def mode(self) -> str:
        """Who may read the key's file, as ``0600``; empty where there is no file."""
        if self.path is None or os.name != "posix":
            return ""
        return f"{self.path.stat().st_mode & 0o777:04o}"

    def _create(self) -> None:
        """Write a new key unless there is one; the file appears at once with all it holds."""
        assert self.path is not None, "asked of a file"
        try:
            descriptor, draft = tempfile.mkstemp(prefix=".master-", dir=self.path.parent)
            os.close(descriptor)
            try:
                _write_private(Path(draft), (MasterKey.make(),))
                os.link(draft, self.path)
            finally:
                Path(draft).unlink()
        except FileExistsError:
            # Another process made the key first, or an earlier one did not get further than this.
            return
        except OSError as error:
            raise _unwritable(self.path, error) from error

    def _refuse_shared(self) -> None:
        """Refuse a key file of our own that others may read."""
        assert self.path is not None, "asked of a file"
        if os.name == "posix" and self.path.exists() and self.path.stat().st_mode & 0o077:
            raise SecretStoreUnusable(
                "Others on this machine can read the master key.",
                where=self.place,
                hint=f"Run: chmod 600 {self.path}",
            )

    def _content(self, path: Path) -> str:
        try:
            return path.read_text("ascii")
        except FileNotFoundError as error:
            raise SecretStoreUnusable(
                "The master key is missing.",
                where=self.place,
                hint="Put the file back from a backup; without it the stored secrets are lost and "
                "must be set again in a new home.",
            ) from error
        except (OSError, UnicodeDecodeError) as error:
            raise SecretStoreUnusable(
                "The master key cannot be read.", where=self.place, hint=str(error)
            ) from error


def source_of(config: HostConfig, *, several_machines: bool) -> KeySource:
    """Say where the key is: where the configuration says, else in the home.

    Raises SecretStoreUnusable for several machines whose configuration says nothing.
    """
    if config.master_key is not None:
        return KeySource("MOORING_MASTER_KEY", text=config.master_key)
    if config.master_key_file is not None:
        return KeySource(str(config.master_key_file), path=config.master_key_file)
    if several_machines:
        raise SecretStoreUnusable(
            "With PostgreSQL the master key must be given, the same on every machine.",
            hint=f"Set MOORING_MASTER_KEY or MOORING_MASTER_KEY_FILE. {MAKE_ONE}",
        )
    path = config.home / "master.key"
    return KeySource(str(path), path=path, own=True)


def _write_private(path: Path, keys: tuple[MasterKey, ...]) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    with os.fdopen(os.open(path, flags, 0o600), "w", encoding="ascii") as file:
        file.writelines(f"{key.text}\n" for key in keys)
        file.flush()
        os.fsync(file.fileno())


def _unwritable(path: Path, error: OSError) -> HomeUnusable:
    return HomeUnusable(
        f"The master key cannot be written: {error.strerror or error}.",
        where=str(path),
        hint="Make the home writable, or set MOORING_MASTER_KEY_FILE.",
    )
