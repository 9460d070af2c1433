"""States that are ours, once and in time; verifiers that nobody else can make."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.engine.oauth import GOOD_FOR, InstallationOAuth, States, state_id_of
from mooring.errors import NotFound, RequestInvalid
from mooring.model.authorization import Authorization
from mooring.model.installation import Installation, InstallationState
from mooring.testing.clock import START, FakeClock
from mooring.testing.memory_oauth import MemoryAuthorizations, MemoryLeases, MemoryOAuth

SHOP = Installation(
    install_id=7,
    app_id="shop",
    account="local",
    version="1.0.0",
    root=Path(),
    state=InstallationState.INSTALLED,
    installed_at=START,
    updated_at=START,
)
HERE = "http://127.0.0.1:8080/oauth/shop/callback"
PROVIDER = "https://provider.example/authorize"


@dataclass
class Desk:
    """States over memory, with their key in reach."""

    clock: FakeClock
    known: MemoryAuthorizations
    states: States
    key: bytes = b"k"

    def begin(self, installation: Installation = SHOP) -> str:
        """Begin an authorization and return its state."""
        return self.states.begin(installation, "account", redirect_uri=HERE).state

    def at(self, installation: Installation) -> InstallationOAuth:
        """Return what an installation gets."""
        return InstallationOAuth(
            installation,
            states=self.states,
            leases=MemoryLeases(self.clock),
            redirect_uri=lambda: HERE,
            has_section=lambda section: section == "account",
            new_id=lambda: "holder",
            mask=MemoryOAuth(
                app_id="shop", install_id=7, redirect_uri=lambda: HERE, clock=self.clock
            ),
        )


@pytest.fixture
def desk() -> Desk:
    return new_desk()


def new_desk() -> Desk:
    clock, known = FakeClock(), MemoryAuthorizations()
    ids = iter(f"id-{number}" for number in range(1000))
    made = Desk(clock, known, None)  # type: ignore[arg-type]  # made in the next line
    made.states = States(known, key=lambda: made.key, new_id=lambda: next(ids), clock=clock)
    return made


def test_a_state_leads_to_what_was_begun_and_then_to_nothing(desk: Desk) -> None:
    state = desk.begin()
    found = desk.states.use(state, app_id="shop")
    assert isinstance(found, Authorization)
    assert (found.install_id, found.section, found.redirect_uri) == (7, "account", HERE)
    assert desk.states.use(state, app_id="shop") == "used"


def test_a_state_is_good_for_ten_minutes(desk: Desk) -> None:
    early, late = desk.begin(), desk.begin()
    desk.clock.advance(GOOD_FOR.total_seconds() - 1)
    assert isinstance(desk.states.use(early, app_id="shop"), Authorization)
    desk.clock.advance(1)
    assert desk.states.use(late, app_id="shop") == "expired"


def test_a_state_of_another_key_or_app_is_unknown(desk: Desk) -> None:
    state = desk.begin()
    assert desk.states.use(state, app_id="another") == "unknown"
    desk.key = b"another"
    assert desk.states.use(state, app_id="shop") == "unknown"
    desk.key = b"k"
    assert isinstance(desk.states.use(state, app_id="shop"), Authorization)


@pytest.mark.parametrize("changed", ["install_id", "section", "redirect_uri", "state_id"])
def test_a_state_is_bound_to_what_its_row_says(desk: Desk, changed: str) -> None:
    state = desk.begin()
    row = desk.known.get(state_id_of(state))
    assert row is not None
    moved: dict[str, Any] = {changed: 8 if changed == "install_id" else "other"}
    desk.known.add(replace(row, **moved))
    if changed == "state_id":
        state = state.replace("id-0", "other")
    assert desk.states.use(state, app_id="shop") == "unknown"


@given(st.text(max_size=300))
def test_no_text_is_a_state(text: str) -> None:
    desk = new_desk()
    desk.begin()
    assert desk.states.use(text, app_id="shop") == "unknown"
    assert desk.states.use(f"id-0.{text}", app_id="shop") == "unknown"


def test_the_verifier_fits_the_challenge_and_is_different_each_time(desk: Desk) -> None:
    verifiers = []
    for _ in range(2):
        start = desk.at(SHOP).begin("account")
        desk.states.use(start.state, app_id="shop")
        proof = desk.at(SHOP).prove(start.state)
        digest = sha256(proof.code_verifier.encode()).digest()
        fitting = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        assert start.code_challenge == fitting
        verifiers.append(proof.code_verifier)
    assert len(set(verifiers)) == 2
    assert all(43 <= len(verifier) <= 128 for verifier in verifiers)


def test_what_belongs_to_a_state_is_told_to_its_installation_alone(desk: Desk) -> None:
    state = desk.begin()
    with pytest.raises(RequestInvalid):
        desk.at(SHOP).prove(state)
    desk.states.use(state, app_id="shop")
    with pytest.raises(RequestInvalid):
        desk.at(replace(SHOP, install_id=8)).prove(state)
    assert desk.at(SHOP).prove(state).section == "account"


def test_only_sections_of_the_form_can_be_begun_for(desk: Desk) -> None:
    with pytest.raises(NotFound):
        desk.at(SHOP).begin("another")


def test_an_address_that_leads_elsewhere_is_left_alone(desk: Desk) -> None:
    for url in (PROVIDER, f"{PROVIDER}?redirect_uri=https%3A%2F%2Felsewhere.example%2F&state=x"):
        assert desk.at(SHOP).bound(url, "account") == url


def test_an_address_with_a_state_of_ours_is_left_alone(desk: Desk) -> None:
    url = f"{PROVIDER}?redirect_uri={HERE}&state={desk.begin()}"
    assert desk.at(SHOP).bound(url, "account") == url
    assert desk.at(replace(SHOP, install_id=8)).bound(url, "account") != url


def test_one_installation_has_its_leases_for_itself(desk: Desk) -> None:
    mine, other = desk.at(SHOP), desk.at(replace(SHOP, install_id=8))
    assert mine.acquire("oauth/shop", seconds=60)
    assert other.acquire("oauth/shop", seconds=60)
