"""What a call would change, how it is counted, and when two calls are the same change."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mooring.engine.plans.outgoing import (
    Write,
    blanks_in,
    digest,
    digest_of_bytes,
    is_blank,
    is_read,
    kind_of_read,
    leaves,
    read_name,
    write_of,
)
from mooring.sdk.ports import HttpRequest

JSON = {"Content-Type": "application/json"}


def put(url: str, body: Any = None, **more: Any) -> Write:
    content = b"" if body is None else json.dumps(body).encode()
    return write_of(HttpRequest("PUT", url, headers=JSON, body=content, **more))


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "get"])
def test_what_only_asks_is_a_read(method: str) -> None:
    assert is_read(HttpRequest(method, "https://a.example/x"))


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "PURGE"])
def test_everything_else_is_a_write_unless_the_app_says_that_it_reads(method: str) -> None:
    assert not is_read(HttpRequest(method, "https://a.example/x"))
    assert is_read(HttpRequest(method, "https://a.example/x", reads=True))


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/v3/contacts/17", "/v3/contacts/{id}"),
        ("/v3/lists/-2/contacts", "/v3/lists/{id}/contacts"),
        ("/v3/contacts/ada%40example.com", "/v3/contacts/{email}"),
        ("/things/94141f77-97dc-4952-9a47-fd998ef62dae", "/things/{id}"),
        ("/things/5f2b9c0d1e3a4b5c6d7e", "/things/{key}"),
        ("/v3/contacts/attributes/normal/FEATURE_FLAGS_SYNCED", None),
    ],
)
def test_writes_are_counted_by_where_they_go_and_not_by_whom_they_are_about(
    path: str, target: str | None
) -> None:
    kind = put(f"https://api.example.org:8443{path}").kind
    assert kind == ("api.example.org:8443", "PUT", target or path)


def test_the_order_of_a_body_and_of_a_query_makes_no_difference() -> None:
    one = put("https://a.example/x?b=2&a=1", {"m": 1, "n": [1, 2]})
    other = put("https://A.example/x?a=1", {"n": [1, 2], "m": 1}, params={"b": "2"})
    assert digest(one.identity()) == digest(other.identity())


@pytest.mark.parametrize(
    "other",
    [
        put("https://b.example/x?a=1", {"m": 1}),
        put("https://a.example/y?a=1", {"m": 1}),
        put("https://a.example/x?a=2", {"m": 1}),
        put("https://a.example/x?a=1", {"m": True}),
        put("https://a.example/x?a=1", {"m": "1"}),
        put("https://a.example/x?a=1"),
        write_of(HttpRequest("POST", "https://a.example/x?a=1", headers=JSON, body=b'{"m":1}')),
        put("http://a.example/x?a=1", {"m": 1}),
    ],
)
def test_whatever_is_said_or_asked_otherwise_is_another_change(other: Write) -> None:
    assert digest(put("https://a.example/x?a=1", {"m": 1}).identity()) != digest(other.identity())


FORM = "application/x-www-form-urlencoded"


def said(
    kind: str = "application/json", body: bytes = b"", url: str = "https://a.example/x", **more: Any
) -> str:
    headers = {"content-type": kind, **more.pop("headers", {})}
    return digest(write_of(HttpRequest("POST", url, headers=headers, body=body, **more)).identity())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (said(FORM, b"to=b%40x"), said(FORM, b"to=EVIL&to=b%40x")),
        (said(FORM, b"a=1&a=2"), said(FORM, b"a=2&a=1")),
        (said(FORM, b"a"), said(FORM, b"a=")),
        (said(FORM, b"a=%E9"), said(FORM, b"a=%E8")),
        (said(url="https://a.example/x/%E9"), said(url="https://a.example/x/%E8")),
        (said(url="https://a.example/x?i=%E9"), said(url="https://a.example/x?i=%E8")),
        (said(url="https://a.example/x?i=1&i=2"), said(url="https://a.example/x?i=2&i=1")),
        (said(url="https://a.example/x/y"), said(url="https://a.example/x%2Fy")),
        (said(params={"a": ["1", "2"]}), said(params={"a": ["2"]})),
        (said(url="https://a.example/x?a=1", params={"a": 2}), said(params=[("a", 1), ("a", 2)])),
        (said("text/csv", b"1"), said("text/xml", b"1")),
        (said("application/json", b"null"), said("application/json")),
        (said(body=b'{"a":1,"a":2}'), said(body=b'{"a":2}')),
        (said(body=b'{"a":1,"a":2}'), said(body=b'"{\\"a\\":1,\\"a\\":2}"')),
        (said(), said(headers={"X-HTTP-Method-Override": "DELETE"})),
        (said(headers={"x-tenant": "a"}), said(headers={"x-tenant": "b"})),
    ],
)
def test_what_a_service_could_take_for_something_else_is_another_change(
    one: str, other: str
) -> None:
    assert one != other


@pytest.mark.parametrize(
    "name", ["Authorization", "cookie", "X-Api-Key", "x-shop-signature", "Idempotency-Key"]
)
def test_headers_that_are_another_each_time_make_no_other_change(name: str) -> None:
    assert said(headers={name: "1"}) == said(headers={name: "2"})


def test_what_is_no_text_can_be_shown() -> None:
    url = "https://a.example/%E9?q=%E8"
    write = write_of(HttpRequest("POST", url, headers={"content-type": FORM}, body=b"a=%E7&a=1"))
    assert write.kind[2].encode() == rb"/\udce9"
    assert write.sample()["target"] == r"/\udce9?q=\udce8"
    assert write.sample()["content"] == {"a": [r"\udce7", "1"]}


def test_credentials_are_no_part_of_a_write() -> None:
    request = HttpRequest("DELETE", "https://user:hunter2@a.example/x", headers={"api-key": "s3cr"})
    assert "hunter2" not in str(write_of(request))
    assert "s3cr" not in str(write_of(request))


@pytest.mark.parametrize(
    ("kind", "body", "content"),
    [
        ("application/json; charset=utf-8", b'{"a": 1}', {"a": 1}),
        ("application/json", b"{broken", "{broken"),
        ("application/x-www-form-urlencoded", b"a=1&b=", [["a", "1"], ["b", ""]]),
        ("text/csv", "é;1".encode(), "é;1"),
        ("image/png", b"\x89PNG", {"bytes": 4, "digest": digest_of_bytes(b"\x89PNG")}),
    ],
)
def test_a_body_is_compared_as_what_it_is(kind: str, body: bytes, content: Any) -> None:
    request = HttpRequest("POST", "https://a.example/x", headers={"content-type": kind}, body=body)
    assert write_of(request).content == content


def test_records_are_counted_by_the_longest_list_of_them() -> None:
    rows = [{"email": "a"}, {"email": "b"}]
    assert put("https://a.example/x", {"rows": rows, "ids": [1, 2, 3], "lists": [{}]}).rows == 2
    assert put("https://a.example/x", rows).rows == 2
    assert put("https://a.example/x", {"ids": [1, 2, 3]}).rows == 1
    assert put("https://a.example/x").rows == 1


def test_a_sample_shows_what_is_there_and_cuts_long_lists() -> None:
    write = put("https://a.example/17?q=x", {"rows": list(range(8))}, before={"rows": [1]})
    assert write.sample() == {
        "service": "a.example",
        "action": "PUT",
        "kind": "/{id}",
        "target": "/17?q=x",
        "content": {"rows": [0, 1, 2, 3, 4, "… 3 more"]},
        "before": {"rows": [1]},
    }


def test_reads_are_told_apart_by_address_and_body() -> None:
    named = {
        read_name(HttpRequest("GET", "https://a.example/x?b=1&a=2")),
        read_name(HttpRequest("GET", "https://a.example/x?a=2", params={"b": 1})),
        read_name(HttpRequest("POST", "https://a.example/x", body=b"{}", reads=True)),
        read_name(HttpRequest("POST", "https://a.example/x", body=b"[]", reads=True)),
    }
    assert len(named) == 3
    assert "GET a.example/x?a=2&b=1" in named


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("GET a.example/things", "GET a.example/things"),
        ("GET a.example/contacts/jane doe@x.com?of=jo@x.com", "GET a.example/contacts/{email}"),
        (f"POST a.example/contacts/17 {digest(1)}", "POST a.example/contacts/{id}"),
        ("odp customer email=jane@x.com", "odp customer"),
        ("odp products after jane@x.com (1000)", "odp products"),
        ("kv_store list", "kv_store list"),
        ("kv_store contact:jane@x.com/…", "kv_store {email}/…"),
        ("kv_store +4912345", "kv_store {id}"),
    ],
)
def test_a_read_has_a_kind_that_names_nobody(name: str, kind: str) -> None:
    assert kind_of_read(name) == kind


@pytest.mark.parametrize("leaf", [-1, "planned-list"])
def test_negative_numbers_and_texts_that_say_so_are_blanks(leaf: Any) -> None:
    assert is_blank(leaf)


@pytest.mark.parametrize("leaf", [0, 7, True, False, None, "", "unplanned", -1.5])
def test_everything_else_is_no_blank(leaf: Any) -> None:
    assert not is_blank(leaf)


def test_blanks_are_found_where_they_stand_as_numbers_and_as_parts_of_an_address() -> None:
    identity = {"parts": ["", "lists", "-2"], "content": {"ids": [5, -2], "sure": True, "n": -3}}
    assert blanks_in(identity, {"-2"}) == [(("parts", 2), "-2"), (("content", "ids", 1), -2)]
    assert blanks_in(identity, set()) == []


def test_leaves_are_what_is_neither_list_nor_map() -> None:
    assert list(leaves({"a": [1, {"b": None}], "c": "x"})) == [
        (("a", 0), 1),
        (("a", 1, "b"), None),
        (("c",), "x"),
    ]
