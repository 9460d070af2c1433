"""Records that jobs set aside: sealed, found again by people and by the run that is asked."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select, update

from mooring.adapters.database import Database
from mooring.adapters.masking import MASK, Masker
from mooring.adapters.repositories.dead_letters import DeadLetters, InstallationLetters, LetterCount
from mooring.adapters.repositories.installations import Installations
from mooring.adapters.repositories.runs import Runs
from mooring.adapters.secrets.sealing import Seal
from mooring.adapters.secrets.vault import Vault
from mooring.adapters.tables import dead_letters
from mooring.errors import NotFound, RecordInvalid, UsageError
from mooring.model.dead_letter import LetterState
from mooring.model.installation import Installation
from mooring.model.run import RunStatus
from mooring.testing.clock import FakeClock
from mooring.testing.dead_letter_contract import Ask, DeadLetterContract, one, put

CANARY = "canary-51ab-person@example.com"


@pytest.fixture
def shelf(database: Database, vault: Vault, clock: FakeClock, masker: Masker) -> DeadLetters:
    seal = Seal("dead-letter", vault=lambda: vault)
    return DeadLetters(database, seal=seal, clock=clock, hide=masker.hide)


@pytest.fixture
def install(database: Database) -> Callable[..., Installation]:
    """Give `install("shop", account="paris")`."""

    def installed(app_id: str, *, account: str = "local") -> Installation:
        return Installations(database).create(
            app_id=app_id, account=account, version="1", root="/app"
        )

    return installed


@pytest.fixture
def shop(install: Callable[..., Installation]) -> Installation:
    return install("shop")


@pytest.fixture
def letters(shelf: DeadLetters, shop: Installation) -> InstallationLetters:
    return InstallationLetters(shop.install_id, letters=shelf)


class TestDeadLetters(DeadLetterContract):
    @pytest.fixture
    def others(
        self, shelf: DeadLetters, install: Callable[..., Installation]
    ) -> InstallationLetters:
        return InstallationLetters(install("mail").install_id, letters=shelf)

    @pytest.fixture
    def ask(self, shelf: DeadLetters) -> Ask:
        return shelf.ask


def stored(database: Database) -> list[Any]:
    with database.read() as connection:
        return list(connection.execute(select(dead_letters)))


def test_a_record_is_sealed_and_a_secret_in_its_reason_is_masked(
    letters: InstallationLetters, database: Database, masker: Masker
) -> None:
    masker.learn("canary-secret-77")
    put(letters, record={"email": CANARY}, reason="canary-secret-77 was refused.")
    (row,) = stored(database)
    assert "canary" not in "".join(map(str, row))
    assert row.reason == f"{MASK} was refused."
    assert one(letters).record == {"email": CANARY}


def test_a_record_opens_under_its_own_key_alone(
    letters: InstallationLetters, shelf: DeadLetters, database: Database
) -> None:
    put(letters)
    with database.write() as connection:
        connection.execute(update(dead_letters).values(key="other"))
    with pytest.raises(RecordInvalid, match="does not open"):
        letters.of(job="tidy", keys=["other"])
    (shown,) = shelf.recent()
    assert (shown.letter.key, shown.letter.record) == ("other", {})


def test_many_who_set_one_record_aside_write_one_letter(
    letters: InstallationLetters, database: Database
) -> None:
    put(letters, run_id="first")  # The key of the seal is there from here on.
    threads = [
        threading.Thread(target=put, args=(letters,), kwargs={"run_id": f"run-{number}"})
        for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(stored(database)) == 1
    assert one(letters).times == 9


def test_people_see_the_last_changed_first_and_narrow_what_they_see(
    shelf: DeadLetters, install: Callable[..., Installation], clock: FakeClock
) -> None:
    places = {
        (app_id, account): InstallationLetters(
            install(app_id, account=account).install_id, letters=shelf
        )
        for app_id, account in (("shop", "paris"), ("shop", "rome"), ("mail", "rome"))
    }
    for number, port in enumerate(places.values()):
        put(port, f"key-{number}")
        clock.advance(1)
    put(places["shop", "paris"], "key-0", job="sweep")

    def keys(**narrowed: Any) -> list[tuple[str, str]]:
        return [(shown.letter.key, shown.letter.job) for shown in shelf.recent(**narrowed)]

    assert keys() == [("key-0", "sweep"), ("key-2", "tidy"), ("key-1", "tidy"), ("key-0", "tidy")]
    assert keys(limit=1) == [("key-0", "sweep")]
    assert keys(app_id="shop", account="rome") == [("key-1", "tidy")]
    assert keys(job="sweep") == [("key-0", "sweep")]
    assert keys(app_id="none") == []


def test_letters_are_counted_by_job_with_the_oldest(
    shelf: DeadLetters, letters: InstallationLetters, clock: FakeClock
) -> None:
    began = clock.now()
    put(letters, "a")
    clock.advance(5)
    put(letters, "b", run_id="run-2")
    put(letters, "a", run_id="run-2")
    put(letters, "a", job="sweep")
    assert shelf.counts() == [
        LetterCount("shop", "local", "sweep", 1, clock.now()),
        LetterCount("shop", "local", "tidy", 2, began),
    ]
    assert shelf.counts(job="sweep", app_id="shop", account="local")[0].letters == 1
    assert shelf.counts(account="rome") == []
    assert (shelf.of_run("run-1"), shelf.of_run("run-2"), shelf.of_run("run-3")) == (1, 2, 0)


def test_the_beginning_or_the_end_of_an_id_is_enough(
    shelf: DeadLetters, letters: InstallationLetters, database: Database
) -> None:
    put(letters, "a")
    put(letters, "b")
    with database.write() as connection:
        for key, letter_id in (("a", "abcd1111-2222"), ("b", "abcd2222-3333")):
            renamed = update(dead_letters).where(dead_letters.c.key == key)
            connection.execute(renamed.values(letter_id=letter_id))
    shown = shelf.named("ABCD1")
    assert (shown.letter.key, shown.letter.record) == ("a", {"n": 1})
    assert (shown.app_id, shown.account) == ("shop", "local")
    assert shelf.named("1-2222") == shown
    with pytest.raises(UsageError, match="Several dead letters begin or end with abcd"):
        shelf.named("abcd")
    for unknown in ("ffff", "abc", "", "%%%%", "____"):
        with pytest.raises(NotFound, match="set aside"):
            shelf.named(unknown)


def test_a_letter_is_in_hand_until_the_run_that_was_asked_has_ended(
    shelf: DeadLetters,
    letters: InstallationLetters,
    shop: Installation,
    database: Database,
    clock: FakeClock,
) -> None:
    put(letters)
    runs = Runs(database)
    run = runs.create(shop, "tidy", {}, scheduled_at=clock.now())
    assert run is not None
    assert shelf.ask([one(letters).letter_id, "gone"], run_id=run.run_id) == 1
    assert one(letters).state is LetterState.RETRYING
    taken = runs.take(run.run_id, worker="w", now=clock.now())
    runs.finish(taken, RunStatus.ERROR, now=clock.now(), error="It failed.")
    assert one(letters).state is LetterState.SET_ASIDE
    assert len(letters.asked_of(job="tidy", run_id=run.run_id, limit=9)) == 1


def test_of_many_runs_that_ask_for_a_letter_at_once_one_gets_it(
    shelf: DeadLetters,
    letters: InstallationLetters,
    shop: Installation,
    database: Database,
    clock: FakeClock,
) -> None:
    put(letters)
    letter_id, runs = one(letters).letter_id, Runs(database)

    def ask(_: int) -> tuple[str, int]:
        with database.write():
            run = runs.create(shop, "tidy", {}, scheduled_at=clock.now())
            assert run is not None
            return run.run_id, shelf.ask([letter_id], run_id=run.run_id)

    with ThreadPoolExecutor(4) as pool:
        asked = dict(pool.map(ask, range(4)))
    [winner] = [run_id for run_id, count in asked.items() if count]
    assert one(letters).run_id == winner
    runs.terminate(winner, now=clock.now())
    _, count = ask(0)
    assert count == 1, "it came back with the end of the run"


def test_what_is_dropped_is_gone(
    shelf: DeadLetters, letters: InstallationLetters, database: Database
) -> None:
    put(letters, "a")
    put(letters, "b")
    assert shelf.drop([one(letters, "a").letter_id, "gone"]) == 1
    assert [row.key for row in stored(database)] == ["b"]
    assert shelf.drop([]) == 0


def test_a_purge_leaves_no_letter(
    letters: InstallationLetters, shop: Installation, database: Database
) -> None:
    put(letters)
    Installations(database).remove(shop.install_id)
    assert stored(database) == []
