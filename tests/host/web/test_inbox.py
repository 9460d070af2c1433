"""What becomes of a webhook request that is accepted for later."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from mooring.engine.inbox import MOST_ATTEMPTS
from mooring.hosting.host import Host
from mooring.model.delivery import Delivery, DeliveryState
from mooring.model.installation import InstallationState
from mooring.web.inbox import Inbox
from mooring.web.journal import Journal
from tests.host.apps import App
from tests.host.web.conftest import SECRET, Site, opened_site, signed

OpenSite = Callable[..., Site]
MASTER_KEY = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA="
BODY = b'{"event": "project.datafile_updated"}'
NOTES = 'storage.kv_store.increment("seen", "count")\nreturn Response(200)'


@pytest.fixture
def hook(app: App, site: OpenSite) -> Site:
    """Give a site whose signed function `hook` counts what it handles; nothing is handled yet."""
    opened = site(app.function("hook", NOTES, verify="optimizely"))
    opened.set_secret("hook")
    return opened


def send(site: Site, body: bytes = BODY, **more: object) -> httpx.Response:
    given: dict[str, object] = {"content": body, "headers": signed(body), **more}
    return asyncio.run(site.ask("POST", site.path("hook"), **given))


def kept(site: Site) -> list[Delivery]:
    return list(site.host.deliveries.recent())


def settled(site: Site, *states: DeliveryState) -> Delivery:
    """Wait until the one delivery is in one of the states."""
    wanted = states or (DeliveryState.DONE,)
    return until(site, lambda delivery: delivery.state in wanted)


def until(site: Site, condition: Callable[[Delivery], bool]) -> Delivery:
    for _ in range(3000):
        (delivery,) = kept(site)
        if condition(delivery):
            return delivery
        time.sleep(0.01)
    raise AssertionError(f"It is still {delivery}")


def handled(site: Site) -> int:
    record = site.host.invocation(site.installation, entry_point="test").services.kv_store
    return int(record.get("seen").get("count", 0))


def test_a_signed_request_is_acknowledged_and_handled_afterwards(hook: Site) -> None:
    answer = send(hook)
    assert answer.status_code == 202
    (delivery,) = kept(hook)
    assert answer.json() == {"delivery_id": delivery.delivery_id}
    assert (delivery.state, handled(hook)) == (DeliveryState.PENDING, 0)
    hook.inbox.start()
    settled(hook)
    assert handled(hook) == 1


@pytest.mark.parametrize(
    "headers",
    [{}, {"x-hub-signature": "sha1=00"}, {"x-hub-signature": "nonsense"}, signed(b"another body")],
)
def test_a_request_without_the_right_signature_leaves_nothing(
    hook: Site, headers: dict[str, str]
) -> None:
    answer = send(hook, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "request.signature"
    assert kept(hook) == []


def test_without_a_secret_nothing_is_accepted_and_the_remedy_is_named(
    app: App, site: OpenSite
) -> None:
    opened = site(app.function("hook", NOTES, verify="optimizely"))
    answer = send(opened)
    assert answer.status_code == 503
    assert "mooring secrets shop set hook_signature" in answer.json()["error"]["hint"]
    assert kept(opened) == []


def test_a_changed_secret_is_in_force_within_a_second(hook: Site) -> None:
    assert send(hook).status_code == 202
    hook.set_secret("hook", "another-secret")
    body, deadline = b"new", time.monotonic() + 1
    while send(hook, body, headers=signed(body, "another-secret")).status_code != 202:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert send(hook, b"old").status_code == 401


def test_a_repeated_request_has_the_same_id_and_is_handled_once(hook: Site) -> None:
    hook.inbox.start()
    first = send(hook).json()
    settled(hook)
    assert send(hook).json() == first
    assert len(kept(hook)) == 1
    assert handled(hook) == 1


def test_requests_that_differ_are_kept_each(hook: Site) -> None:
    ids = {send(hook, body).json()["delivery_id"] for body in (b"1", b"2", b"3")}
    assert len(ids) == len(kept(hook)) == 3


def test_many_at_once_are_all_kept(hook: Site) -> None:
    async def send_all() -> list[int]:
        async with hook.client() as client:
            path = hook.path("hook")
            bodies = [str(number).encode() for number in range(60)]
            sends = (client.post(path, content=body, headers=signed(body)) for body in bodies)
            return [answer.status_code for answer in await asyncio.gather(*sends)]

    assert asyncio.run(send_all()) == [202] * 60
    assert len(kept(hook)) == 60


def test_the_function_sees_the_request_as_it_was_sent(app: App, site: OpenSite) -> None:
    body = """
    request = self.request
    seen = {"method": request.method, "path": request.path, "params": dict(request.params)}
    storage.kv_store.put("seen", {**seen, "body": list(request.body)})
    return Response(200)
    """
    opened = site(app.function("hook", body, delivery="inbox"))
    opened.inbox.start()
    binary = bytes(range(256))
    path = opened.path("hook") + "/orders?a=1&a=2"
    assert asyncio.run(opened.ask("PUT", path, content=binary)).status_code == 202
    settled(opened)
    store = opened.host.invocation(opened.installation, entry_point="test").services.kv_store
    assert store.get("seen") == {
        "method": "PUT",
        "path": "/orders",
        "params": {"a": ["1", "2"]},
        "body": list(binary),
    }


def test_only_methods_with_a_body_go_to_the_inbox(app: App, site: OpenSite) -> None:
    opened = site(app.function("hook", "return Response(200, text='now')", delivery="inbox"))
    assert asyncio.run(opened.ask("GET", opened.path("hook"))).text == "now"
    assert asyncio.run(opened.ask("PATCH", opened.path("hook"))).status_code == 202


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("return Response(503)", "status 503"),
        ("raise ValueError('odd')", "ValueError: odd"),
        ("await asyncio.sleep(0)\nraise ValueError('odd')", "ValueError: odd"),
    ],
)
def test_a_failure_is_noted_and_tried_again_later(
    app: App, site: OpenSite, body: str, reason: str
) -> None:
    opened = site(app.function("hook", body, delivery="inbox"))
    send(opened)
    opened.inbox.start()
    delivery = until(opened, lambda delivery: delivery.error is not None)
    assert delivery.state is DeliveryState.PENDING
    assert delivery.attempts == 1
    assert reason in (delivery.error or "")
    waits = delivery.due_at - opened.host.clock.now()
    assert timedelta(seconds=1) < waits <= timedelta(seconds=2)


def test_what_failed_once_succeeds_when_it_is_due_again(app: App, site: OpenSite) -> None:
    body = """
    first = storage.kv_store.increment("seen", "count") == 1
    return Response(500 if first else 200)
    """
    opened = site(app.function("hook", body, delivery="inbox"))
    opened.inbox.start()
    send(opened)
    delivery = until(opened, lambda delivery: delivery.error is not None)
    due_now = opened.host.clock.now()
    assert opened.host.deliveries.claim([delivery], until=due_now)
    settled(opened)
    assert handled(opened) == 2


@pytest.mark.parametrize("get", ["storage.settings.get", "await storage.settings.aget"])
def test_what_waits_for_credentials_is_kept_until_the_save_that_renews_them(
    app: App, site: OpenSite, get: str
) -> None:
    body = f"""
    if not ({get}("main")).get("name"):
        from mooring.sdk import errors
        raise errors.CredentialsRejected("The token is refused.")
    return Response(200)
    """
    opened = site(app.function("hook", body, delivery="inbox"))
    opened.inbox.start()
    send(opened)
    delivery = until(opened, lambda delivery: delivery.error is not None)
    assert (delivery.state, delivery.attempts) == (DeliveryState.PENDING, 0)
    assert delivery.due_at - opened.host.clock.now() > timedelta(minutes=9)
    host, installation = opened.host, opened.installation
    assert host.installation("shop").state is InstallationState.NEEDS_ATTENTION
    stored = host.invocation(installation, entry_point="test").services.settings
    stored.put("main", {"name": "renewed"})
    assert host.settings.of(installation).submit("main", {}, action="save").ok
    assert host.installation("shop").state is InstallationState.INSTALLED
    settled(opened)


def test_a_request_that_no_attempt_can_mend_is_set_aside(app: App, site: OpenSite) -> None:
    opened = site(
        app.function("hook", "self.request.body_json\nreturn Response(200)", delivery="inbox")
    )
    opened.inbox.start()
    send(opened, b"{")
    delivery = settled(opened, DeliveryState.DEAD)
    assert "not JSON" in (delivery.error or "")


def test_a_secret_in_a_failure_is_not_stored(app: App, site: OpenSite) -> None:
    body = "raise ValueError(storage.secrets.get('hook_signature')['value'])"
    opened = site(app.function("hook", body, verify="optimizely"))
    opened.set_secret("hook")
    opened.inbox.start()
    send(opened)
    delivery = until(opened, lambda delivery: delivery.error is not None)
    assert delivery.error == "ValueError: •••"
    assert SECRET not in (opened.host.home.logs / "mooring.jsonl").read_text()


def test_a_delivery_of_an_app_that_is_gone_is_set_aside(hook: Site) -> None:
    send(hook)
    hook.host.lifecycle.uninstall(hook.installation, purge=False)
    hook.inbox.start()
    delivery = settled(hook, DeliveryState.DEAD)
    assert delivery.error == "shop is no longer installed."


def test_a_global_function_has_an_inbox_too(app: App, site: OpenSite) -> None:
    body = 'storage.shared_kv_store.increment("seen", "count")\nreturn Response(200)'
    opened = site(app.function("all", body, delivery="inbox", **{"global": True}))
    opened.inbox.start()
    answer = asyncio.run(opened.ask("POST", "/functions/shop/all", content=b"x"))
    assert answer.status_code == 202
    assert settled(opened).install_id == 0


def test_what_a_killed_process_had_in_hand_is_handled_when_its_lease_ends(
    hook: Site, open_host: Callable[[], Host]
) -> None:
    send(hook)
    (delivery,) = kept(hook)
    lease_ends = hook.host.clock.now() + timedelta(seconds=0.3)
    assert hook.host.deliveries.claim([delivery], until=lease_ends)
    with open_host() as other:
        inbox = Inbox(other, journal=Journal(other), looks_every=0.02)
        inbox.start()
        time.sleep(0.1)
        assert kept(hook)[0].state is DeliveryState.PENDING
        settled(hook)
        inbox.stop(timeout=1)
    assert handled(hook) == 1


def test_what_ends_its_process_again_and_again_is_set_aside(
    hook: Site, open_host: Callable[[], Host]
) -> None:
    send(hook)
    for _ in range(MOST_ATTEMPTS):
        (begun,) = kept(hook)
        assert hook.host.deliveries.begin([begun], until=hook.host.clock.now())
    hook.inbox.start()
    delivery = settled(hook, DeliveryState.DEAD)
    assert "begun 8 times" in (delivery.error or "")
    assert handled(hook) == 0


def test_of_what_may_have_ended_a_process_one_at_a_time_begins(
    app: App, site: OpenSite, tmp_path: Path
) -> None:
    marker = tmp_path / "go"
    opened = site(app.function("hook", waits_for(marker), delivery="inbox"))
    for body in (b"1", b"2"):
        send(opened, body)
    for begun in kept(opened):
        assert opened.host.deliveries.begin([begun], until=opened.host.clock.now())
    send(opened, b"fresh")
    opened.inbox.start()
    assert reached(opened, [1, 1, 2])
    time.sleep(0.2)
    assert reached(opened, [1, 1, 2])
    marker.touch()
    assert reached(opened, [1, 2, 2])


def reached(site: Site, attempts: list[int]) -> bool:
    """Wait until the deliveries have had so many attempts."""
    for _ in range(500):
        if sorted(delivery.attempts for delivery in kept(site)) == attempts:
            return True
        time.sleep(0.01)
    return False


def waits_for(marker: Path) -> str:
    """Write a function that says it began and goes on when a file appears."""
    return f"""
    import pathlib
    storage.kv_store.increment("seen", "count")
    for _ in range(500):
        if pathlib.Path({str(marker)!r}).exists():
            break
        time.sleep(0.01)
    return Response(200)
    """


def test_two_processes_on_postgresql_handle_each_delivery_once(
    app: App, open_host: Callable[..., Host], postgresql_url: str
) -> None:
    app.function("hook", NOTES, delivery="inbox")
    given = {"database_url": postgresql_url, "master_key": MASTER_KEY}
    with open_host(**given) as host, open_host(**given) as other, opened_site(host, app) as opened:
        second = Inbox(other, journal=Journal(other), looks_every=0.02)
        for number in range(40):
            send(opened, str(number).encode())
        opened.inbox.start()
        second.start()
        deadline = time.monotonic() + 10
        while any(delivery.state is not DeliveryState.DONE for delivery in kept(opened)):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        second.stop(timeout=2)
        assert handled(opened) == 40


def test_a_long_delivery_is_not_given_to_another_process_meanwhile(
    app: App, site: OpenSite, tmp_path: Path, open_host: Callable[[], Host]
) -> None:
    marker = tmp_path / "go"
    opened = site(app.function("hook", waits_for(marker), delivery="inbox"))
    lease = timedelta(seconds=0.2)
    send(opened)
    with open_host() as other:
        inboxes = [
            Inbox(host, journal=Journal(host), lease=lease, looks_every=0.02)
            for host in (opened.host, other)
        ]
        for inbox in inboxes:
            inbox.start()
        time.sleep(0.7)
        marker.touch()
        settled(opened)
        for inbox in inboxes:
            inbox.stop(timeout=2)
    assert handled(opened) == 1


def test_a_lease_that_could_not_be_renewed_in_time_does_not_double_the_work(
    app: App, site: OpenSite, tmp_path: Path
) -> None:
    marker = tmp_path / "go"
    opened = site(app.function("hook", waits_for(marker), delivery="inbox"))
    opened.inbox.start()
    send(opened)
    held = until(opened, lambda delivery: delivery.due_at > opened.host.clock.now())
    assert opened.host.deliveries.claim([held], until=opened.host.clock.now())
    time.sleep(0.2)
    marker.touch()
    settled(opened)
    assert handled(opened) == 1


def test_one_installation_does_not_take_all_the_threads(
    app: App, site: OpenSite, tmp_path: Path
) -> None:
    marker = tmp_path / "go"
    app.function("hook", waits_for(marker), delivery="inbox")
    app.function("all", "return Response(200)", delivery="inbox", **{"global": True})
    opened = site(app)
    for number in range(20):
        send(opened, str(number).encode())
    asyncio.run(opened.ask("POST", "/functions/shop/all"))
    opened.inbox.start()
    deadline = time.monotonic() + 3
    while not [d for d in kept(opened) if d.function == "all" and d.state is DeliveryState.DONE]:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    while handled(opened) < 4:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    time.sleep(0.1)
    assert handled(opened) == 4
    marker.touch()


def test_stopping_waits_for_what_is_in_hand_and_takes_nothing_new(
    app: App, site: OpenSite, tmp_path: Path
) -> None:
    opened = site(app.function("hook", "time.sleep(0.2)\nreturn Response(200)", delivery="inbox"))
    opened.inbox.start()
    send(opened)
    until(opened, lambda delivery: delivery.due_at > opened.host.clock.now())
    opened.inbox.stop(timeout=2)
    assert kept(opened)[0].state is DeliveryState.DONE
    send(opened, b"later")
    time.sleep(0.1)
    states = {delivery.state for delivery in kept(opened)}
    assert states == {DeliveryState.DONE, DeliveryState.PENDING}


def test_stopping_leaves_behind_what_does_not_end(app: App, site: OpenSite, tmp_path: Path) -> None:
    marker = tmp_path / "go"
    opened = site(app.function("hook", waits_for(marker), delivery="inbox"))
    opened.inbox.start()
    send(opened)
    until(opened, lambda delivery: delivery.due_at > opened.host.clock.now())
    opened.inbox.stop(timeout=0.1)
    assert kept(opened)[0].state is DeliveryState.PENDING
    marker.touch()
