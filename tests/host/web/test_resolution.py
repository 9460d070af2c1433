"""One address for all accounts: each request reaches its own, and nobody learns which there are."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import event

from mooring.hosting.host import Host
from mooring.model.installation import Installation
from tests.host.apps import App
from tests.host.web.conftest import Site, signed

OpenSite = Callable[..., Site]
OpenHost = Callable[..., Host]

WHO = """
from mooring.sdk.context import current
app = current().app
return Response(200, {"account": app.tracker_id, "id": app.install_id, "path": self.request.path})
"""
HEADER = {"type": "HEADER", "key": "X-Account"}
BODY = {"type": "JSON_BODY_FIELD", "key": "$.account"}
PATH = "/functions/shop/who"


def ask(site: Site, method: str = "POST", path: str = PATH, **more: Any) -> httpx.Response:
    return asyncio.run(site.ask(method, path, **more))


def other_account(app: App, open_host: OpenHost, account: str = "paris") -> Installation:
    with open_host(account=account) as other:
        return other.lifecycle.install(app.finish())


def set_secret(site: Site, installation: Installation, *values: str) -> None:
    record = {"values": list(values)}
    site.host.secrets(installation).put("who_signature", record)


def who(site: Site, account: str, **more: Any) -> Any:  # Any: JSON
    answer = ask(site, headers={"x-account": account}, **more)
    assert answer.status_code == 200, answer.text
    return answer.json()["account"]


def test_each_request_runs_for_the_account_that_it_names(
    app: App, site: OpenSite, open_host: OpenHost
) -> None:
    opened = site(app.function("who", WHO, installation_resolution=HEADER))
    paris = other_account(app, open_host)
    answer = ask(opened, path=f"{PATH}/a/b", headers={"x-account": "paris"})
    assert answer.json() == {"account": "paris", "id": paris.install_id, "path": "/a/b"}
    assert who(opened, "local") == "local"


@pytest.mark.parametrize(
    ("rule", "request_of"),
    [
        ({"type": "QUERY_PARAM", "key": "account"}, lambda a: {"params": {"account": a}}),
        (BODY, lambda a: {"json": {"account": a}}),
        ({"type": "JSON_BODY_FIELD", "key": "account"}, lambda a: {"json": {"account": a}}),
    ],
)
def test_query_and_body_name_it_as_well(
    app: App, site: OpenSite, rule: dict[str, str], request_of: Callable[[str], dict[str, Any]]
) -> None:
    opened = site(app.function("who", WHO, installation_resolution=rule))
    assert ask(opened, **request_of("local")).json()["account"] == "local"
    assert ask(opened, **request_of("nobody")).status_code == 404
    missing = ask(opened, json={})
    assert (missing.status_code, missing.json()["error"]["code"]) == (400, "request.invalid")


def test_the_one_address_is_what_is_shown_and_there_is_no_other(app: App, site: OpenSite) -> None:
    opened = site(
        app.function("who", WHO, installation_resolution=HEADER).function(
            "own", WHO, installation_resolution={"type": "GUID", "key": "x"}
        )
    )
    assert opened.path("who") == PATH
    assert opened.path("own").startswith("/functions/shop/own/")
    assert ask(opened, path=opened.path("own")).status_code == 200
    assert ask(opened, path="/functions/shop/own", headers={"x-account": "local"}).is_client_error
    kept = opened.host.installations.endpoints(opened.installation.install_id)
    assert [endpoint.function for endpoint in kept] == ["own"]


def test_an_account_that_came_or_went_meanwhile_is_noticed(
    app: App, site: OpenSite, open_host: OpenHost
) -> None:
    opened = site(app.function("who", WHO, installation_resolution=HEADER))
    assert ask(opened, headers={"x-account": "paris"}).status_code == 404
    other_account(app, open_host)
    opened.server.functions._directory._looked_at = float("-inf")  # half a second later
    assert who(opened, "paris") == "paris"
    with open_host(account="paris") as other:
        other.lifecycle.uninstall(other.installation("shop"), purge=False)
    opened.server.functions._directory._looked_at = float("-inf")
    assert ask(opened, headers={"x-account": "paris"}).status_code == 404


def test_accounts_on_two_versions_that_look_in_different_places_are_both_found(
    app: App, site: OpenSite, open_host: OpenHost
) -> None:
    opened = site(app.function("who", WHO, installation_resolution=HEADER))
    app.function("who", WHO, installation_resolution={"type": "HEADER", "key": "X-Tenant"})
    other_account(app, open_host)
    opened.server.functions._directory._looked_at = float("-inf")
    assert who(opened, "local") == "local"
    assert ask(opened, headers={"x-tenant": "paris"}).json()["account"] == "paris"
    assert ask(opened, headers={"x-account": "paris"}).status_code == 404
    assert ask(opened, headers={"x-tenant": "local"}).status_code == 404


def test_a_newer_version_without_the_function_takes_it_from_nobody_else(
    app: App, site: OpenSite, open_host: OpenHost
) -> None:
    opened = site(app.function("who", WHO, installation_resolution=HEADER))
    del app.functions["who"]
    manifest = app.function("what", WHO).finish() / "app.yml"
    manifest.write_text(manifest.read_text("utf-8").replace("1.0.0-dev", "2.0.0"), "utf-8")
    with open_host(account="paris") as other:
        other.lifecycle.install(app.root)
    opened.server.functions._directory._looked_at = float("-inf")
    assert who(opened, "local") == "local"
    assert ask(opened, headers={"x-account": "paris"}).status_code == 404


@pytest.fixture
def verified(app: App, site: OpenSite, open_host: OpenHost) -> Site:
    """An app in two accounts, each of which has another secret."""
    rule = {"installation_resolution": HEADER, "verify": "optimizely", "delivery": "direct"}
    opened = site(app.function("who", WHO, **rule))
    set_secret(opened, opened.installation, "local-new", "local-old")
    set_secret(opened, other_account(app, open_host), "of-paris")
    return opened


def send(site: Site, account: str, secret: str, body: bytes = b"{}") -> httpx.Response:
    return ask(site, content=body, headers={"x-account": account, **signed(body, secret)})


def test_the_secret_of_the_named_account_counts(verified: Site) -> None:
    assert send(verified, "local", "local-new").json()["account"] == "local"
    assert send(verified, "local", "local-old").json()["account"] == "local"
    assert send(verified, "paris", "of-paris").json()["account"] == "paris"
    assert send(verified, "paris", "local-new").status_code == 401
    assert send(verified, "local", "of-paris").status_code == 401


@pytest.mark.parametrize("headers", [{}, {"x-hub-signature": "odd"}, signed(b"{}", "guessed")])
def test_an_unknown_account_is_refused_as_a_known_one_is(
    app: App, verified: Site, open_host: OpenHost, headers: dict[str, str]
) -> None:
    other_account(app, open_host, "no-secret")
    answers = [
        ask(verified, content=b"{}", headers={"x-account": account, **headers})
        for account in ("local", "paris", "no-secret", "nobody", "x" * 300)
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    assert len({tuple(sorted(answer.headers.items())) for answer in answers}) == 1


def test_the_log_says_for_the_host_what_the_sender_is_not_told(verified: Site) -> None:
    send(verified, "nobody", "guessed")
    send(verified, "paris", "guessed")
    lines = (verified.host.home.logs / "mooring.jsonl").read_text("utf-8").splitlines()
    found = [json.loads(line) for line in lines]
    refused = [line for line in found if line["event"] == "request.refused"]
    assert [(line["account"], line["install_id"] > 0) for line in refused] == [
        ("", False),
        ("paris", True),
    ]


def test_a_delivery_for_later_belongs_to_the_named_account(
    app: App, site: OpenSite, open_host: OpenHost
) -> None:
    opened = site(app.function("who", WHO, installation_resolution=BODY, verify="optimizely"))
    paris = other_account(app, open_host)
    set_secret(opened, paris, "of-paris")
    body = b'{"account": "paris"}'
    json_type = {"content-type": "application/json"}
    headers = {**signed(body, "of-paris"), **json_type}
    assert ask(opened, content=body, headers=headers).status_code == 202
    stranger = b'{"account": "nobody"}'
    headers = {**signed(stranger, "of-paris"), **json_type}
    assert ask(opened, content=stranger, headers=headers).status_code == 401
    (delivery,) = opened.host.deliveries.recent()
    assert delivery.install_id == paris.install_id


@pytest.fixture
def queries(app: App, site: OpenSite) -> Iterator[tuple[Site, list[str]]]:
    """A site, and the statements that its database gets."""
    opened = site(app.function("own", WHO).function("who", WHO, installation_resolution=HEADER))
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:  # Any: SQLAlchemy's
        seen.append(statement)

    engine = opened.host.database._engine
    event.listen(engine, "before_cursor_execute", note)
    yield opened, seen
    event.remove(engine, "before_cursor_execute", note)


def test_unknown_and_removed_addresses_cost_the_same(queries: tuple[Site, list[str]]) -> None:
    opened, seen = queries
    removed = opened.path("own")
    opened.host.installations.retire_endpoints(opened.installation.install_id)
    stem = removed.rpartition("/")[0]
    asked = {}
    for path in (removed, f"{stem}/9a4c651b-2e2f-4f85-91d1-438c0c61d612"):
        costs = []
        for _ in range(2):
            opened.server.functions._directory._looked_at = float("-inf")
            seen.clear()
            status = ask(opened, path=path).status_code
            costs.append(list(seen))
        asked[status] = costs
    assert set(asked) == {404, 410}
    assert asked[404] == asked[410]
    first, again = asked[404]
    assert again == [each for each in first if "endpoints" not in each][: len(again)]
    assert len(first) > len(again), "the second time, the answer is remembered"


def test_known_and_unknown_accounts_cost_the_same(queries: tuple[Site, list[str]]) -> None:
    opened, seen = queries
    ask(opened, headers={"x-account": "warm"})
    costs = []
    for account in ("local", "nobody"):
        for _ in range(2):
            seen.clear()
            ask(opened, headers={"x-account": account})
            costs.append([each for each in seen if "FROM installations" in each])
    assert costs[0] == costs[2]
    assert costs[1] == costs[3] == []
