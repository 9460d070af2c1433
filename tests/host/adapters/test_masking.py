"""A secret that the masker knows is in no text that leaves, whatever encoding it travels in."""

from __future__ import annotations

import base64
import html
import json
import timeit
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote, quote_plus, urlencode

import markupsafe
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.adapters import masking
from mooring.adapters.masking import MASK, Masker

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
        lambda v: quote(quote(v, safe=""), safe=""),
        lambda v: quote(v, safe="").replace("%2F", "%2f").replace("%C3%BC", "%c3%bc").lower(),
        lambda v: urlencode({"x": v})[2:],
        lambda v: json.dumps(v)[1:-1],
        lambda v: json.dumps(v, ensure_ascii=False)[1:-1],
        lambda v: json.dumps(json.dumps(v))[3:-3],
        lambda v: json.dumps(v)[1:-1].replace("/", "\\/"),
        lambda v: json.dumps(v)[1:-1].replace("\\u00fc", "\\u00FC"),
        lambda v: repr(v)[1:-1],
        lambda v: repr(f"'{v}")[3:-1],
        lambda v: repr(v.encode())[2:-1],
        lambda v: html.escape(v),
        lambda v: html.escape(v, quote=False),
        lambda v: str(markupsafe.escape(v)),
        lambda v: v.encode().hex(),
        lambda v: v.encode().hex().upper(),
        lambda v: base64.b64encode(v.encode()).decode(),
        lambda v: base64.urlsafe_b64encode(v.encode()).decode(),
        lambda v: base64.urlsafe_b64encode(v.encode()).decode().rstrip("="),
        lambda v: base64.b64encode(json.dumps(v)[1:-1].encode()).decode(),
        lambda v: base64.b64encode(quote_plus(v).encode()).decode(),
    ],
)
def test_every_spelling_is_hidden_whole(spelled: Callable[[str], str]) -> None:
    assert masker_of(SECRET).hide(f"<{spelled(SECRET)}>") == f"<{MASK}>"


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
    shown = f'{{"token": "{MASK}", "more": ["{MASK}", {{"id": "{MASK}"}}]}}'
    assert hidden == f"{MASK} {MASK} {MASK} {shown}"


def test_what_stands_beside_a_token_stays_legible() -> None:
    stored = {"access_token": "at-1234", "token_type": "Bearer", "scope": "openid all"}
    assert masker_of(json.dumps(stored)).hide("Bearer at-1234, openid all") == (
        f"Bearer {MASK}, openid all"
    )


def test_the_section_that_tokens_came_from_stays_legible() -> None:
    stored = {"access_token": "at-1234", "section": "optimizely", "issued_at": "2026-11-25T14:34"}
    command = "mooring settings optimizely_connector optimizely"
    assert masker_of(json.dumps(stored)).hide(f"{command} at-1234") == f"{command} {MASK}"
    assert masker_of(json.dumps(stored)).hide("2026-11-25T14:34:00Z") == "2026-11-25T14:34:00Z"


def test_a_json_value_without_a_text_is_a_secret_as_it_stands() -> None:
    assert masker_of('{"pin": 123456}').hide('was {"pin": 123456}') == f"was {MASK}"


def test_of_two_secrets_that_overlap_nothing_is_left() -> None:
    masker = masker_of("abcdefgh", "efghijkl")
    assert masker.hide("<abcdefghijkl> <efghijkl>") == f"<{MASK}> <{MASK}>"


def test_a_key_of_several_lines_is_hidden_line_by_line() -> None:
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG\n9w0BAQEFAASCBKcwggSj\n-----END KEY-----"
    masker = masker_of(key)
    assert masker.hide(key) == MASK
    assert [masker.hide(line) for line in key.splitlines()] == [MASK] * 4


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


def test_of_very_many_values_the_latest_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "MOST_VALUES", 20)
    masker = masker_of(*(f"token-{number:06}" for number in range(21)))
    assert masker.hide("token-000020 token-000001") == f"{MASK} {MASK}"
    assert masker.hide("token-000000") == "token-000000"
    masker.learn("token-000000")
    assert masker.hide("token-000000") == MASK


def test_what_is_forgotten_of_one_value_stays_known_of_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(masking, "MOST_VALUES", 3)
    masker = masker_of("a-line-they-share\nof-the-first-alone", "second")
    masker.learn("a-line-they-share\nof-the-third-alone")
    masker.learn("fourth")
    left = masker.hide("of-the-first-alone a-line-they-share of-the-third-alone fourth")
    assert left == f"of-the-first-alone {MASK} {MASK} {MASK}"


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


TEXT = st.text(st.characters(exclude_characters="•", exclude_categories=["Cs"]), max_size=20)
VALUE = TEXT.filter(lambda text: len(text) >= 6)
WRITTEN: tuple[Callable[[str], str], ...] = (
    str,
    quote,
    quote_plus,
    lambda text: quote(text, safe=""),
    html.escape,
    lambda text: str(markupsafe.escape(text)),
    lambda text: json.dumps(text)[1:-1],
    lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    lambda text: repr(text)[1:-1],
    lambda text: text.encode().hex(),
)


@given(value=VALUE, before=TEXT, after=TEXT, write=st.sampled_from(WRITTEN))
def test_no_value_survives_amid_a_text_however_it_is_written(
    value: str, before: str, after: str, write: Callable[[str], str]
) -> None:
    hidden = masker_of(value).hide(write(f"{before}{value}{after}"))
    assert MASK in hidden
    assert write(value) not in hidden.replace(MASK, "\x00")


@given(first=VALUE, overlap=st.integers(1, 6), more=TEXT, write=st.sampled_from(WRITTEN))
def test_of_values_that_overlap_or_hold_one_another_nothing_survives(
    first: str, overlap: int, more: str, write: Callable[[str], str]
) -> None:
    second = first[-overlap:] + more
    text = write(first + more)
    hidden = masker_of(first, second, first + more).hide(text)
    assert hidden == MASK


@given(
    value=st.binary(min_size=6, max_size=40).map(lambda data: data.hex()),
    before=st.binary(max_size=7),
    after=st.binary(max_size=7),
    encode=st.sampled_from([base64.b64encode, base64.urlsafe_b64encode]),
)
def test_no_value_survives_at_any_offset_inside_base64(
    value: str, before: bytes, after: bytes, encode: Callable[[bytes], bytes]
) -> None:
    hidden = masker_of(value).hide(encode(before + value.encode() + after).decode())
    assert len(hidden.replace(MASK, "")) <= 4 * (len(before) + len(after)) // 3 + 8
    assert MASK in hidden


@given(st.lists(VALUE.filter(lambda v: not {*v} & {*"\r\n"}), max_size=5), TEXT)
def test_what_holds_no_secret_stays(values: list[str], text: str) -> None:
    masker = masker_of(*(f"\ue000{value}" for value in values))
    assert masker.hide(text) == text or "\ue000" in text


def test_a_line_of_the_log_costs_little_with_two_hundred_secrets() -> None:
    masker = masker_of(*(f"{number:06}-{hex(number * 7919**5)}" for number in range(200)))
    line = "Refreshed the datafile of project 2134 to revision 18 after two looks at the edge. " * 4
    rounds = timeit.repeat(lambda: masker.hide(line), number=50, repeat=10)
    assert min(rounds) / 50 < 0.0005  # measured: 8 µs
