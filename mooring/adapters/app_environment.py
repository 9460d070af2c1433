"""Which APP_ENV_* values does one app version see? Its ``.env``, then the host's environment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from urllib.parse import unquote

from dotenv import dotenv_values

from mooring.errors import AppInvalid

CREDENTIAL = re.compile(r"SECRET|TOKEN|KEY|PASSWORD|PASSPHRASE|CREDENTIAL")

PASSWORD = re.compile(r"://[^/?#@\s:]*:([^/?#@\s]+)@")  # in an address


def app_environment(
    root: Path, *, declared: Iterable[str], given: Mapping[str, str]
) -> Mapping[str, str]:
    """Return the declared names that have a value; the host's environment wins over ``.env``.

    Raises AppInvalid when the file cannot be read.
    """
    from_file = _read(root / ".env")
    values = {name: given.get(name, from_file.get(name)) for name in declared}
    return MappingProxyType({name: value for name, value in values.items() if value is not None})


def credentials_in(environment: Mapping[str, str]) -> Iterable[str]:
    """Return the values that are secret by the name that their app gave them, and passwords."""
    for name, value in environment.items():
        if CREDENTIAL.search(name):
            yield value
        if password := PASSWORD.search(value):
            yield password[1]
            yield unquote(password[1])


def _read(file: Path) -> Mapping[str, str | None]:
    """Read the file as it stands: ``${NAME}`` would give an app the host's own environment."""
    if not file.is_file():
        return {}
    try:
        return dotenv_values(file, interpolate=False, encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise AppInvalid(
            "The file cannot be read as UTF-8 text.",
            where=str(file),
            hint="Write lines NAME=value, in UTF-8.",
        ) from error
