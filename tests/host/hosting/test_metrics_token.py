"""The token for the figures is made once, for all processes, and known to whoever hides secrets."""

from __future__ import annotations

from collections.abc import Callable

from mooring.hosting.host import Host
from mooring.hosting.metrics_token import given_token, made_token


def test_there_is_none_until_somebody_asks_for_one(host: Host) -> None:
    assert given_token(host) is None
    token = made_token(host)
    assert given_token(host) == made_token(host) == token
    assert len(token) > 40


def test_a_renewed_one_ends_the_other(host: Host) -> None:
    token = made_token(host)
    renewed = made_token(host, renew=True)
    assert renewed != token
    assert given_token(host) == made_token(host) == renewed


def test_every_process_knows_the_same_one(host: Host, open_host: Callable[..., Host]) -> None:
    token = made_token(host)
    with open_host() as another:
        assert given_token(another) == made_token(another) == token


def test_it_is_hidden_wherever_secrets_are(host: Host) -> None:
    token = made_token(host)
    assert token not in host.masker.hide(f"Bearer {token}")
