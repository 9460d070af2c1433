"""What can an app reach through the SDK? What is its own: these tests try everything else."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from mooring.errors import MooringError, NoContext, NotFound
from mooring.hosting.host import Host
from mooring.model.config import HostConfig
from mooring.model.installation import Installation
from mooring.sdk import functions, jobs, notifications, oauth, odp, storage
from mooring.sdk.context import Invocation, use
from mooring.testing.memory import memory_app
from tests.conftest import Program

VALUE = {"value": "the victim's"}
STORES = (storage.settings, storage.secrets, storage.kv_store)


def configured(home: Path, account: str = "local") -> HostConfig:
    return HostConfig(home=home, secrets="encrypted", account=account)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the app `first` in two accounts, and `second` beside it in one; to be copied."""
    folder = tmp_path_factory.mktemp("isolation")
    home = folder / "home"
    for app, accounts in (("first", ("north", "south")), ("second", ("north",))):
        Program(home).ok("init", str(folder / app))
        for account in accounts:
            with Host.open(configured(home, account)) as opened:
                opened.lifecycle.install(folder / app)
    return home


@pytest.fixture
def host(installed: Path, home: Path) -> Iterator[Host]:
    """A host of such a home."""
    shutil.copytree(installed, home)
    with Host.open(configured(home)) as opened:
        yield opened


@pytest.fixture
def victim(host: Host) -> Installation:
    """The installation that has something to lose."""
    found = host.installation("first", account="north")
    with on_behalf_of(host, found):
        for store in STORES:
            for key in ("k", "oauth/k"):
                store.put(key, VALUE)
    return found


@pytest.fixture(params=[("first", "south"), ("second", "north")], ids=["account", "app"])
def attacker(host: Host, victim: Installation, request: pytest.FixtureRequest) -> Installation:
    """The same app in another account, and another app in the same account."""
    app, account = request.param
    return host.installation(app, account=account)


def on_behalf_of(
    host: Host, installation: Installation, *, is_global: bool = False
) -> AbstractContextManager[Invocation]:
    return use(host.invocation(installation, entry_point="function:hello", is_global=is_global))


def ways_to(victim: Installation) -> list[str]:
    """Return keys that would lead elsewhere if a key were a path."""
    owner = f"install/{victim.install_id}"
    places = ["k", "oauth/k", owner, str(victim.install_id), f"../{victim.install_id}", "*", "%"]
    inside = [f"{owner}/{kind}" for kind in ("k", "kv/k", "settings/k", "secrets/k", "oauth/k")]
    apart = [f"{owner}{between}k" for between in (":", "\u2215", "%2f", "%00", "\\", "' OR 1=1 --")]
    return [*places, *inside, *apart, *(f"../{key}" for key in inside), f"app/{victim.app_id}"]


def attempt(call: Callable[[], Any]) -> Any:
    """Return what the call returns; a refusal returns nothing."""
    try:
        return call()
    except MooringError:
        return None


def test_no_key_leads_to_what_another_installation_keeps(
    host: Host, victim: Installation, attacker: Installation
) -> None:
    with on_behalf_of(host, attacker):
        for store in STORES:
            for key in ways_to(victim):
                assert not attempt(partial(store.get, key))
                assert not attempt(partial(store.exists, key))
                assert not attempt(partial(store.patch, key, {"mine": 1}))
                attempt(partial(store.delete, key))
    with on_behalf_of(host, victim):
        assert [store.get(key) for store in STORES for key in ("k", "oauth/k")] == [VALUE] * 6


def test_no_prefix_leads_to_what_another_installation_keeps(
    host: Host, victim: Installation, attacker: Installation
) -> None:
    with on_behalf_of(host, attacker):
        for prefix in ["", *ways_to(victim)]:
            assert storage.kv_store.scan(prefix) == []
            assert storage.kv_store.count(prefix) == 0
        assert storage.kv_store.get_many(ways_to(victim)) == {}
        assert storage.kv_store.delete_many(ways_to(victim)) == 0
    with on_behalf_of(host, victim):
        assert [key for key, _ in storage.kv_store.scan("")] == ["k", "oauth/k"]


def test_no_operation_on_fields_reaches_another_installation(
    host: Host, victim: Installation, attacker: Installation
) -> None:
    with on_behalf_of(host, victim):
        own = {"n": 1, "list": ["a"]}
        storage.kv_store.put("k", own)
        storage.kv_store.add_string("k", "set", "a")
    with on_behalf_of(host, attacker):
        assert storage.kv_store.increment("k", "n") == 1
        assert storage.kv_store.shift("k", "list") is None
        assert storage.kv_store.add_string("k", "set", "a") is True
    with on_behalf_of(host, victim):
        assert storage.kv_store.get("k") == {**own, "set": {"a"}}


def test_the_secrets_of_the_form_are_not_among_the_secrets_of_the_app(
    host: Host, victim: Installation
) -> None:
    """Both lie in one vault, below the same owner."""
    store = host.services.settings(victim, host.definition(victim), vault=host.vault)
    host.vault.set(f"install/{victim.install_id}", "settings/auth/token", '"s3cret"')
    assert store.get("auth") == {}
    with on_behalf_of(host, victim):
        for key in ("settings/auth/token", "auth/token", "secrets/k", "k/settings/auth/token"):
            assert storage.secrets.get(key) == {}
        for key in ("../settings/auth/token", "/settings/auth/token", "k/../settings", "k\n"):
            assert attempt(partial(storage.secrets.get, key)) is None
    assert host.vault.get(f"install/{victim.install_id}", "settings/auth/token") == '"s3cret"'


