"""Rows come under one key; those that somebody holds come in a later pass."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select, text

from mooring.adapters.database import Database
from mooring.adapters.secrets import renewal
from mooring.adapters.secrets.encrypted import EncryptedKeyring
from mooring.adapters.secrets.master_key import MasterKey
from mooring.adapters.secrets.renewal import Renewal
from mooring.adapters.tables import sealed_secrets
from mooring.errors import Conflict
from tests.host.adapters.secrets.conftest import FixedKeys

FORMER, NEW = MasterKey(bytes(32)), MasterKey(bytes(range(32)))


def stored(database: Database, count: int) -> Renewal:
    former = EncryptedKeyring(database, keys=FixedKeys(FORMER, NEW))
    for number in range(count):
        former.set_password("service", f"{number:03}", f"value-{number}")
    return Renewal(former, database, key=NEW)


def renewed(database: Database) -> int:
    with database.read() as connection:
        query = select(sealed_secrets.c.username).where(sealed_secrets.c.key_id == NEW.key_id)
        return len(connection.scalars(query).all())


def test_every_row_is_renewed_batch_by_batch(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewal, "BATCH", 4)
    told: list[tuple[int, int]] = []
    assert stored(database, 10).run(lambda *numbers: told.append(numbers)) == 10
    assert told == [(4, 10), (8, 10), (10, 10)]
    opened = EncryptedKeyring(database, keys=FixedKeys(NEW))
    assert [opened.get_password("service", f"{n:03}") for n in (0, 9)] == ["value-0", "value-9"]


def test_what_is_renewed_already_is_left_alone(database: Database) -> None:
    work = stored(database, 3)
    assert work.run(lambda done, total: None) == 3
    assert work.run(lambda done, total: None) == 0


def test_a_row_that_somebody_holds_comes_later(postgresql_database: Database) -> None:
    work = stored(postgresql_database, 5)
    held, rest = threading.Event(), threading.Event()

    def hold() -> None:
        with postgresql_database.write() as connection:
            connection.execute(
                text("SELECT 1 FROM sealed_secrets WHERE username = '002' FOR UPDATE")
            )
            held.set()
            rest.wait(10)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(10)
    numbers: list[int] = []

    def tell(done: int, total: int) -> None:
        numbers.append(renewed(postgresql_database))
        rest.set()

    assert work.run(tell) == 5
    holder.join()
    assert numbers == [4, 5]


def test_who_never_lets_go_is_told_of(
    postgresql_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewal, "MOST_PAUSES", 2)
    monkeypatch.setattr(renewal, "PAUSE", 0.01)
    work = stored(postgresql_database, 2)
    held, rest = threading.Event(), threading.Event()

    def hold() -> None:
        with postgresql_database.write() as connection:
            connection.execute(text("SELECT 1 FROM sealed_secrets FOR UPDATE"))
            held.set()
            rest.wait(10)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(10)
    with pytest.raises(Conflict, match="keeps some secrets locked"):
        work.run(lambda done, total: None)
    rest.set()
    holder.join()
