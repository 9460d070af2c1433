"""What a host was told holds credentials; it can say which."""

from __future__ import annotations

from pathlib import Path

import pytest

from mooring.model.config import HostConfig


@pytest.mark.parametrize(
    ("address", "credentials"),
    [
        (None, ()),
        ("postgresql://host/database", ()),
        ("postgresql://user@host/database", ()),
        ("postgresql://user:word@host/database", ("word",)),
        ("postgresql://user:w%2Frd@host:5432/database", ("w%2Frd", "w/rd")),
        ("postgresql://user:w#r[d@host/database", ("w#r[d",)),
    ],
)
def test_the_databases_password_is_a_credential(
    address: str | None, credentials: tuple[str, ...]
) -> None:
    config = HostConfig(home=Path("home"), database_url=address)
    assert config.credentials == credentials
