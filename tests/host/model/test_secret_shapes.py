from __future__ import annotations

import time

import pytest

from mooring.model.secret_shapes import is_random, is_secret, may_hold_secret, names_secret


@pytest.mark.parametrize(
    "name",
    [
        *("token", "api_key", "API_KEY", "apiKey", "Access token", "webhook_secret", "password"),
        *("APP_ENV_SHOP_TOKEN", "accessToken", "credentials", "private-key", "passphrase"),
    ],
)
def test_these_names_promise_a_secret(name: str) -> None:
    assert names_secret(name)


@pytest.mark.parametrize(
    "name", ["key", "shop_key", "tokens_used", "tokenizer", "secretary", "author", "compass", ""]
)
def test_these_names_do_not(name: str) -> None:
    assert not names_secret(name)


@pytest.mark.parametrize(
    "text",
    [
        "xkeysib-0123456789abcdef0123",
        "sk_live_0123456789abc",
        "AKIAABCDEFGHIJKLMNOP",
        "ghp_0123456789abcdefghij",
        "-----BEGIN RSA PRIVATE KEY-----",
        "eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.abc",
    ],
)
def test_keys_are_known_by_the_form_that_issuers_give_them(text: str) -> None:
    assert is_secret(f"before {text} after")


@pytest.mark.parametrize("text", ["decisions_token", "https://api.example.com/v1", "sk_lively"])
def test_other_texts_are_no_keys(text: str) -> None:
    assert not is_secret(text)


@pytest.mark.parametrize(
    "text", ["token:", "eyJ", '"', "tokentoken", "'a1", "=", "ghp_", "sk_live_"]
)
def test_hostile_texts_take_no_time(text: str) -> None:
    huge = text * (1_000_000 // len(text))
    started = time.perf_counter()
    is_secret(huge)
    may_hold_secret(huge)
    may_hold_secret(huge[:4999])
    names_secret(huge)
    is_random(huge)
    assert time.perf_counter() - started < 15


def test_random_is_long_and_mixed() -> None:
    assert is_random("a1b2c3d4e5f6a1b2c3d4e5f6")
    assert not is_random("a1b2c3")
    assert not is_random("optimizely_connector_experiments")
    assert not is_random("12345678901234567890123")
    assert not is_random("a1b2c3d4e5f6 a1b2c3d4e5f6")


@pytest.mark.parametrize(
    ("line", "hidden"),
    [
        ('    "a1b2c3d4e5f6a1b2c3d4e5f6"', True),
        ("APP_ENV_API_KEY=a1b2c3d4e5f6a1b2c3d4e5f6", True),
        ("password: 'correct horse'", True),
        ('{"api_key": "canary"}', True),
        ("x" * 6000, True),
        ("token = settings.token", False),
        ('label = "optimizely_connector_experiments"', False),
        ("entry_point: Hello", False),
        ("secret: hook", False),
    ],
)
def test_lines_that_give_a_secret_a_value_are_held_back(line: str, hidden: bool) -> None:
    assert may_hold_secret(line) is hidden
