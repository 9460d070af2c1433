"""Under which key are secrets encrypted, and is it the one that this database was written with?"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from mooring.adapters.database import Database
from mooring.errors import HomeUnusable, SecretStoreUnusable
from mooring.model.config import HostConfig

KEY_BYTES = 32
KEY_ID = "secrets.key_id"
MAKE_ONE = "Make one with: openssl rand -base64 32"
FORMER_ONE = "Give back the former key, from a backup if need be."


@dataclass(frozen=True, slots=True)
class MasterKey:
    """An AES-256 key; ``key_id`` tells keys apart without telling anything about them."""

    secret: bytes = field(repr=False)

    @property
    def key_id(self) -> str:
        """Sixteen hexadecimal digits, always the same for the same key."""
        return hmac.digest(self.secret, b"mooring master key id", hashlib.sha256)[:8].hex()


def master_key(config: HostConfig, database: Database) -> MasterKey:
    """Return the key of this home, making it on first use.

    Raises SecretStoreUnusable when it is missing, malformed or not the one used before.
    """
    recorded = database.recorded(KEY_ID)
    key, place = _found(config, database, first_use=recorded is None)
    recorded = recorded or database.record_once(KEY_ID, key.key_id)
    if key.key_id != recorded:
        raise SecretStoreUnusable(
            "This is not the master key that the secrets were encrypted with "
            f"(it is {key.key_id}, they need {recorded}).",
            where=place,
            hint=FORMER_ONE,
        )
    return key


def _found(config: HostConfig, database: Database, *, first_use: bool) -> tuple[MasterKey, str]:
    """Find the key where the configuration says, else in the home; tell the place."""
    # A new key would not open what the former one has locked.
    mend = MAKE_ONE if first_use else FORMER_ONE
    if config.master_key is not None:
        return _parsed(config.master_key, "MOORING_MASTER_KEY", mend), "MOORING_MASTER_KEY"
    if config.master_key_file is not None:
        return _read(config.master_key_file, mend), str(config.master_key_file)
    if database.is_postgresql:
        raise SecretStoreUnusable(
            "With PostgreSQL the master key must be given, the same on every machine.",
            hint=f"Set MOORING_MASTER_KEY or MOORING_MASTER_KEY_FILE. {MAKE_ONE}",
        )
    path = config.home / "master.key"
    if first_use:
        _create(path)
    else:
        _refuse_shared(path)
    return _read(path, mend), str(path)


def _create(path: Path) -> None:
    """Write a new key unless there is one; the file appears at once with all it holds."""
    try:
        descriptor, draft = tempfile.mkstemp(prefix=".master-", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
                file.flush()
                os.fsync(file.fileno())
            os.link(draft, path)
        finally:
            Path(draft).unlink()
    except FileExistsError:
        # Another process made the key first, or an earlier one did not get further than this.
        return
    except OSError as error:
        raise HomeUnusable(
            f"The master key cannot be written: {error.strerror or error}.",
            where=str(path),
            hint="Make the home writable, or set MOORING_MASTER_KEY_FILE.",
        ) from error


def _refuse_shared(path: Path) -> None:
    """Refuse a key file of our own that others may read."""
    if os.name == "posix" and path.exists() and path.stat().st_mode & 0o077:
        raise SecretStoreUnusable(
            "Others on this machine can read the master key.",
            where=str(path),
            hint=f"Run: chmod 600 {path}",
        )


def _read(path: Path, mend: str) -> MasterKey:
    try:
        return _parsed(path.read_text("ascii"), str(path), mend)
    except FileNotFoundError as error:
        raise SecretStoreUnusable(
            "The master key is missing.",
            where=str(path),
            hint="Put the file back from a backup; without it the stored secrets are lost and "
            "must be set again in a new home.",
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise SecretStoreUnusable(
            "The master key cannot be read.", where=str(path), hint=str(error)
        ) from error


def _parsed(text: str, place: str, mend: str) -> MasterKey:
    """Read 32 bytes in base64 (either alphabet) or hexadecimal; ``mend`` is what to do if not."""
    compact = text.strip()
    try:
        if len(compact) == 2 * KEY_BYTES:
            secret = bytes.fromhex(compact)
        else:
            padded = compact + "=" * (-len(compact) % 4)
            secret = base64.b64decode(padded.translate({45: "+", 95: "/"}), validate=True)
    except (ValueError, binascii.Error):
        secret = b""
    if len(secret) != KEY_BYTES:
        raise SecretStoreUnusable(
            f"A master key is {KEY_BYTES} bytes in base64 or hexadecimal; this is not.",
            where=place,
            hint=mend,
        )
    return MasterKey(secret)
