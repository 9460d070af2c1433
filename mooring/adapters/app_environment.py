"""Which APP_ENV_* values does one app version see? Its ``.env``, then the host's environment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from dotenv import dotenv_values


def app_environment(
    root: Path, *, declared: Iterable[str], given: Mapping[str, str]
) -> Mapping[str, str]:
    """Return the declared names that have a value; the host's environment wins over ``.env``."""
    from_file = dotenv_values(root / ".env") if (root / ".env").is_file() else {}
    values = {name: given.get(name, from_file.get(name)) for name in declared}
    return MappingProxyType({name: value for name, value in values.items() if value is not None})
