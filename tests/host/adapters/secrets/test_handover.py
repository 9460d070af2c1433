"""The former key opens the handover, and nothing else does; then its time is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mooring.adapters.secrets.handover import Handover
from mooring.adapters.secrets.master_key import MasterKey
from mooring.errors import SecretStoreUnusable
from mooring.testing.clock import START

FORMER, NEW = MasterKey(bytes(32)), MasterKey(bytes(range(32)))
UNTIL = START + timedelta(hours=1)


@pytest.fixture
def handover() -> Handover:
    return Handover.between(FORMER, NEW, begun=START, until=UNTIL)


def test_the_former_key_opens_it_also_when_it_was_written_down(handover: Handover) -> None:
    assert Handover.read(handover.text).opened(FORMER) == NEW


def test_its_text_tells_neither_key(handover: Handover) -> None:
    for spelling in (*FORMER.spellings, *NEW.spellings):
        assert spelling not in handover.text


def test_nothing_else_opens_it(handover: Handover) -> None:
    other = MasterKey(bytes(range(1, 33)))
    changed = (
        replace(handover, new_id=other.key_id),
        replace(handover, former_id=other.key_id),
        replace(handover, sealed=handover.sealed[:-8] + "AAAAAAA="),
        replace(handover, sealed="no base64"),
    )
    for each, key in ((handover, other), *((each, FORMER) for each in changed)):
        with pytest.raises(SecretStoreUnusable, match="does not open"):
            each.opened(key)


def test_it_ends_when_it_said(handover: Handover) -> None:
    assert not handover.is_over(UNTIL - timedelta(microseconds=1))
    assert handover.is_over(UNTIL)
