"""Where does a request end, is it one at all, and is it too much?"""

from __future__ import annotations

import re
import time

import pytest

from tests.host.web.bad_input.conftest import BODY, Public, head
from tests.host.web.conftest import signed

MEBIBYTE = 1024 * 1024


# -- framing: where does a request end? ---------------------------------------------------------

CHUNKED = "transfer-encoding: chunked"
AMBIGUOUS = {
    "two lengths": ("content-length: 8", "content-length: 9"),
    "one length twice": ("content-length: 8", "content-length: 8"),
    "a list of lengths": ("content-length: 8, 8",),
    "a negative length": ("content-length: -8",),
    "a signed length": ("content-length: +8",),
    "a hexadecimal length": ("content-length: 0x8",),
    "a length without digits": ("content-length: ",),
    "a length beyond 64 bits": ("content-length: 99999999999999999999999",),
    "length, then chunks": ("content-length: 8", CHUNKED),
    "chunks, then length": (CHUNKED, "content-length: 8"),
    "chunks twice": (CHUNKED, CHUNKED),
    "chunks, then gzip": ("transfer-encoding: chunked, gzip",),
    "gzip alone": ("transfer-encoding: gzip",),
    "identity": ("transfer-encoding: identity",),
    "almost chunked": ("transfer-encoding: xchunked",),
    "chunked behind a tab": ("transfer-encoding: \x0bchunked",),
    "a space before the colon": ("content-length : 8",),
    "a folded line": ("x-folded: a\r\n content-length: 8",),
    "no colon": ("content-length 8",),
    "no name": (": 8",),
    "NUL in a value": ("x-a: a\x00b",),
    "a control character in a value": ("x-a: a\x01b",),
    "a bare carriage return": ("x-a: a\rb: c",),
}


