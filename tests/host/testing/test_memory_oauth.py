"""The provider that a test plays."""

from __future__ import annotations

import pytest

from mooring.testing.clock import FakeClock
from mooring.testing.memory_oauth import MemoryLeases, MemoryOAuth


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def oauth(clock: FakeClock) -> MemoryOAuth:
    return MemoryOAuth(
        app_id="shop", install_id=1, redirect_uri=lambda: "https://here/callback", clock=clock
    )


def test_the_latest_begun_comes_back(oauth: MemoryOAuth) -> None:
    oauth.begin("first")
    latest = oauth.begin("second")
    request = oauth.callback(code="c", shop="north")
    assert dict(request.params) == {"code": "c", "state": latest.state, "shop": "north"}
    assert oauth.prove(latest.state).section == "second"


def test_coming_back_without_having_begun_fails(oauth: MemoryOAuth) -> None:
    with pytest.raises(AssertionError, match="is unknown"):
        oauth.callback()


def test_coming_back_twice_or_too_late_fails(oauth: MemoryOAuth, clock: FakeClock) -> None:
    oauth.begin("account")
    oauth.callback()
    with pytest.raises(AssertionError, match="is used"):
        oauth.callback()
    oauth.begin("account")
    clock.advance(600)
    with pytest.raises(AssertionError, match="is expired"):
        oauth.callback()


def test_secrets_are_noted(oauth: MemoryOAuth) -> None:
    oauth.conceal("a secret")
    assert oauth.concealed == ["a secret"]


def test_leases_run_out_and_belong_to_their_holders(clock: FakeClock) -> None:
    leases = MemoryLeases(clock)
    assert leases.acquire("a", holder="x", seconds=10)
    assert not leases.acquire("a", holder="y", seconds=10)
    leases.release("a", holder="y")
    assert not leases.acquire("a", holder="y", seconds=10)
    clock.advance(10)
    assert leases.acquire("a", holder="y", seconds=10)
