import pytest

from mooring.errors import RequestInvalid
from mooring.sdk import Request, Response
from mooring.sdk.headers import Headers
from mooring.sdk.webhook import collected, only


def request_of(body: bytes, content_type: str = "application/json") -> Request:
    return Request("POST", headers=Headers({"Content-Type": content_type}), body=body)


def test_an_empty_body_is_none() -> None:
    assert request_of(b"").body_json is None


@pytest.mark.parametrize(
    ("body", "value"), [(b'{"a": [1]}', {"a": [1]}), (b"null", None), (b"0", 0)]
)
def test_a_json_body_is_read(body: bytes, value: object) -> None:
    assert request_of(body).body_json == value


def test_the_stated_charset_is_honoured() -> None:
    body = '{"city": "Zürich"}'.encode("iso-8859-1")
    content_type = 'application/json; charset="ISO-8859-1"'
    assert request_of(body, content_type).body_json == {"city": "Zürich"}


def test_a_byte_order_mark_is_skipped() -> None:
    assert request_of(b"\xef\xbb\xbf1").body_json == 1


def test_json_is_read_once() -> None:
    request = request_of(b"{}")
    assert request.body_json is request.body_json


def test_broken_json_names_the_place() -> None:
    with pytest.raises(RequestInvalid, match=r"not JSON.*line 2, column 6"):
        request_of(b'{\n"a": }').body_json  # noqa: B018  # reading it is the act


@pytest.mark.parametrize("constant", [b"NaN", b"Infinity", b"-Infinity"])
def test_numbers_that_json_does_not_know_are_refused(constant: bytes) -> None:
    with pytest.raises(RequestInvalid, match="is not a JSON value"):
        request_of(constant).body_json  # noqa: B018  # reading it is the act


def test_a_body_nested_too_deeply_is_refused() -> None:
    with pytest.raises(RequestInvalid, match="nested too deeply"):
        request_of(b"[" * 100_000).body_json  # noqa: B018  # reading it is the act


def test_a_body_in_another_charset_than_stated_is_refused() -> None:
    with pytest.raises(RequestInvalid, match="byte 1 cannot be decoded"):
        request_of(b'"\xff"').body_json  # noqa: B018  # reading it is the act


def test_an_unknown_charset_is_refused() -> None:
    with pytest.raises(RequestInvalid, match="charset 'klingon'"):
        request_of(b"1", "application/json; charset=klingon").body_json  # noqa: B018  # the act


def test_a_charset_that_is_no_text_encoding_is_refused() -> None:
    with pytest.raises(RequestInvalid, match="charset 'hex'"):
        request_of(b"31", "application/json; charset=hex").body_json  # noqa: B018  # the act


@pytest.mark.parametrize(
    ("charset", "body"),
    [
        ("idna", b"xn--a.\xc3\\"),
        ("undefined", b"1"),
        ("unicode_escape", b'"\\ud800"'),
        ("utf-7", b'"+2AA-"'),
    ],
)
def test_a_charset_that_brings_no_text_is_refused(charset: str, body: bytes) -> None:
    with pytest.raises(RequestInvalid, match="cannot be decoded"):
        request_of(body, f"application/json; charset={charset}").text  # noqa: B018  # the act


@pytest.mark.parametrize(
    ("escaped", "text"),
    [
        (rb"\ud83d\ude00 \u00e9", "😀 é"),
        (rb"a\ud83d", "a\ufffd"),
        (rb"\uDE00b", "\ufffdb"),
        (rb"\ud83d\ud83d\ude00", "\ufffd😀"),
        (rb"\\ud83d", r"\ud83d"),
    ],
)
def test_half_a_character_is_replaced(escaped: bytes, text: str) -> None:
    assert request_of(b'{"a": "' + escaped + b'"}').body_json == {"a": text}


@pytest.mark.parametrize("number", [b"1e999", b"-1.5e400"])
def test_a_number_beyond_all_is_refused(number: bytes) -> None:
    with pytest.raises(RequestInvalid, match="larger than any number"):
        request_of(b"[" + number + b"]").body_json  # noqa: B018  # the act


def test_the_content_type_is_the_media_type_alone() -> None:
    assert request_of(b"", " Application/JSON ; charset=utf-8").content_type == "application/json"


def test_without_header_there_is_no_content_type() -> None:
    assert Request("GET").content_type is None


def test_the_representation_of_a_request_shows_no_body() -> None:
    assert "s3cret" not in repr(request_of(b'"s3cret"'))


def test_a_response_is_200_and_empty_by_default() -> None:
    response = Response()
    assert (response.status, response.body, response.headers.items()) == (200, b"", [])


def test_json_brings_its_content_type() -> None:
    response = Response(201, {"city": "Zürich"})
    assert response.body == '{"city":"Zürich"}'.encode()
    assert response.headers.get("content-type") == "application/json"


def test_given_headers_are_merged_with_the_content_type() -> None:
    response = Response(200, {}, {"x-a": "1"})
    assert response.headers.items() == [("content-type", "application/json"), ("x-a", "1")]


def test_a_given_content_type_wins() -> None:
    response = Response(200, {}, {"Content-Type": "application/problem+json"})
    assert response.headers.get_all("content-type") == ["application/problem+json"]


def test_text_is_not_quoted() -> None:
    response = Response(text="grüezi")
    assert response.body == "grüezi".encode()
    assert response.headers.get("content-type") == "text/plain; charset=utf-8"


def test_bytes_bring_no_content_type() -> None:
    assert Response(body=b"\x00").headers.items() == []


def test_setting_a_body_later_keeps_the_content_type_that_is_there() -> None:
    response = Response(headers={"content-type": "application/ld+json"})
    response.body_json = [1]
    assert response.headers.get("content-type") == "application/ld+json"


def test_headers_can_be_set_as_a_mapping() -> None:
    response = Response(200)
    response.headers = {"X-A": "1", "set-cookie": ["a=1", "b=2"]}
    assert response.headers.get("x-a") == "1"
    assert response.headers.get_all("set-cookie") == ["a=1", "b=2"]
    with pytest.raises(ValueError, match="line break"):
        response.headers = {"x-a": "1\r\nx-b: 2"}


def test_names_of_any_kind_are_just_names() -> None:
    headers = Headers({"constructor": "a", "__proto__": "b", "items": "c"})
    request = Request("GET", headers=headers, params={"constructor": "d", "__class__": ["e", "f"]})
    assert [request.headers.get(name) for name in ("Constructor", "__proto__", "items")] == [
        *("a", "b", "c")
    ]
    assert request.headers.get("hasownproperty") is None
    assert request.params["__class__"] == ["e", "f"]


def test_two_bodies_are_one_too_many() -> None:
    with pytest.raises(TypeError, match="one of body_json, text and body"):
        Response(200, {}, text="")


@pytest.mark.parametrize("status", [0, 99, 600])
def test_what_is_not_a_status_is_refused(status: int) -> None:
    with pytest.raises(ValueError, match="is not an HTTP status"):
        Response(status)


def test_a_parameter_that_is_repeated_or_missing_says_nothing() -> None:
    params = collected([("a", "1"), ("b", "1"), ("b", "2")])
    assert [only(params, name) for name in "abc"] == ["1", "", ""]
