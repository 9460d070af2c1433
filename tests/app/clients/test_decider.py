from __future__ import annotations

import json
import logging
import threading
from typing import Any

import pytest

from mooring.sdk import errors
from src.clients.datafile import datafile
from src.clients.decider import Decider

LEGACY, SHOP = "SandboxLegacyProd1", "SandboxShopProd1"


def decider(sdk_key: str) -> Decider:
    return Decider(datafile(sdk_key, refresh=False).content)


def test_it_decides_flags_and_experiments_that_stand_alone(connected: Any) -> None:
    legacy = decider(LEGACY)
    assert legacy.flag_keys == ("pdf_invoice", "signup_form")
    assert legacy.standalone_keys == ("footer_links", "landing_headline", "trial_length")
    assert "signup_form_length" in legacy.experiment_keys
    verdicts = legacy.decide("u", {}, flags=legacy.flag_keys, experiments=legacy.standalone_keys)
    found = {(each.flag, each.rule) for each in verdicts}
    # Of those that stand alone only the one that runs decides anything.
    assert found == {
        ("pdf_invoice", "pdf_invoice_rollout"),
        ("signup_form", "signup_form_length"),
        ("", "landing_headline"),
    }


def test_only_the_flags_asked_for_are_decided(connected: Any) -> None:
    assert [each.flag for each in decider(SHOP).decide("u", {}, flags=["dark_mode"])] == [
        "dark_mode"
    ]
    assert decider(SHOP).decide("u", {}, flags=[]) == []


def test_attributes_are_matched(connected: Any) -> None:
    shop = decider(SHOP)
    (vip,) = shop.decide("u", {"signup_days": 400, "ltv": 900}, flags=["referral_bonus"])
    (new,) = shop.decide("u", {}, flags=["referral_bonus"])
    assert (vip.enabled, new.enabled) == (True, False)


def test_one_datafile_has_one_client_which_starts_no_thread_and_says_nothing(
    connected: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("requests.Session.request", _never)
    content = datafile(SHOP, refresh=False).content
    before = threading.active_count()
    with caplog.at_level(logging.DEBUG):
        first, second = Decider(content), Decider(content)
        first.decide("u", {"plan": 3}, flags=first.flag_keys)
    assert first._client is second._client
    assert threading.active_count() == before
    assert [each for each in caplog.records if "httpx" not in each.name] == []


def test_what_only_optimizelys_servers_can_decide_counts_as_off(
    connected: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("requests.Session.request", _never)
    document = json.loads(datafile(SHOP, refresh=False).content)
    checkout = next(each for each in document["experiments"] if each["key"] == "checkout_q3")
    checkout["cmab"] = {"attributeIds": [], "trafficAllocation": 10000}
    bandit = Decider(json.dumps(document))
    (verdict,) = bandit.decide("u", {}, flags=["new_checkout"])
    assert (verdict.enabled, verdict.rule) != (True, "checkout_q3")


def test_a_datafile_that_the_sdk_refuses_is_an_error(connected: Any) -> None:
    with pytest.raises(errors.ServiceError, match="cannot use this datafile"):
        Decider('{"version": "4", "revision": "1"}')


def _never(*_: Any, **__: Any) -> None:
    raise AssertionError("the SDK spoke HTTP")
