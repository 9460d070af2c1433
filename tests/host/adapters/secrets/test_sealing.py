"""What is sealed opens in its own place alone, in every process of the home."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from mooring.adapters.database import Database
from mooring.adapters.masking import Masker
from mooring.adapters.secrets.master_key import MasterKey
from mooring.adapters.secrets.sealing import MARK, Seal
from mooring.adapters.secrets.vault import Vault, open_vault
from mooring.errors import RecordInvalid
from mooring.model.config import HostConfig
from tests.host.adapters.conftest import offering

TEXT = json.dumps({"headers": [["authorization", "Bearer canary-51ab"]], "body": "ü\x00"})


@pytest.fixture
def seal(vault: Vault) -> Seal:
    return Seal("delivery", vault=lambda: vault)


def another(config: HostConfig, database: Database) -> Seal:
    offer = offering(config, database)
    vault = open_vault(config, database, masker=Masker(), offer=offer)
    return Seal("delivery", vault=lambda: vault)


def test_a_text_comes_back_as_it_was(seal: Seal) -> None:
    closed = seal.close(TEXT, place="d-1")
    assert "canary" not in closed
    assert seal.open(closed, place="d-1") == TEXT
    assert seal.close(TEXT, place="d-1") != closed


def test_another_process_opens_it_too(seal: Seal, config: HostConfig, database: Database) -> None:
    closed = seal.close(TEXT, place="d-1")
    assert another(config, database).open(closed, place="d-1") == TEXT


def test_a_digest_is_the_same_in_every_process_and_of_no_other_kind(
    seal: Seal, config: HostConfig, database: Database, vault: Vault
) -> None:
    found = seal.digest(TEXT)
    assert another(config, database).digest(TEXT) == found
    assert len({found, seal.digest("other"), Seal("plan", vault=lambda: vault).digest(TEXT)}) == 3


def test_many_who_seal_first_agree_on_one_key(config: HostConfig, database: Database) -> None:
    seals = [another(config, database) for _ in range(6)]
    with ThreadPoolExecutor(6) as threads:
        closed = list(threads.map(lambda seal: seal.close(TEXT, place="d-1"), seals))
    assert {seals[0].open(each, place="d-1") for each in closed} == {TEXT}


def test_it_does_not_open_elsewhere_or_changed(seal: Seal, vault: Vault) -> None:
    closed = seal.close(TEXT, place="d-1")
    for text, place in (
        (closed, "d-2"),
        (closed[:-8], "d-1"),
        (MARK, "d-1"),
        (f"{MARK}!!", "d-1"),
        (closed.replace(closed[40:44], "AAAA"), "d-1"),
    ):
        with pytest.raises(RecordInvalid, match=f"delivery {place} does not open"):
            seal.open(text, place=place)
    with pytest.raises(RecordInvalid):
        Seal("other", vault=lambda: vault).open(closed, place="d-1")


def test_what_was_written_before_there_was_a_seal_is_read(seal: Seal) -> None:
    assert seal.open(TEXT, place="d-1") == TEXT


def test_it_opens_after_a_rotation_of_the_master_key(seal: Seal, vault: Vault) -> None:
    closed = seal.close(TEXT, place="d-1")
    assert vault.rotation().run(MasterKey.make()).secrets == 1
    assert Seal("delivery", vault=lambda: vault).open(closed, place="d-1") == TEXT