@pytest.mark.parametrize("lines", AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
@pytest.mark.parametrize("function", ["size", "hook"])
def test_a_request_whose_end_is_not_certain_is_refused_and_the_connection_closed(
    site: Public, function: str, lines: tuple[str, ...]
) -> None:
    smuggled = site.head("size", method="GET")
    signature = (f"{name}: {value}" for name, value in signed(BODY).items())
    told = site.tell(site.head(function, *signature, *lines, close=False) + BODY + smuggled)
    assert (told.statuses, told.ended) == ([400], True)


@pytest.mark.parametrize(
    "chunks",
    [
        b"zz\r\nhello\r\n0\r\n\r\n",
        b"-5\r\nhello\r\n0\r\n\r\n",
        b"ffffffffffffffffff\r\nhello\r\n0\r\n\r\n",
        b"5\r\nhello?0\r\n\r\n",
        b"0x5\r\nhello\r\n0\r\n\r\n",
    ],
)
def test_chunks_that_are_none_are_refused(site: Public, chunks: bytes) -> None:
    told = site.tell(site.head("size", CHUNKED, close=False) + chunks)
    assert (told.statuses, told.ended) == ([400], True)


@pytest.mark.parametrize("lines", [("content-length: 50",), (CHUNKED,)])
@pytest.mark.parametrize("function", ["size", "hook", "signed"])
def test_a_request_that_is_cut_short_is_let_go_at_once(
    site: Public, function: str, lines: tuple[str, ...]
) -> None:
    signature = (f"{name}: {value}" for name, value in signed(BODY).items())
    begun = site.head(function, *signature, *lines, close=False)
    cut = begun + (b"32\r\n" if lines == (CHUNKED,) else b"") + BODY
    started = time.monotonic()
    told = site.tell(cut, ends=True)
    assert told.ended
    assert set(told.statuses) <= {400}
    assert time.monotonic() - started < 8, "not only after HEAD_SECONDS"
    assert site.tell(begun[: len(begun) // 2], ends=True).ended


def test_bytes_after_a_body_are_another_request_and_refused_as_one(site: Public) -> None:
    told = site.tell(site.head("size", "content-length: 2", close=False) + b"hello")
    # The first answer may be overtaken by the second, which ends the connection.
    assert told.statuses[-1:] == [400]
    assert set(told.statuses) <= {200, 400}
    assert told.ended


def test_requests_in_one_piece_are_answered_in_order(site: Public) -> None:
    bodies = [b"x" * number for number in range(5)]
    pieces = [
        site.head("size", f"content-length: {len(body)}", close=False) + body for body in bodies
    ]
    told = site.tell(b"".join(pieces) + site.head("size", method="GET"))
    assert told.statuses == [200] * 6
    assert re.findall(rb'"size":(\d+)', told.said) == [b"0", b"1", b"2", b"3", b"4", b"0"]


# -- too much -----------------------------------------------------------------------------------


@pytest.mark.parametrize("function", ["size", "hook"])
@pytest.mark.parametrize("expecting", [(), ("expect: 100-continue",)])
def test_an_announced_size_beyond_the_limit_is_refused_unsent(
    site: Public, function: str, expecting: tuple[str, ...]
) -> None:
    told = site.tell(site.head(function, f"content-length: {MEBIBYTE + 1}", *expecting))
    assert (told.statuses, told.ended) == ([413], True)
    assert b"100 Continue" not in told.said


@pytest.mark.parametrize("function", ["size", "hook"])
def test_chunks_beyond_the_limit_are_refused(site: Public, function: str) -> None:
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    told = site.tell(site.head(function, CHUNKED, close=False), chunk * 17, b"0\r\n\r\n")
    # A client that sends on may lose the answer together with its connection.
    assert set(told.statuses) <= {413}
    assert told.ended


@pytest.mark.parametrize(
    "lines", [("x-large: " + "a" * 400_000,), tuple(f"x-{n}: {'a' * 90}" for n in range(4000))]
)
def test_a_head_beyond_the_limit_is_refused(site: Public, lines: tuple[str, ...]) -> None:
    told = site.tell(site.head("size", *lines))
    assert set(told.statuses) <= {400, 431}
    assert told.ended


def test_a_long_address_is_unknown_and_a_longer_one_refused(site: Public) -> None:
    lengths = {60_000: [404], 500_000: [431]}
    for length, statuses in lengths.items():
        line = f"GET /functions/{'a' * length}/b HTTP/1.1"
        told = site.tell(head(line, "host: a", "connection: close"))
        assert told.statuses in (statuses, [])
        assert told.ended


def test_too_many_parameters_are_refused(site: Public) -> None:
    line = f"GET {site.paths['size']}?{'a=1&' * 1001} HTTP/1.1"
    assert site.tell(head(line, "host: a", "connection: close")).statuses == [400]


# -- other languages ----------------------------------------------------------------------------

LANGUAGES = {
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/3": b"GET / HTTP/3.0\r\nhost: a\r\n\r\n",
    "TLS": bytes.fromhex("160301020001000001fc0303") + bytes(range(256)),
    "Redis": b"*1\r\n$4\r\nPING\r\n",
    "nothing but line ends": b"\r\n" * 40_000,
    "NUL": b"\x00" * 100,
    "every byte": bytes(range(256)) * 4,
    "bare line feeds": b"GET / HTTP/1.1\nhost: a\n\n",
    "lower case": b"get / HTTP/1.1\r\nhost: a\r\n\r\n",
    "an unknown method": b"BREW / HTTP/1.1\r\nhost: a\r\n\r\n",
    "a tunnel": b"CONNECT example.com:443 HTTP/1.1\r\nhost: example.com\r\n\r\n",
    "no address": b"GET  HTTP/1.1\r\nhost: a\r\n\r\n",
    "an address without slash": b"GET functions/shop HTTP/1.1\r\nhost: a\r\n\r\n",
}


@pytest.mark.parametrize("spoken", LANGUAGES.values(), ids=LANGUAGES.keys())
def test_what_is_no_http_is_refused(site: Public, spoken: bytes) -> None:
    told = site.tell(spoken, ends=True)
    assert set(told.statuses) <= {400, 431}
    assert told.ended


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "PURGE"])
def test_other_methods_are_refused(site: Public, method: str) -> None:
    told = site.tell(site.head("hook", method=method))
    assert told.statuses == [405]
    assert told.ended


@pytest.mark.parametrize("wanted", ["websocket", "h2c", "TLS/1.0", "anything"])
def test_an_offer_to_change_the_protocol_is_declined(site: Public, wanted: str) -> None:
    offer = ("connection: upgrade", f"upgrade: {wanted}", "sec-websocket-version: 13")
    told = site.tell(site.head("size", *offer, method="GET", close=False))
    assert told.statuses == [200]
    assert told.ended
    assert b" 101 " not in told.said
    assert b"connection: close" in told.said


def test_a_body_behind_such_an_offer_is_refused_with_the_remedy(site: Public) -> None:
    offer = ("connection: upgrade, http2-settings", "upgrade: h2c", "content-length: 8")
    told = site.tell(site.head("size", *offer, close=False) + BODY)
    assert (told.statuses, told.ended) == ([400], True)
    assert b"without `Upgrade`" in told.said


@pytest.mark.parametrize("lines", [(), ("host: a", "host: b")])
def test_a_request_names_one_host(site: Public, lines: tuple[str, ...]) -> None:
    told = site.tell(head(f"GET {site.paths['size']} HTTP/1.1", *lines))
    assert (told.statuses, told.ended) == ([400], True)
