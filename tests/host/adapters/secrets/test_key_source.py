"""A key comes from one place; a home's own file is rewritten whole, and for its owner alone."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from mooring.adapters.secrets.key_source import KeySource, source_of
from mooring.adapters.secrets.master_key import MasterKey
from mooring.errors import HomeUnusable, SecretStoreUnusable
from mooring.model.config import HostConfig

KEYS = (MasterKey(bytes(32)), MasterKey(bytes(range(32))))


@pytest.fixture
def own(tmp_path: Path) -> KeySource:
    return source_of(HostConfig(home=tmp_path), several_machines=False)


def test_what_is_given_goes_before_the_homes_own(tmp_path: Path) -> None:
    home = HostConfig(home=tmp_path)
    file = replace(home, master_key_file=tmp_path / "given.key")
    both = replace(file, master_key=KEYS[0].text)
    assert [source_of(c, several_machines=False).own for c in (home, file, both)] == [
        True,
        False,
        False,
    ]
    assert source_of(file, several_machines=True).place == str(tmp_path / "given.key")
    assert source_of(both, several_machines=True).place == "MOORING_MASTER_KEY"
    assert KEYS[0].text not in repr(source_of(both, several_machines=True))
    with pytest.raises(SecretStoreUnusable, match="must be given"):
        source_of(home, several_machines=True)


def test_what_is_written_is_read_again_by_its_owner_alone(own: KeySource, tmp_path: Path) -> None:
    own.write(*KEYS)
    assert own.read() == KEYS
    assert own.mode == "0600"
    own.write(KEYS[1])
    assert own.read() == (KEYS[1],)
    assert [path.name for path in tmp_path.iterdir()] == ["master.key"]


def test_until_the_new_content_is_whole_the_old_is_there(
    own: KeySource, monkeypatch: pytest.MonkeyPatch
) -> None:
    own.write(KEYS[0])

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(HomeUnusable, match="cannot be written: No space left"):
            own.write(*KEYS)
    assert own.read() == (KEYS[0],)
    own.write(*KEYS)
    assert own.read() == KEYS


def test_where_there_is_no_file_there_is_no_mode() -> None:
    assert KeySource("MOORING_MASTER_KEY", text=KEYS[0].text).mode == ""
