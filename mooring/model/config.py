"""What was this host told about its surroundings? Read once at the edge, passed down as a value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import unquote

from mooring.model.account import DEFAULT_ACCOUNT

PASSWORD = re.compile("://[^:/]*:([^@]+)@")  # as whoever connects reads an address
SecretsMode = Literal["auto", "keyring", "encrypted"]


@dataclass(frozen=True, slots=True)
class HostConfig:
    """The home and the MOORING_* values; ``environment`` holds the APP_ENV_* ones for apps.

    ``actor`` is by whose hand things happen, as the history of installations says.
    """

    home: Path
    account: str = DEFAULT_ACCOUNT
    database_url: str | None = None
    public_url: str | None = None
    secrets: SecretsMode = "auto"
    master_key: str | None = field(default=None, repr=False)
    master_key_file: Path | None = None
    log_level: str = "info"
    interactive: bool = False
    safe_mode: bool = False
    actor: str = "host"
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def uses_postgresql(self) -> bool:
        """Whether several machines may share this host's database."""
        return (self.database_url or "").startswith(("postgres://", "postgresql://"))

    @property
    def credentials(self) -> tuple[str, ...]:
        """What must not be seen of all this: the database's password, as written and as meant."""
        written = PASSWORD.search(self.database_url or "")
        return tuple({written[1]: None, unquote(written[1]): None}) if written else ()
