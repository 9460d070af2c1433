import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterator
from types import ModuleType

import pytest

from mooring.errors import LoopBlocked, NoContext
from mooring.sdk import functions, http, jobs, odp, storage
from mooring.sdk.context import AppContext, Invocation, current, use
from mooring.testing.memory import MemoryApp
from mooring.testing.memory import memory_app as make_memory_app

SERVICES: dict[str, object] = {
    "storage.settings": storage.settings,
    "storage.secrets": storage.secrets,
    "storage.kv_store": storage.kv_store,
    "storage.shared_kv_store": storage.shared_kv_store,
    "http": http,
    "odp": odp,
    "jobs": jobs,
    "functions": functions,
}


def plain_methods() -> Iterator[tuple[str, Callable[..., object], Callable[..., object] | None]]:
    for service, facade in SERVICES.items():
        for name, method in inspect.getmembers(facade, callable):
            own = not isinstance(facade, ModuleType) or method.__module__ == facade.__name__
            if name.startswith("_") or isinstance(method, type) or not own:
                continue
            if inspect.iscoroutinefunction(method):
                continue
            yield f"{service}.{name}", method, getattr(facade, f"a{name}", None)


METHODS = list(plain_methods())
IDS = [call for call, _, _ in METHODS]


def arguments_of(method: Callable[..., object]) -> list[object]:
    required = [
        parameter
        for parameter in inspect.signature(method).parameters.values()
        if parameter.default is parameter.empty
        and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
    ]
    return ["x" for _ in required]


def test_there_are_services_to_look_at() -> None:
    assert len(METHODS) > 40


@pytest.mark.parametrize(("call", "plain", "twin"), METHODS, ids=IDS)
def test_every_plain_call_has_an_awaitable_twin_with_its_parameters(
    call: str, plain: Callable[..., object], twin: Callable[..., object] | None
) -> None:
    assert twin is not None
    assert inspect.iscoroutinefunction(twin)
    assert inspect.signature(twin) == inspect.signature(plain)


@pytest.mark.parametrize(("call", "plain", "twin"), METHODS, ids=IDS)
def test_a_plain_call_on_the_event_loop_is_refused_and_names_its_twin(
    call: str, plain: Callable[..., object], twin: object, memory_app: MemoryApp
) -> None:
    async def on_the_loop() -> None:
        plain(*arguments_of(plain))

    service, _, name = call.rpartition(".")
    with pytest.raises(LoopBlocked) as caught:
        asyncio.run(on_the_loop())
    assert f"{call}() would block" in caught.value.message
    assert f"`await {service}.a{name}(...)`" in caught.value.hint


@pytest.mark.parametrize(("call", "plain", "twin"), METHODS, ids=IDS)
def test_a_call_outside_any_app_is_refused(
    call: str, plain: Callable[..., object], twin: object
) -> None:
    with pytest.raises(NoContext):
        plain(*arguments_of(plain))


def test_a_twin_does_what_the_plain_call_does(memory_app: MemoryApp) -> None:
    async def on_the_loop() -> object:
        await storage.settings.aput("auth", {"user": "ana"})
        return await storage.settings.aget("auth")

    assert asyncio.run(on_the_loop()) == {"user": "ana"} == storage.settings.get("auth")


def test_an_updater_runs_on_behalf_of_the_caller_also_in_a_twin(memory_app: MemoryApp) -> None:
    seen: list[AppContext] = []

    def updater(record: dict[str, object]) -> dict[str, object]:
        seen.append(current().app)
        return record

    async def on_the_loop() -> None:
        await storage.kv_store.apatch("k", updater)

    asyncio.run(on_the_loop())
    assert seen == [memory_app.invocation.app]


def test_a_twin_leaves_the_event_loop_free(memory_app: MemoryApp) -> None:
    """One coroutine waits in a store call until another one, on the same loop, lets it go."""

    async def on_the_loop() -> None:
        inside, go_on = asyncio.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()

        def updater(record: dict[str, object]) -> dict[str, object]:
            loop.call_soon_threadsafe(inside.set)
            asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(timeout=10)
            return {"done": True}

        waiting = asyncio.create_task(storage.kv_store.apatch("k", updater))
        await asyncio.wait_for(inside.wait(), 10)
        go_on.set()
        await asyncio.wait_for(waiting, 10)

    asyncio.run(on_the_loop())
    assert storage.kv_store.get("k") == {"done": True}


def test_hundreds_of_calls_for_several_installations_do_not_leak_into_one_another() -> None:
    apps = {install_id: make_memory_app(install_id=install_id) for install_id in range(1, 21)}

    async def work(invocation: Invocation, step: int) -> None:
        with use(invocation):
            await storage.kv_store.aincrement("steps", "n")
            await asyncio.sleep(0)
            await storage.settings.aput(f"step{step}", {"install": current().app.install_id})

    async def all_at_once() -> None:
        tasks: list[Awaitable[None]] = [
            work(app.invocation, step) for app in apps.values() for step in range(20)
        ]
        await asyncio.gather(*tasks)

    asyncio.run(all_at_once())
    for install_id, app in apps.items():
        services = app.invocation.services
        assert services.kv_store.get("steps") == {"n": 20}
        held = [services.settings.get(f"step{step}") for step in range(20)]
        assert held == [{"install": install_id}] * 20
