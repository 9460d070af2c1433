"""The store is chosen once; it keeps values by owner and name, and never falls back to another."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

from mooring.adapters.database import Database
from mooring.adapters.masking import MASK, Masker
from mooring.adapters.secrets.encrypted import EncryptedKeyring
from mooring.adapters.secrets.master_key import MasterKey
from mooring.adapters.secrets.vault import SECRETS, STORE, Vault, open_vault
from mooring.errors import ConfigurationInvalid, SecretStoreUnusable
from mooring.model.config import HostConfig, SecretsMode
from mooring.testing.clock import FakeClock
from tests.host.adapters.secrets.conftest import FixedKeys

SECRET = "tok-5e2b77c1d0"
OWNER, NAME = "install/1", "settings/auth/token"


class Offer:
    """Offers stores as plugins would, and remembers which were asked for."""

    def __init__(self, database: Database, keychain: Any = None) -> None:
        encrypted = EncryptedKeyring(database, keys=FixedKeys(MasterKey(bytes(32))))
        self._stores = {"encrypted": encrypted, "keyring": keychain}
        self.asked: list[str] = []

    def __call__(self, kind: str) -> Any:
        self.asked.append(kind)
        return self._stores.get(kind)


def opened(
    config: HostConfig,
    database: Database,
    offer: Callable[[str], Any],
    secrets: SecretsMode = "auto",
    *,
    interactive: bool = False,
) -> Vault:
    chosen = replace(config, secrets=secrets, interactive=interactive)
    return open_vault(chosen, database, masker=Masker(), offer=offer, clock=FakeClock())


# -- the choice


def test_a_person_at_a_terminal_gets_the_keychain_if_it_works(
    config: HostConfig, sqlite_database: Database, keychain: KeyringBackend
) -> None:
    vault = opened(config, sqlite_database, Offer(sqlite_database, keychain), interactive=True)
    vault.set(OWNER, NAME, SECRET)
    assert vault.kind == sqlite_database.recorded(STORE) == "keyring"
    assert vault.why == "a person was at the terminal, and the OS keychain worked"
    assert SECRET in vars(keychain)["held"].values()


def test_a_keychain_that_does_not_work_is_not_chosen(
    config: HostConfig, sqlite_database: Database, locked_keychain: KeyringBackend
) -> None:
    offer = Offer(sqlite_database, locked_keychain)
    vault = opened(config, sqlite_database, offer, interactive=True)
    assert (vault.kind, vault.why) == ("encrypted", "this system had no OS keychain that worked")
    assert "keyring" in offer.asked


def test_a_server_never_asks_a_keychain(
    config: HostConfig, sqlite_database: Database, keychain: KeyringBackend
) -> None:
    offer = Offer(sqlite_database, keychain)
    assert opened(config, sqlite_database, offer).kind == "encrypted"
    assert offer.asked == ["encrypted"]


def test_several_machines_share_no_keychain(
    config: HostConfig, postgresql_database: Database, keychain: KeyringBackend
) -> None:
    offer = Offer(postgresql_database, keychain)
    with pytest.raises(SecretStoreUnusable, match=r"MOORING_SECRETS: .*Set it to encrypted"):
        opened(config, postgresql_database, offer, "keyring")
    assert opened(config, postgresql_database, offer, interactive=True).kind == "encrypted"
    assert offer.asked == ["encrypted"]


def test_the_choice_holds_ever_after(
    config: HostConfig, sqlite_database: Database, keychain: KeyringBackend
) -> None:
    offer = Offer(sqlite_database, keychain)
    opened(config, sqlite_database, offer)
    later = opened(config, sqlite_database, offer, interactive=True)
    assert later.kind == "encrypted"
    assert later.why == "nobody was at a terminal to unlock a keychain"
    with pytest.raises(SecretStoreUnusable, match="keeps its secrets in the store encrypted"):
        opened(config, sqlite_database, offer, "keyring")


def test_a_recorded_keychain_that_is_locked_stops_and_does_not_fall_back(
    config: HostConfig, sqlite_database: Database, keychain: KeyringBackend
) -> None:
    offer = Offer(sqlite_database, keychain)
    vault = opened(config, sqlite_database, offer, interactive=True)
    vault.set(OWNER, NAME, SECRET)
    vars(keychain)["locked"] = True
    offer.asked.clear()
    with pytest.raises(SecretStoreUnusable, match="Unlock the keychain") as unusable:
        opened(config, sqlite_database, offer)
    assert offer.asked == ["keyring"]
    assert SECRET not in str(unusable.value)


def test_the_keychain_of_another_user_is_recognised(
    config: HostConfig, sqlite_database: Database, keychain: KeyringBackend
) -> None:
    opened(config, sqlite_database, Offer(sqlite_database, keychain), interactive=True)
    vars(keychain)["held"].clear()
    with pytest.raises(SecretStoreUnusable, match="as the user and on the machine"):
        opened(config, sqlite_database, Offer(sqlite_database, keychain))


def test_a_store_that_nobody_offers_any_more_is_named(
    config: HostConfig, sqlite_database: Database, keychain: KeyringBackend
) -> None:
    opened(config, sqlite_database, Offer(sqlite_database, keychain), interactive=True)
    with pytest.raises(SecretStoreUnusable, match=r"store keyring.*--safe-mode"):
        opened(config, sqlite_database, Offer(sqlite_database))


def test_many_who_open_a_new_home_at_once_agree(
    config: HostConfig, sqlite_database: Database
) -> None:
    kinds: list[str] = []

    def open_one() -> None:
        kinds.append(opened(config, sqlite_database, Offer(sqlite_database)).kind)

    threads = [threading.Thread(target=open_one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert kinds == ["encrypted"] * 8


# -- keeping


def test_a_value_is_kept_by_owner_and_name(vault: Vault) -> None:
    vault.set(OWNER, NAME, SECRET)
    vault.set("install/2", NAME, "of another")
    assert vault.get(OWNER, NAME) == SECRET
    assert vault.get(OWNER, "other") is None
    assert vault.get("install/2", NAME) == "of another"


def test_names_and_ages_are_told_and_values_are_not(vault: Vault, clock: FakeClock) -> None:
    vault.set(OWNER, "b", SECRET)
    clock.advance(60)
    vault.set(OWNER, "a", SECRET)
    now = clock.now()
    assert vault.names(OWNER) == [("a", now), ("b", now - timedelta(seconds=60))]


def test_a_removed_value_is_gone(vault: Vault) -> None:
    vault.set(OWNER, NAME, SECRET)
    assert vault.delete(OWNER, NAME)
    assert not vault.delete(OWNER, NAME)
    assert vault.get(OWNER, NAME) is None
    assert vault.names(OWNER) == []


def test_all_of_an_owner_goes_at_once_and_nothing_else(vault: Vault) -> None:
    vault.set(OWNER, "a", SECRET)
    vault.set(OWNER, "b", SECRET)
    vault.set("install/10", "a", SECRET)
    assert vault.delete_all(OWNER) == 2
    assert vault.names(OWNER) == []
    assert vault.get("install/10", "a") == SECRET


def test_an_expired_value_is_not_there(vault: Vault, clock: FakeClock) -> None:
    vault.set(OWNER, NAME, SECRET, expires_at=vault.moment_after(60))
    assert vault.held(OWNER, NAME) == (SECRET, clock.now() + timedelta(seconds=60))
    clock.advance(60)
    assert vault.get(OWNER, NAME) is None
    assert vault.names(OWNER) == []


def test_other_processes_notice_every_change(vault: Vault, database: Database) -> None:
    numbers = [database.revision(SECRETS)]
    vault.set(OWNER, NAME, SECRET)
    numbers.append(database.revision(SECRETS))
    vault.delete(OWNER, NAME)
    numbers.append(database.revision(SECRETS))
    assert numbers == sorted(set(numbers))
    assert len(numbers) == 3


def test_nothing_is_stored_of_a_change_that_failed(vault: Vault) -> None:
    vault.set(OWNER, NAME, SECRET)

    def half() -> None:
        with vault.exclusive(OWNER, NAME):
            vault.set(OWNER, NAME, "half done")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    assert vault.get(OWNER, NAME) == SECRET


# -- masking


def test_the_masker_knows_what_is_stored_and_what_is_read(
    config: HostConfig, sqlite_database: Database, vault: Vault, masker: Masker
) -> None:
    vault.set(OWNER, NAME, SECRET)
    assert masker.hide(SECRET) == MASK


def test_a_new_process_can_learn_every_value(config: HostConfig, sqlite_database: Database) -> None:
    opened(config, sqlite_database, Offer(sqlite_database)).set(OWNER, NAME, SECRET)
    masker = Masker()
    offer = Offer(sqlite_database)
    later = open_vault(config, sqlite_database, masker=masker, offer=offer)
    assert masker.hide(SECRET) == SECRET
    later.learn_all()
    assert masker.hide(SECRET) == MASK


# -- what keychains do


def test_a_keychain_that_refuses_names_no_value(
    config: HostConfig, sqlite_database: Database, keychain: KeyringBackend
) -> None:
    vault = opened(config, sqlite_database, Offer(sqlite_database, keychain), "keyring")
    vault.set(OWNER, NAME, SECRET)
    vars(keychain)["locked"] = True
    for refused in (
        lambda: vault.get(OWNER, NAME),
        lambda: vault.set(OWNER, NAME, "another"),
        lambda: vault.delete(OWNER, NAME),
    ):
        with pytest.raises(SecretStoreUnusable, match="refuses: KeyringLocked") as unusable:
            refused()
        assert SECRET not in str(unusable.value)


def test_a_value_that_a_keychain_did_not_take_is_not_noted(
    config: HostConfig, sqlite_database: Database, keychain: KeyringBackend
) -> None:
    vault = opened(config, sqlite_database, Offer(sqlite_database, keychain), "keyring")
    vars(keychain)["locked"] = True
    with pytest.raises(SecretStoreUnusable):
        vault.set(OWNER, NAME, SECRET)
    assert vault.names(OWNER) == []


def test_a_value_that_was_taken_out_of_the_keychain_is_not_there(
    config: HostConfig, sqlite_database: Database, keychain: KeyringBackend
) -> None:
    vault = opened(config, sqlite_database, Offer(sqlite_database, keychain), "keyring")
    vault.set(OWNER, NAME, SECRET)
    vars(keychain)["held"].pop((vault._service(OWNER), NAME))
    assert vault.get(OWNER, NAME) is None
    assert not vault.delete(OWNER, NAME)
    assert vault.names(OWNER) == []


def test_a_value_that_a_keychain_will_not_delete_stays_noted(
    config: HostConfig, sqlite_database: Database, keychain: KeyringBackend
) -> None:
    def refuse(service: str, username: str) -> None:
        raise PasswordDeleteError("not allowed")

    vault = opened(config, sqlite_database, Offer(sqlite_database, keychain), "keyring")
    vault.set(OWNER, NAME, SECRET)
    vars(keychain)["delete_password"] = refuse
    with pytest.raises(SecretStoreUnusable, match="PasswordDeleteError"):
        vault.delete(OWNER, NAME)
    assert vault.get(OWNER, NAME) == SECRET


# -- its master key


def test_a_keychain_has_no_master_key_to_rotate(
    config: HostConfig, sqlite_database: Database, keychain: KeyringBackend
) -> None:
    vault = opened(config, sqlite_database, Offer(sqlite_database, keychain), "keyring")
    with pytest.raises(ConfigurationInvalid, match=r"store keyring, which has no master key.*OS"):
        vault.rotation()


def test_what_others_have_set_since_is_learned_too(
    config: HostConfig, sqlite_database: Database
) -> None:
    masker = Masker()
    offer = Offer(sqlite_database)
    ours = open_vault(config, sqlite_database, masker=masker, offer=offer)
    theirs = opened(config, sqlite_database, Offer(sqlite_database))
    theirs.set(OWNER, "earlier", "value-set-earlier")
    ours.learn_all()
    open_vault(config, sqlite_database, masker=Masker(), offer=offer).set(OWNER, NAME, SECRET)
    ours.learn_all()
    assert masker.hide(f"{SECRET} value-set-earlier") == f"{MASK} {MASK}"


def test_what_the_host_makes_for_itself_is_made_once(vault: Vault) -> None:
    assert vault.made_once("host", "key", make=lambda: "first-made") == "first-made"
    assert vault.made_once("host", "key", make=lambda: "second-made") == "first-made"
