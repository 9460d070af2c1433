import pytest

from mooring.sdk.headers import Headers


def test_names_have_no_case() -> None:
    assert Headers({"Content-Type": "text/plain"}).get("CONTENT-type") == "text/plain"


def test_a_repeated_header_keeps_every_value() -> None:
    headers = Headers([("Set-Cookie", "a=1"), ("set-cookie", "b=2")])
    assert headers.get_all("set-cookie") == ["a=1", "b=2"]
    assert headers.items() == [("set-cookie", "a=1"), ("set-cookie", "b=2")]


def test_get_joins_the_values_of_a_repeated_header() -> None:
    assert Headers({"accept": ["text/html", "*/*"]}).get("Accept") == "text/html, */*"


def test_an_absent_header_is_none_or_the_default() -> None:
    assert Headers().get("constructor") is None
    assert Headers().get("x", "y") == "y"


def test_set_replaces_every_value() -> None:
    headers = Headers({"a": ["1", "2"]})
    headers.set("A", "3")
    assert headers.get_all("a") == ["3"]


def test_update_replaces_the_names_it_brings_and_keeps_the_others() -> None:
    headers = Headers({"a": "1", "b": "2"})
    headers.update([("b", "3"), ("b", "4")])
    assert headers.items() == [("a", "1"), ("b", "3"), ("b", "4")]


def test_add_all_keeps_what_is_there() -> None:
    headers = Headers({"a": "1"})
    headers.add_all(Headers({"A": "2"}))
    assert headers.get_all("a") == ["1", "2"]


def test_a_copy_is_independent() -> None:
    first = Headers({"a": "1"})
    Headers(first).add("a", "2")
    assert first.get_all("a") == ["1"]


@pytest.mark.parametrize("value", ["a\r\nx-injected: 1", "a\nb", "a\0b"])
def test_a_value_cannot_smuggle_in_another_header(value: str) -> None:
    with pytest.raises(ValueError, match="header x-name contains a line break or NUL"):
        Headers().add("x-name", value)


@pytest.mark.parametrize("name", ["", "a b", "a:b", "ä", "a\n"])
def test_what_is_not_a_header_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is not a header name"):
        Headers().add(name, "1")


def test_the_representation_shows_no_values() -> None:
    assert "s3cret" not in repr(Headers({"authorization": "Bearer s3cret"}))
