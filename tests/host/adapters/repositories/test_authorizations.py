"""Authorizations that were begun, each to be used once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from mooring.adapters.database import Database
from mooring.adapters.repositories.authorizations import KEPT_FOR, Authorizations
from mooring.model.authorization import Authorization
from mooring.testing.clock import START

BEGUN = Authorization(
    state_id="abc",
    install_id=7,
    section="account",
    redirect_uri="http://127.0.0.1:8080/oauth/shop/callback",
    created_at=START,
    expires_at=START + timedelta(minutes=10),
)
SOON = START + timedelta(minutes=1)


@pytest.fixture
def authorizations(database: Database) -> Authorizations:
    return Authorizations(database)


def test_one_comes_back_as_it_was_added(authorizations: Authorizations) -> None:
    authorizations.add(BEGUN)
    assert authorizations.get("abc") == BEGUN


def test_an_unknown_one_is_none(authorizations: Authorizations) -> None:
    assert authorizations.get("abc") is None
    assert not authorizations.use("abc", now=SOON)


def test_one_is_used_once(authorizations: Authorizations) -> None:
    authorizations.add(BEGUN)
    assert authorizations.use("abc", now=SOON)
    assert not authorizations.use("abc", now=SOON)
    assert authorizations.get("abc") == replace(BEGUN, used_at=SOON)


def test_of_many_callbacks_at_once_one_uses_it(authorizations: Authorizations) -> None:
    authorizations.add(BEGUN)
    with ThreadPoolExecutor(8) as threads:
        used = list(threads.map(lambda _: authorizations.use("abc", now=SOON), range(8)))
    assert used.count(True) == 1


def test_an_expired_one_cannot_be_used_and_stays_known_for_a_while(
    authorizations: Authorizations,
) -> None:
    authorizations.add(BEGUN)
    assert not authorizations.use("abc", now=BEGUN.expires_at)
    later = BEGUN.expires_at + KEPT_FOR
    authorizations.add(replace(BEGUN, state_id="next", created_at=later))
    assert authorizations.get("abc") is not None


def test_what_expired_long_ago_is_forgotten_when_another_begins(
    authorizations: Authorizations,
) -> None:
    authorizations.add(BEGUN)
    later = BEGUN.expires_at + KEPT_FOR + timedelta(seconds=1)
    authorizations.add(replace(BEGUN, state_id="next", created_at=later))
    assert authorizations.get("abc") is None


def test_what_became_of_it_is_kept(authorizations: Authorizations) -> None:
    authorizations.add(BEGUN)
    authorizations.conclude("abc", {"ok": True, "toasts": []})
    assert authorizations.get("abc") == replace(BEGUN, outcome={"ok": True, "toasts": []})
