"""A secret that the masker knows is in no text that leaves, whatever encoding it travels in."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.adapters.masking import MASK, MOST_VALUES, Masker

SECRET = 'tok/5e2b+77c1=d0 "ü&<'


def masker_of(*values: str) -> Masker:
    masker = Masker()
    for value in values:
        masker.learn(value)
    return masker


def test_a_value_is_hidden_wherever_it_stands() -> None:
    masker = masker_of(SECRET)
    assert masker.hide(f"key {SECRET}, again {SECRET}.") == f"key {MASK}, again {MASK}."


def test_other_text_stays() -> None:
    assert masker_of(SECRET).hide("nothing here: tok/5e2b") == "nothing here: tok/5e2b"
    assert Masker().hide(SECRET) == SECRET


@pytest.mark.parametrize(
    "spelled",
    [
        quote,
        quote_plus,
        lambda v: quote(v, safe=""),
        lambda v: quote(v, safe="").replace("%2F", "%2f").replace("%C3%BC", "%c3%bc").lower(),
        lambda v: urlencode({"x": v})[2:],
        lambda v: json.dumps(v)[1:-1],
        lambda v: json.dumps(v, ensure_ascii=False)[1:-1],
        lambda v: json.dumps(json.dumps(v))[3:-3],
        lambda v: json.dumps(v)[1:-1].replace("/", "\\/"),
        lambda v: repr(v)[1:-1],
        lambda v: html.escape(v),
        lambda v: base64.b64encode(v.encode()).decode(),
        lambda v: base64.urlsafe_b64encode(v.encode()).decode(),
        lambda v: base64.urlsafe_b64encode(v.encode()).decode().rstrip("="),
    ],
)
def test_every_spelling_is_hidden_whole(spelled: Callable[[str], str]) -> None:
    assert masker_of(SECRET).hide(f"<{spelled(SECRET)}>") in (f"<{MASK}>", f"<{MASK}=>")


@pytest.mark.parametrize("before", ["", "a", "me:", "user", "a longer user:"])
@pytest.mark.parametrize("after", ["", "!", "!!", ":more"])
def test_base64_of_a_text_around_the_value_does_not_give_it_away(before: str, after: str) -> None:
    secret = "tok-5e2b77c1d0f9"
    hidden = masker_of(secret).hide(base64.b64encode(f"{before}{secret}{after}".encode()).decode())
    left = hidden.replace(MASK, "")
    # What remains are the neighbours, and the characters that hold bits of both.
    assert MASK in hidden
    assert len(left) <= 4 * (len(before) + len(after)) // 3 + 8


def test_of_two_secrets_the_longer_is_hidden_whole() -> None:
    for order in (("abcdef", "abcdefghij"), ("abcdefghij", "abcdef")):
        assert masker_of(*order).hide("abcdefghij and abcdef") == f"{MASK} and {MASK}"


def test_a_secret_inside_another_is_hidden_alone_too() -> None:
    masker = masker_of("xx-inside-xx", "inside")
    assert masker.hide("xx-inside-xx, inside") == f"{MASK}, {MASK}"


def test_the_texts_inside_a_json_value_are_secrets_too() -> None:
    stored = json.dumps({"token": "access-1234", "more": ["refresh-5678", {"id": "client-9"}]})
    hidden = masker_of(stored).hide(f"access-1234 refresh-5678 client-9 {stored}")
    assert hidden == f"{MASK} {MASK} {MASK} {MASK}"


def test_a_value_that_only_looks_like_json_is_one_secret() -> None:
    assert masker_of("{not json").hide("it is {not json") == f"it is {MASK}"


def test_short_values_are_not_hidden() -> None:
    assert masker_of("", "12345").hide("12345 and words") == "12345 and words"
    assert masker_of("123456").hide("123456") == MASK


def test_what_has_a_meaning_in_patterns_is_meant_literally() -> None:
    masker = masker_of("a.b*c(d)[e]")
    assert masker.hide("a.b*c(d)[e] axbbc") == f"{MASK} axbbc"


def test_values_learned_later_are_hidden_from_then_on() -> None:
    masker = masker_of("first-one")
    assert masker.hide("second-one") == "second-one"
    masker.learn("second-one")
    assert masker.hide("first-one second-one") == f"{MASK} {MASK}"


def test_of_very_many_values_the_latest_are_known() -> None:
    masker = masker_of(*(f"token-{number:06}" for number in range(MOST_VALUES + 1)))
    assert masker.hide(f"token-{MOST_VALUES:06} token-000001") == f"{MASK} {MASK}"
    assert masker.hide("token-000000") == "token-000000"


def test_texts_anywhere_in_a_value_are_hidden() -> None:
    masker = Masker()
    masker.learn("canary-7f3a9c")
    given = {"canary-7f3a9c": [1, None, ("is canary-7f3a9c",), {"deep": "canary-7f3a9c"}]}
    assert masker.hide_in(given) == {"•••": [1, None, ["is •••"], {"deep": "•••"}]}


def test_threads_learn_and_hide_together() -> None:
    masker = Masker()

    def learned(number: int) -> str:
        masker.learn(f"token-{number:06}")
        return masker.hide(f"token-{number:06}")

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(learned, range(200))) == {MASK}


@given(
    value=st.text(min_size=6, max_size=40),
    before=st.text(max_size=20),
    after=st.text(max_size=20),
)
def test_no_value_survives_raw_or_in_json(value: str, before: str, after: str) -> None:
    masker = masker_of(value)
    assert value not in masker.hide(f"{before}{value}{after}").replace(MASK, "\x00")
    written = json.dumps({"x": f"{before}{value}{after}"})
    hidden = masker.hide(written)
    assert json.dumps(value)[1:-1] not in hidden.replace(MASK, "\x00")
