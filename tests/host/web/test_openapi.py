"""What machines are told about the public server, held against what it does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from schemathesis.core.result import Ok

from mooring.sdk.webhook import METHODS
from mooring.web.openapi import describe
from tests.host.apps import App
from tests.host.web.conftest import Site

OpenSite = Callable[..., Site]


def told(site: Site, method: str, path: str) -> Any:  # Any: JSON
    answer = asyncio.run(site.ask(method, path))
    return answer.status_code, answer.headers.get("content-type"), answer.content


def test_the_document_is_served(app: App, site: OpenSite) -> None:
    opened = site(app.function("echo", "return Response(200)"))
    answer = asyncio.run(opened.ask("GET", "/openapi.json"))
    assert answer.status_code == 200
    assert answer.json() == describe(public_url=None)
    assert asyncio.run(opened.ask("HEAD", "/openapi.json")).status_code == 200
    assert asyncio.run(opened.ask("POST", "/openapi.json")).headers["allow"] == "GET, HEAD"


def test_it_is_a_valid_openapi_document_with_every_operation() -> None:
    schema = schemathesis.openapi.from_dict(describe(public_url=None))
    schema.config.base_url = "http://site"
    operations = set()
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        operations.add((found.ok().method.upper(), found.ok().path))
    functions = {each for each in operations if each[1].startswith("/functions/")}
    assert {method for method, _ in functions} == set(METHODS)
    assert len(functions) == 4 * len(METHODS)
    assert {path for _, path in operations - functions} == {
        *("/healthz", "/readyz", "/openapi.json", "/oauth/{app_id}/callback")
    }


def test_it_names_nothing_that_is_installed(app: App, site: OpenSite) -> None:
    opened = site(app.function("echo", "return Response(200)"))
    _, _, body = told(opened, "GET", "/openapi.json")
    assert not any(name in body for name in (b"shop", b"echo", b"local"))


def test_the_address_of_the_outside_world_is_its_server() -> None:
    document = describe(public_url="https://hooks.example/mooring")
    assert document["servers"] == [{"url": "https://hooks.example/mooring"}]


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/openapi.json", "/functions/a/b"])
def test_what_the_server_says_is_what_is_described(app: App, site: OpenSite, path: str) -> None:
    opened = site(app.function("echo", "return Response(200)"))
    described = describe(public_url=None)["paths"]
    key = path if path in described else "/functions/{app_id}/{function}"
    status, content_type, _ = told(opened, "GET", path)
    assert content_type in described[key]["get"]["responses"][str(status)]["content"]
