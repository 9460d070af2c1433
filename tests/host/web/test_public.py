"""What the world gets on the public port."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from mooring.errors import DatabaseAway
from mooring.hookspecs import hookimpl
from mooring.hosting.host import Host
from mooring.model.installation import Installation
from mooring.sdk.webhook import Request
from tests.host.apps import App
from tests.host.web.conftest import SECRET, Site, signed

OpenSite = Callable[..., Site]

ECHO = """
request = self.request
return Response(200, {
    "method": request.method, "path": request.path, "params": dict(request.params),
    "headers": request.headers.items(), "body": list(request.body),
})
"""


def ask(site: Site, method: str, path: str, **more: object) -> httpx.Response:
    return asyncio.run(site.ask(method, path, **more))


@pytest.fixture
def echo(app: App, site: OpenSite) -> Site:
    return site(app.function("echo", ECHO))


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_a_function_answers_at_its_address(echo: Site, method: str) -> None:
    answer = ask(echo, method, echo.path("echo"))
    assert answer.status_code == 200
    assert answer.json()["method"] == method
    assert answer.json()["path"] == ""


def test_what_follows_the_address_is_the_path(echo: Site) -> None:
    assert ask(echo, "GET", echo.path("echo") + "/a%20b/c").json()["path"] == "/a b/c"


def test_a_repeated_parameter_is_a_list(echo: Site) -> None:
    answer = ask(echo, "GET", echo.path("echo") + "?a=1&b=&a=2&c=%C3%A9&a=3")
    assert answer.json()["params"] == {"a": ["1", "2", "3"], "b": "", "c": "é"}


def test_the_body_arrives_byte_for_byte(echo: Site) -> None:
    body = bytes(range(256))
    assert ask(echo, "POST", echo.path("echo"), content=body).json()["body"] == list(body)


def test_a_repeated_header_arrives_twice(echo: Site) -> None:
    answer = ask(echo, "GET", echo.path("echo"), headers=[("X-Tag", "a"), ("x-tag", "b")])
    tags = [value for name, value in answer.json()["headers"] if name == "x-tag"]
    assert tags == ["a", "b"]


def test_status_headers_and_binary_body_of_the_answer_are_the_functions(
    app: App, site: OpenSite
) -> None:
    body = """
    response = Response(418, body=b"\\x00\\xff", headers={"content-type": "x/y"})
    response.headers.add("set-cookie", "a=1")
    response.headers.add("set-cookie", "b=2")
    response.headers.set("content-length", "999")
    response.headers.set("connection", "close")
    return response
    """
    opened = site(app.function("odd", body))
    answer = ask(opened, "GET", opened.path("odd"))
    assert (answer.status_code, answer.content) == (418, b"\x00\xff")
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert answer.headers["content-length"] == "2"
    assert "connection" not in answer.headers


def test_an_answer_without_a_body_announces_none(app: App, site: OpenSite) -> None:
    opened = site(app.function("quiet", "return Response(204, {'ignored': True})"))
    answer = ask(opened, "POST", opened.path("quiet"))
    assert (answer.status_code, answer.content) == (204, b"")
    assert "content-length" not in answer.headers


def test_a_global_function_answers_without_a_uuid(app: App, site: OpenSite) -> None:
    count = "storage.shared_kv_store.increment('seen', 'count')"
    body = f"return Response(200, {{'count': {count}, 'path': self.request.path}})"
    opened = site(app.function("all", body, **{"global": True}))
    assert ask(opened, "GET", "/functions/shop/all").json() == {"count": 1, "path": ""}
    assert ask(opened, "GET", "/functions/shop/all/more").json()["path"] == "/more"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/functions",
        "/functions/shop",
        "/functions/shop/echo",
        "/functions/shop/echo/9a4c651b-2e2f-4f85-91d1-438c0c61d612",
        "/functions/shop/echo/not-a-uuid",
        "/functions/shop/nothing",
        "/functions/nobody/echo",
        "/functions//echo",
        "/favicon.ico",
    ],
)
def test_an_unknown_address_is_a_404_in_json(echo: Site, path: str) -> None:
    answer = ask(echo, "POST", path)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"


def test_a_function_for_the_form_alone_has_no_address_and_is_called_by_the_host_alone(
    app: App, site: OpenSite
) -> None:
    app.function("options", "return Response(200, ['a'])", access="form")
    opened = site(app.function("echo", "return Response(200)"))
    installation, host = opened.installation, opened.host
    assert set(host.endpoints(installation)) == {"echo"}
    assert host.invoke(installation, "options", Request("GET")).body_json == ["a"]
    # One that had an address in a former version has none that leads to it any more.
    endpoint = host.installations.add_endpoint(installation.install_id, "shop", "options")
    for path in (f"/functions/shop/options/{endpoint.uuid}", "/functions/shop/options"):
        assert ask(opened, "GET", path).status_code == 404
    assert set(host.endpoints(installation)) == {"echo"}


def test_an_address_is_not_that_of_another_function_or_app(app: App, site: OpenSite) -> None:
    opened = site(
        app.function("one", "return Response(200)").function("two", "return Response(200)")
    )
    path = opened.path("one")
    assert ask(opened, "GET", path).status_code == 200
    assert ask(opened, "GET", path.replace("/one/", "/two/")).status_code == 404
    assert ask(opened, "GET", path.replace("/shop/", "/other/")).status_code == 404


def test_a_uuid_in_capitals_is_the_same(echo: Site) -> None:
    stem, _, uuid = echo.path("echo").rpartition("/")
    assert ask(echo, "GET", f"{stem}/{uuid.upper()}").status_code == 200


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "BREW"])
def test_another_method_is_a_405_that_lists_the_right_ones(echo: Site, method: str) -> None:
    answer = ask(echo, method, echo.path("echo"))
    assert answer.status_code == 405
    assert answer.headers["allow"] == "DELETE, GET, PATCH, POST, PUT"


def test_an_uninstalled_app_is_gone_also_when_another_process_did_it(
    echo: Site, open_host: Callable[[], Host]
) -> None:
    path = echo.path("echo")
    assert ask(echo, "GET", path).status_code == 200
    with open_host() as other:
        other.lifecycle.uninstall(_of(other), purge=False)
    assert _within_a_second(echo, path, 410)["error"]["code"] == "gone"


def test_an_app_installed_by_another_process_answers_within_a_second(
    echo: Site, open_host: Callable[[], Host]
) -> None:
    with open_host() as other:
        other.lifecycle.uninstall(_of(other), purge=True)
        installation = other.lifecycle.install(echo.installation.root)
        url = other.endpoints(installation)["echo"]
    _within_a_second(echo, url[url.index("/functions/") :], 200)


def test_a_body_of_exactly_a_mebibyte_is_taken_and_one_byte_more_is_not(
    app: App, site: OpenSite
) -> None:
    opened = site(app.function("size", "return Response(200, len(self.request.body))"))
    path = opened.path("size")
    assert ask(opened, "POST", path, content=b"x" * 1024 * 1024).json() == 1024 * 1024
    answer = ask(opened, "POST", path, content=b"x" * (1024 * 1024 + 1))
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "request.too_large"


def test_a_body_of_unknown_length_is_read_no_further_than_needed(echo: Site) -> None:
    sent = []

    async def chunks() -> AsyncIterator[bytes]:
        for number in range(100):
            sent.append(number)
            yield b"x" * 100_000

    answer = ask(echo, "POST", echo.path("echo"), content=chunks())
    assert answer.status_code == 413
    assert len(sent) == 11


@pytest.mark.parametrize("body", ["time.sleep(0.5)", "await asyncio.sleep(5)"])
def test_a_function_that_takes_too_long_is_answered_for(
    app: App, site: OpenSite, body: str
) -> None:
    opened = site(app.function("slow", f"{body}\nreturn Response(200)"), time_limit=0.05)
    answer = ask(opened, "POST", opened.path("slow"))
    assert answer.status_code == 504
    assert answer.json()["error"]["code"] == "function.overran"


async def once_it_may(client: httpx.AsyncClient, path: str) -> int:
    """Ask until there is a slot for it; say what came of it."""
    for _ in range(1000):
        if (status := (await client.get(path)).status_code) != 429:
            break
        await asyncio.sleep(0.01)
    return status


def test_an_overrunning_function_keeps_its_slot_until_it_returns(
    app: App, site: OpenSite, tmp_path: Path
) -> None:
    marker = tmp_path / "go"
    waiting = f"""
    import pathlib
    while not pathlib.Path({str(marker)!r}).exists():
        time.sleep(0.01)
    return Response(200)
    """
    opened = site(app.function("slow", waiting), time_limit=0.05, per_installation=1)

    async def statuses() -> list[int]:
        path = opened.path("slow")
        async with opened.client() as client:
            first, second = [(await client.get(path)).status_code for _ in range(2)]
            marker.touch()
            return [first, second, await once_it_may(client, path)]

    first, second, third = asyncio.run(statuses())
    assert (first, second) == (504, 429)
    assert third in (200, 504)  # this one ends, be it in time or not


def test_a_coroutine_that_is_cut_off_gives_its_slot_back(app: App, site: OpenSite) -> None:
    opened = site(
        app.function("slow", "await asyncio.sleep(60)\nreturn Response(200)"),
        time_limit=0.02,
        per_installation=1,
    )

    async def statuses() -> list[int]:
        async with opened.client() as client:
            return [await once_it_may(client, opened.path("slow")) for _ in range(3)]

    assert asyncio.run(statuses()) == [504, 504, 504]


@pytest.mark.parametrize("wait", ["time.sleep(0.2)", "await asyncio.sleep(0.2)"])
def test_more_requests_at_once_than_an_installation_may_have_are_told_to_wait(
    app: App, site: OpenSite, wait: str
) -> None:
    opened = site(app.function("slow", f"{wait}\nreturn Response(200)"), per_installation=3)

    async def answers() -> list[httpx.Response]:
        async with opened.client() as client:
            path = opened.path("slow")
            await client.get(path + "?warm")
            return await asyncio.gather(*(client.get(path) for _ in range(8)))

    found = asyncio.run(answers())
    assert sorted(a.status_code for a in found) == [200] * 3 + [429] * 5
    assert {a.headers.get("retry-after") for a in found if a.status_code == 429} == {"1"}


def test_calls_at_once_each_have_their_own_context(app: App, site: OpenSite) -> None:
    body = """
    from mooring.sdk.context import get_app_context
    await asyncio.sleep(0.01)
    return Response(200, [get_app_context().entry_point, self.request.params["n"]])
    """
    opened = site(app.function("one", body).function("two", body))

    async def answers() -> list[list[str]]:
        async with opened.client() as client:
            paths = [opened.path(("one", "two")[n % 2]) + f"?n={n}" for n in range(20)]
            return [a.json() for a in await asyncio.gather(*map(client.get, paths))]

    expected = [[f"function:{('one', 'two')[n % 2]}", str(n)] for n in range(20)]
    assert asyncio.run(answers()) == expected


def test_an_exception_is_a_500_that_says_nothing_and_a_log_line_that_says_all(
    app: App, site: OpenSite
) -> None:
    opened = site(app.function("broken", "raise ValueError('the cat of Ada')"))
    answer = ask(opened, "POST", opened.path("broken"))
    assert answer.status_code == 500
    assert "cat" not in answer.text
    (line,) = [x for x in _log(opened) if x["event"] == "function.failed"]
    assert "the cat of Ada" in line["traceback"]
    assert "broken.py" in line["traceback"]


def test_a_secret_in_an_error_reaches_neither_caller_nor_log(app: App, site: OpenSite) -> None:
    body = """
    from mooring.sdk.errors import NotFound
    raise NotFound("no " + storage.secrets.get("broken_signature")["value"])
    """
    opened = site(app.function("broken", body))
    opened.set_secret("broken")
    answer = ask(opened, "POST", opened.path("broken"))
    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == "no •••"
    assert SECRET not in json.dumps(_log(opened))


def test_a_class_that_does_not_load_is_the_installations_trouble_alone(
    app: App, site: OpenSite
) -> None:
    app.function("fine", "return Response(200)").function("broken", "return Response(200)")
    opened = site(app)
    module = opened.installation.root / "src/functions/broken.py"
    module.chmod(0o644)
    module.write_text("import nothing_like_this\n")
    assert ask(opened, "GET", opened.path("broken")).status_code == 422
    assert ask(opened, "GET", opened.path("fine")).status_code == 200


def test_a_direct_function_that_is_signed_runs_for_the_holder_of_the_secret_alone(
    app: App, site: OpenSite
) -> None:
    opened = site(app.function("hook", ECHO, verify="optimizely", delivery="direct"))
    path, body = opened.path("hook"), b'{"a": 1}'
    assert ask(opened, "POST", path, content=body, headers=signed(body)).status_code == 503
    opened.set_secret("hook")
    _within_a_second(opened, path, 200, method="POST", content=body, headers=signed(body))
    assert ask(opened, "POST", path, content=body).status_code == 401
    assert ask(opened, "POST", path, content=b"{}", headers=signed(body)).status_code == 401
    assert ask(opened, "GET", path).status_code == 401


def test_the_host_says_that_it_lives_and_that_it_is_ready(echo: Site) -> None:
    assert ask(echo, "GET", "/healthz").json() == {"status": "ok"}
    answer = ask(echo, "GET", "/readyz")
    assert (answer.status_code, answer.json()) == (
        200,
        {"ready": True, "database": "ok", "jobs": "off"},
    )
    assert ask(echo, "POST", "/healthz").status_code == 405


def test_every_answered_call_is_logged_and_observed(echo: Site) -> None:
    seen = []

    class Observer:
        @hookimpl
        def mooring_function_handled(self, app: str, name: str, outcome: dict[str, object]) -> None:
            seen.append((app, name, outcome["status"]))

    echo.host.plugins.register(Observer())
    ask(echo, "GET", echo.path("echo"))
    _soon(lambda: seen)
    assert seen == [(echo.installation.app, "echo", 200)]
    (line,) = [x for x in _log(echo) if x["event"] == "function.answered"]
    assert (line["status"], line["install_id"]) == (200, echo.installation.install_id)


def _of(host: Host) -> Installation:
    return host.installation("shop")


def _within_a_second(
    site: Site, path: str, status: int, *, method: str = "GET", **more: object
) -> dict[str, dict[str, str]]:
    """Ask until the status is there; a second is what a change may take."""

    async def asking() -> httpx.Response:
        async with site.client() as client:
            for _ in range(20):
                answer = await client.request(method, path, **more)  # type: ignore[arg-type]  # whatever httpx takes
                if answer.status_code == status:
                    break
                await asyncio.sleep(0.05)
            return answer

    answer = asyncio.run(asking())
    assert answer.status_code == status
    found: dict[str, dict[str, str]] = answer.json()
    return found


def _log(site: Site) -> list[dict[str, Any]]:  # Any: JSON
    text = (site.host.home.logs / "mooring.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


def _soon(condition: Callable[[], object]) -> None:
    async def wait() -> None:
        for _ in range(200):
            if condition():
                return
            await asyncio.sleep(0.01)

    asyncio.run(wait())


def test_a_database_that_is_away_is_a_503_and_one_line_of_the_log(
    app: App, site: OpenSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = site(app.function("hello", "return Response(200)"))

    def away(*_: Any) -> int:
        raise DatabaseAway("10.0.0.7 refused the connection.")

    monkeypatch.setattr(type(opened.host.database), "revision", away)
    for answer in [ask(opened, "POST", opened.path("hello")) for _ in range(3)]:
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert answer.json()["error"]["code"] == "config.database"
        assert "cannot reach its database" in answer.json()["error"]["message"]
        assert "10.0.0.7" not in answer.text
    (line,) = [x for x in _log(opened) if x["level"] == "error"]
    assert (line["event"], "traceback" in line) == ("server.database_away", False)
    assert "10.0.0.7 refused" in line["error"]
