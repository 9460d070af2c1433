"""For which account a request says it is."""

from __future__ import annotations

import pytest

from mooring.engine.resolution import account_named
from mooring.errors import RequestInvalid
from mooring.model.manifest import InstallationResolution
from mooring.sdk.headers import Headers
from mooring.sdk.webhook import Request

HEADER = InstallationResolution("HEADER", "X-Account-Id")
PARAMETER = InstallationResolution("QUERY_PARAM", "account")


def in_body(path: str = "$.account.id") -> InstallationResolution:
    return InstallationResolution("JSON_BODY_FIELD", path)


def json(body: bytes, content_type: str = "application/json") -> Request:
    return Request("POST", headers=Headers({"content-type": content_type}), body=body)


def refused(request: Request, rule: InstallationResolution) -> str:
    with pytest.raises(RequestInvalid) as raised:
        account_named(request, rule)
    return str(raised.value)


def test_a_header_names_it_in_any_case() -> None:
    assert (
        account_named(Request("GET", headers=Headers({"x-account-ID": "shop"})), HEADER) == "shop"
    )


def test_a_parameter_of_the_query_names_it() -> None:
    assert account_named(Request("GET", params={"account": "shop", "b": "c"}), PARAMETER) == "shop"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("$.account.id", b'{"account": {"id": "shop"}}'),
        ("account.id", b'{"account": {"id": "shop"}}'),
        ("$..id", b'[{"a": {"id": "shop"}}, {"id": "shop"}]'),
        ("$.items[?(@.kind=='account')].key", b'{"items":[{"kind":"account","key":"shop"}]}'),
        ("$", b'"shop"'),
        ("$['the account']", b'\xef\xbb\xbf{"the account": "shop"}'),
    ],
)
def test_a_field_of_the_body_names_it(path: str, body: bytes) -> None:
    assert account_named(json(body), in_body(path)) == "shop"


def test_a_whole_number_is_taken_as_it_is_written() -> None:
    assert account_named(json(b'{"account": {"id": 1234}}'), in_body()) == "1234"


@pytest.mark.parametrize("charset", ["application/json; charset=utf-8", "Application/JSON ;a=b"])
def test_parameters_of_the_content_type_do_not_matter(charset: str) -> None:
    assert account_named(json(b'{"account": {"id": "shop"}}', charset), in_body()) == "shop"


@pytest.mark.parametrize("content_type", ["text/plain", "application/jsonp", "text/json", ""])
def test_a_body_that_does_not_claim_to_be_json_is_not_read(content_type: str) -> None:
    said = refused(json(b'{"account": {"id": "shop"}}', content_type), in_body())
    assert "application/json" in said


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"null",
        b'{"account": "shop"}',
        b'{"account": {"id": null}}',
        b'{"account": {"id": true}}',
        b'{"account": {"id": ["shop"]}}',
        b'{"account": {"id": ""}}',
        b'{"account": {"id": 1.5}}',
    ],
)
def test_a_body_that_names_none_is_told_where_it_should(body: bytes) -> None:
    assert "the field of the body $.account.id is missing" in refused(json(body), in_body())


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[" * 100_000, b'{"account": NaN}'])
def test_a_body_that_is_no_json_is_a_malformed_request(body: bytes) -> None:
    refused(json(body), in_body())


def test_a_body_that_is_nested_too_deeply_for_the_path_is_malformed_too() -> None:
    deep = b'{"a":' * 600 + b"1" + b"}" * 600
    assert "cannot be searched" in refused(json(deep), in_body("$..id"))


def test_a_missing_header_or_parameter_is_named() -> None:
    assert "the header X-Account-Id is missing" in refused(Request("GET"), HEADER)
    assert "the query parameter account is missing" in refused(Request("GET"), PARAMETER)
    assert "is missing" in refused(Request("GET", params={"account": ""}), PARAMETER)


def test_two_accounts_are_one_too_many() -> None:
    headers = Headers([("x-account-id", "a"), ("X-Account-Id", "b")])
    assert "more than one" in refused(Request("GET", headers=headers), HEADER)
    assert "more than one" in refused(Request("GET", params={"account": ["a", "b"]}), PARAMETER)
    assert "more than one" in refused(json(b'[{"id":"a"},{"id":"b"}]'), in_body("$..id"))


def test_one_account_may_be_named_twice() -> None:
    assert account_named(Request("GET", params={"account": ["a", "a"]}), PARAMETER) == "a"
