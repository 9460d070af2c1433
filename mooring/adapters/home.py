"""What lies where in a host's home folder, and who runs on it?"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from mooring.errors import HomeUnusable


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the running ``serve`` listens (base URLs without trailing slash), and its process."""

    public: str
    console: str
    pid: int


class Home:
    """The folder of one host; created on first use, for its owner's eyes only (mode 0700)."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def open(cls, path: Path) -> Home:
        """Create the folder if need be. Raises HomeUnusable when it cannot be written."""
        try:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise _unusable(path, error) from error
        if not os.access(path, os.W_OK | os.X_OK):
            raise _unusable(path, PermissionError(13, "Permission denied"))
        return cls(path)

    @staticmethod
    def is_there(path: Path) -> bool:
        """Whether a host has a home at ``path``, or what stands in its place cannot be one."""
        try:
            nearest = next(each for each in (path, *path.parents) if each.exists())
            if nearest.is_dir():
                return nearest == path and any(path.iterdir())
        except OSError:
            pass  # unreadable, which is for whoever opens it to say
        return True

    @property
    def database(self) -> Path:
        """The host's own SQLite file."""
        return self.path / "mooring.sqlite"

    @property
    def engine(self) -> Path:
        """The job engine's SQLite file."""
        return self.path / "engine.sqlite"

    @property
    def apps(self) -> Path:
        """The folder of the host's own copies of app versions."""
        return self.path / "apps"

    @property
    def logs(self) -> Path:
        """The folder of the structured log."""
        return self.path / "logs"

    @property
    def lock(self) -> Path:
        """The file that the one process which runs jobs on this home keeps locked."""
        return self.path / "host.lock"

    def odp(self, account: str) -> Path:
        """The embedded ODP's file of one account."""
        return self.path / "odp" / f"{account}.sqlite"

    def record_addresses(self, addresses: Addresses) -> None:
        """Tell other processes where ``serve`` listens."""
        draft = self.path / f".serve-{os.getpid()}.json"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(json.dumps(asdict(addresses)))
        draft.replace(self._addresses)

    def forget_addresses(self) -> None:
        """Remove the record when ``serve`` ends."""
        self._addresses.unlink(missing_ok=True)

    def addresses(self) -> Addresses | None:
        """Return where the running ``serve`` listens; None when none runs."""
        try:
            recorded = Addresses(**json.loads(self._addresses.read_text("utf-8")))
            return recorded if alive(recorded.pid) else None
        except (OSError, ValueError, TypeError, OverflowError):
            # No record, or one that a crash cut short: nobody is known to listen.
            return None

    @property
    def _addresses(self) -> Path:
        return self.path / "serve.json"


def alive(pid: int) -> bool:
    """Whether a process of this machine lives, whoever's it is."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _unusable(path: Path, error: OSError) -> HomeUnusable:
    return HomeUnusable(
        f"The home folder cannot be used: {error.strerror or error}.",
        where=str(path),
        hint="Make it writable, or choose another one with --home DIR or MOORING_HOME.",
    )
