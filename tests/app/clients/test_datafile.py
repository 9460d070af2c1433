from __future__ import annotations

import json
from typing import Any

import pytest

from mooring.sdk import errors
from mooring.testing.memory import MemoryApp
from src.clients.datafile import datafile, refresh_datafile

SHOP, KEY = 20000000001, "SandboxShopProd1"
URL = "https://cdn.optimizely.com/datafiles/k.json"


def body(revision: object, version: str = "4") -> bytes:
    return json.dumps({"version": version, "revision": str(revision)}).encode()


def test_a_datafile_is_fetched_once_and_then_kept(connected: Any) -> None:
    first = datafile(KEY, refresh=False)
    connected.sandbox.publish(SHOP)
    assert datafile(KEY, refresh=False) == first
    assert datafile(KEY, refresh=True).revision == first.revision + 1


def test_an_unchanged_one_is_not_sent_again(memory_app: MemoryApp) -> None:
    given = {"ETag": '"v1"', "Last-Modified": "Mon, 02 Feb 2026 10:00:00 GMT"}
    memory_app.http.answer("GET", URL, body=body(1), headers=given)
    memory_app.http.answer("GET", URL, status=304)
    assert datafile("k", refresh=True) == datafile("k", refresh=True)
    sent = memory_app.http.requests[-1].headers
    assert sent["if-none-match"] == '"v1"'
    assert sent["if-modified-since"] == given["Last-Modified"]


def test_an_older_revision_never_takes_the_place_of_a_newer_one(memory_app: MemoryApp) -> None:
    for revision in (7, 5, 8):
        memory_app.http.answer("GET", URL, body=body(revision))
    assert [datafile("k", refresh=True).revision for _ in range(3)] == [7, 7, 8]


@pytest.mark.parametrize(
    "bad", [b"<html>", body("x"), body(9, version="99"), b"[]", b'{"version": "4"}']
)
def test_nonsense_leaves_the_kept_copy_in_force(memory_app: MemoryApp, bad: bytes) -> None:
    memory_app.http.answer("GET", URL, body=body(1))
    memory_app.http.answer("GET", URL, body=bad)
    datafile("k", refresh=True)
    assert datafile("k", refresh=True).revision == 1
    assert [each.event for each in memory_app.log.lines] == ["datafile.kept_copy_used"]


def test_a_cdn_that_fails_costs_freshness_alone(memory_app: MemoryApp) -> None:
    memory_app.http.answer("GET", URL, body=body(1))
    memory_app.http.answer("GET", URL, status=503)
    datafile("k", refresh=True)
    assert datafile("k", refresh=True).revision == 1


def test_nonsense_and_failures_are_errors_when_nothing_is_kept(memory_app: MemoryApp) -> None:
    memory_app.http.answer("GET", URL, body=b"[]")
    memory_app.http.answer("GET", URL, status=503)
    with pytest.raises(errors.ServiceError, match="not a datafile"):
        datafile("k", refresh=True)
    with pytest.raises(errors.ServiceUnavailable):
        datafile("k", refresh=True)


@pytest.mark.parametrize("status", [403, 404])
def test_an_unknown_key_says_where_to_look(memory_app: MemoryApp, status: int) -> None:
    memory_app.http.answer("GET", URL, status=status)
    with pytest.raises(errors.NotFound, match=r"SDK is not ready.*Check the SDK key"):
        datafile("k", refresh=True)


def test_the_announced_revision_is_waited_for(memory_app: MemoryApp) -> None:
    memory_app.http.answer("GET", URL, body=body(4))
    memory_app.http.answer("GET", URL, body=body(5))
    with pytest.raises(errors.ServiceUnavailable, match=r"revision 4 .* 5 was announced"):
        refresh_datafile("k", at_least=5)
    assert refresh_datafile("k", at_least=5) == 5


def test_it_names_the_attributes_that_audiences_ask_for(connected: Any) -> None:
    assert datafile("SandboxLegacyProd1", refresh=True).attribute_keys() == ["country", "plan"]