def test_the_shared_store_is_one_for_all_accounts_of_an_app_and_for_no_other_app(
    host: Host, victim: Installation
) -> None:
    with on_behalf_of(host, victim):
        storage.shared_kv_store.put("k", VALUE)
        assert storage.kv_store.count("") == 2
    with on_behalf_of(host, host.installation("first", account="south")):
        assert storage.shared_kv_store.scan("") == [("k", VALUE)]
        assert storage.kv_store.scan("") == []
    with on_behalf_of(host, host.installation("second", account="north")):
        for key in ("k", "app/first", "../first/k", "app/first/k"):
            assert storage.shared_kv_store.get(key) == {}
        assert storage.shared_kv_store.scan("") == []


def test_no_id_leads_to_the_run_of_another_installation(
    host: Host, victim: Installation, attacker: Installation
) -> None:
    run = host.jobs.trigger(victim, "tidy", {"private": 1})
    with on_behalf_of(host, attacker):
        for run_id in (run.run_id, run.run_id.upper(), f"{run.run_id} ", "", "%"):
            for ask in (jobs.get_detail, jobs.get_status):
                with pytest.raises(NotFound) as refused:
                    ask(run_id)
                assert "private" not in str(refused.value)
        assert jobs.active("tidy") == []
    with on_behalf_of(host, victim):
        assert jobs.get_detail(run.run_id).parameters == {"private": 1}


def test_no_id_leads_to_the_addresses_of_another_installation(
    host: Host, victim: Installation, attacker: Installation
) -> None:
    with on_behalf_of(host, attacker):
        own = functions.get_endpoints()
        assert own == functions.get_endpoints(attacker.install_id)
        for install_id in (victim.install_id, 0, -1, 10**6):
            with pytest.raises(NotFound):
                functions.get_endpoints(install_id)
    with on_behalf_of(host, victim):
        assert functions.get_endpoints() != own


def test_a_global_function_reaches_no_installation(host: Host, victim: Installation) -> None:
    """The services behind it are those of an installation; none of them may answer."""
    run = host.jobs.trigger(victim, "tidy", {})
    calls: list[Callable[[], object]] = [
        lambda: storage.settings.get("k"),
        lambda: storage.settings.put("k", {}),
        lambda: storage.secrets.get("k"),
        lambda: storage.secrets.patch("k", lambda record: record),
        lambda: storage.secrets.delete("k"),
        lambda: storage.kv_store.scan(""),
        lambda: storage.kv_store.add_string("k", "f", "a"),
        lambda: storage.kv_store.put_many({"k": {}}),
        lambda: storage.kv_store.patch_with_ttl("k", lambda record, ttl: (record, ttl)),
        lambda: asyncio.run(storage.kv_store.aget("k")),
        lambda: jobs.get_detail(run.run_id),
        lambda: jobs.trigger("tidy"),
        lambda: odp.customer("email", "a@example.org"),
        lambda: notifications.info("sync", "Title", "Summary"),
        lambda: oauth.access_token("k"),
    ]
    with on_behalf_of(host, victim, is_global=True):
        for call in calls:
            with pytest.raises(NoContext):
                call()


def test_a_global_function_learns_addresses_of_its_own_app_alone(
    host: Host, victim: Installation
) -> None:
    other = host.installation("second", account="north")
    with on_behalf_of(host, victim, is_global=True):
        south = host.installation("first", account="south")
        assert functions.get_endpoints(south.install_id) != functions.get_endpoints(
            victim.install_id
        )
        with pytest.raises(NotFound):
            functions.get_endpoints(other.install_id)


def test_calls_that_run_at_once_stay_with_their_installations(
    host: Host, victim: Installation
) -> None:
    installations = [
        victim,
        host.installation("first", account="south"),
        host.installation("second", account="north"),
    ]

    async def count(installation: Installation, number: int) -> None:
        with on_behalf_of(host, installation):
            await storage.kv_store.aincrement("count", f"i{installation.install_id}")
            await asyncio.sleep(0)
            await storage.kv_store.aadd_number("count", "numbers", number)

    async def all_at_once() -> None:
        await asyncio.gather(*(count(i, number) for number in range(10) for i in installations))

    asyncio.run(all_at_once())
    for installation in installations:
        with on_behalf_of(host, installation):
            assert storage.kv_store.get("count") == {
                f"i{installation.install_id}": 10,
                "numbers": set(range(10)),
            }


def test_outside_of_any_call_there_is_no_store() -> None:
    for store in (*STORES, storage.shared_kv_store):
        with pytest.raises(NoContext):
            store.get("k")


def test_installations_in_memory_are_apart_too() -> None:
    first, second = memory_app(install_id=1), memory_app(install_id=2)
    with use(first.invocation):
        storage.kv_store.put("k", VALUE)
    with use(second.invocation):
        assert storage.kv_store.scan("") == []
