import ast
import asyncio
import inspect
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from mooring.errors import LoopBlocked, NoContext, RecordInvalid
from mooring.sdk import functions, jobs, odp, storage
from mooring.sdk.context import is_global_context, use
from mooring.sdk.key_value_facade import KeyValueFacade
from mooring.sdk.record_facade import RecordFacade
from mooring.sdk.records import KEY_VALUE_BYTES
from mooring.sdk.sets import StringSet
from mooring.testing.memory import MemoryApp
from mooring.testing.memory import memory_app as make_memory_app
from tests.conftest import ROOT

STORES = [storage.settings, storage.secrets, storage.kv_store, storage.shared_kv_store]
KEY_VALUE_OPERATIONS = """
get put patch patch_with_ttl delete exists get_many put_many delete_many scan count
increment increment_multi shift shift_multi unshift unshift_multi append append_multi peek
peek_multi add_number add_number_multi remove_number remove_number_multi has_number
has_number_multi add_string add_string_multi remove_string remove_string_multi has_string
has_string_multi
"""


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("value", ["text", 1, None, ["a"]])
def test_only_a_map_is_a_record(
    store: RecordFacade | KeyValueFacade, value: object, memory_app: MemoryApp
) -> None:
    with pytest.raises(RecordInvalid, match="A record is a map"):
        store.put("k", value)  # type: ignore[arg-type]  # the point of the test


@pytest.mark.parametrize(
    "value", [float("nan"), datetime(2026, 1, 1, tzinfo=UTC), {1, 2}, b"bytes", "\ud800"]
)
def test_what_json_cannot_say_is_refused_before_it_reaches_a_backend(
    value: object, memory_app: MemoryApp
) -> None:
    with pytest.raises(RecordInvalid):
        storage.kv_store.put("k", {"value": value})
    assert not storage.kv_store.exists("k")


def test_what_an_updater_returns_is_checked_too(memory_app: MemoryApp) -> None:
    with pytest.raises(RecordInvalid):
        storage.settings.patch("k", lambda record: {"value": float("inf")})


def test_an_invalid_record_of_a_bulk_write_stops_all_of_it(memory_app: MemoryApp) -> None:
    with pytest.raises(RecordInvalid):
        storage.kv_store.put_many({"a": {"n": 1}, "b": {"n": {1, 2}}})
    assert storage.kv_store.count("") == 0


def test_an_error_about_a_secret_does_not_tell_it(memory_app: MemoryApp) -> None:
    with pytest.raises(RecordInvalid) as caught:
        storage.secrets.put("k", {"value": {"s3cret"}})
    assert "s3cret" not in str(caught.value)


def test_a_record_has_a_size_limit(memory_app: MemoryApp) -> None:
    with pytest.raises(RecordInvalid, match="at most 4,194,304 are kept"):
        storage.kv_store.put("k", {"value": "x" * KEY_VALUE_BYTES})


@pytest.mark.parametrize("key", ["", "x" * 513, "a\nb", "a\0b"])
def test_what_not_every_backend_can_hold_is_no_key(key: str, memory_app: MemoryApp) -> None:
    with pytest.raises(RecordInvalid, match="A key"):
        storage.kv_store.put(key, {})


@pytest.mark.parametrize("key", ["a b", "a/", "/a", "a//b", "é", "a.b"])
def test_a_secret_has_a_key_of_words(key: str, memory_app: MemoryApp) -> None:
    with pytest.raises(RecordInvalid, match="letters, digits"):
        storage.secrets.put(key, {"value": "x"})


def test_the_parts_of_a_secret_key_are_joined_by_slashes(memory_app: MemoryApp) -> None:
    storage.secrets.put("tokens/acc-1_b", {"value": "x"})
    assert storage.secrets.get("tokens/acc-1_b") == {"value": "x"}


@pytest.mark.parametrize("ttl", [0, -1, float("inf"), float("nan")])
def test_a_ttl_is_a_positive_number_of_seconds(ttl: float, memory_app: MemoryApp) -> None:
    with pytest.raises(RecordInvalid, match="A ttl is a positive number"):
        storage.settings.put("k", {}, ttl=ttl)


@pytest.mark.parametrize(
    ("service", "call"),
    [
        ("storage.settings", lambda: storage.settings.get("k")),
        ("storage.secrets", lambda: storage.secrets.get("k")),
        ("storage.kv_store", lambda: storage.kv_store.get("k")),
        ("odp", lambda: odp.customer("email", "a@example.org")),
        ("jobs", lambda: jobs.trigger("sync")),
        ("functions.get_authorization_grant_url", functions.get_authorization_grant_url),
    ],
)
def test_a_global_function_has_nothing_that_belongs_to_an_installation(
    service: str, call: Callable[[], object]
) -> None:
    with use(make_memory_app(install_id=0).invocation), pytest.raises(NoContext) as caught:
        call()
    assert caught.value.message.startswith(f"{service} belongs to an installation")


def test_a_global_function_has_the_shared_store() -> None:
    with use(make_memory_app(install_id=0).invocation):
        storage.shared_kv_store.put("k", {"install_id": 7})
        assert storage.shared_kv_store.get("k") == {"install_id": 7}
        assert is_global_context()


def test_a_global_function_must_say_whose_endpoints_it_wants() -> None:
    with (
        use(make_memory_app(install_id=0).invocation),
        pytest.raises(NoContext, match="needs an install_id"),
    ):
        functions.get_endpoints()


def methods(store: object) -> list[str]:
    """Return what an app can call, twins left out."""
    names = [name for name in dir(type(store)) if not name.startswith("_")]
    return [name for name in names if not (name.startswith("a") and name[1:] in names)]


@pytest.mark.parametrize("store", STORES)
def test_every_call_has_an_awaitable_twin_with_the_same_arguments(store: object) -> None:
    for name in methods(store):
        plain, twin = getattr(store, name), getattr(store, f"a{name}")
        assert inspect.iscoroutinefunction(twin)
        assert inspect.signature(twin) == inspect.signature(plain)
        assert twin.__name__ == f"a{name}"
        assert twin.__doc__ == f"Await ``{name}``."
        assert plain.__doc__


@pytest.mark.parametrize("store", [storage.kv_store, storage.shared_kv_store])
def test_key_value_stores_have_every_operation_of_the_contract(store: object) -> None:
    assert set(methods(store)) == set(KEY_VALUE_OPERATIONS.split())


@pytest.mark.parametrize("store", [storage.settings, storage.secrets])
def test_settings_and_secrets_have_whole_records(store: object) -> None:
    assert set(methods(store)) == {"get", "put", "patch", "delete", "exists"}


def test_a_twin_makes_the_same_call(memory_app: MemoryApp) -> None:
    async def run() -> None:
        assert await storage.kv_store.aput("k", {"n": 1}, ttl=5) == {}
        assert await storage.kv_store.aincrement("k", "n", 2) == 3
        await storage.kv_store.aappend_multi("k", {"list": ["a", "b"]})
        assert await storage.kv_store.ashift("k", "list") == "a"
        assert await storage.kv_store.aadd_string("k", "names", "x") is True
        assert await storage.settings.apatch("k", lambda record: {**record, "a": 1}) == {}

    asyncio.run(run())
    assert storage.kv_store.get("k") == {"n": 3, "list": ["b"], "names": StringSet(["x"])}
    assert storage.settings.get("k") == {"a": 1}


@pytest.mark.parametrize(
    ("call", "twin"),
    [
        (lambda: storage.settings.get("k"), "storage.settings.aget"),
        (lambda: storage.kv_store.append("k", "f", 1), "storage.kv_store.aappend"),
        (lambda: storage.kv_store.has_number("k", "f", 1), "storage.kv_store.ahas_number"),
        (lambda: storage.shared_kv_store.peek("k", "f"), "storage.shared_kv_store.apeek"),
        (lambda: storage.kv_store.count(""), "storage.kv_store.acount"),
    ],
)
def test_a_call_that_would_block_the_loop_names_its_twin(
    call: Callable[[], object], twin: str, memory_app: MemoryApp
) -> None:
    async def on_the_loop() -> object:
        return call()

    with pytest.raises(LoopBlocked) as refused:
        asyncio.run(on_the_loop())
    assert f"`await {twin}(...)`" in refused.value.hint


def test_what_the_page_about_stores_shows_is_so(memory_app: MemoryApp) -> None:
    page = (ROOT / "docs/stores.md").read_text("utf-8")
    names: dict[str, object] = {}
    shown = 0
    for line in page.partition("```python\n")[2].partition("```")[0].splitlines():
        call, _, answer = line.partition("  # ")
        if answer:
            expected = ast.literal_eval(answer.partition(";")[0])
            assert eval(call, names) == expected, call  # noqa: S307  # our own page
            shown += 1
        else:
            exec(call, names)  # noqa: S102  # our own page
    assert shown == 4
