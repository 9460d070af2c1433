"""How the stage flags fares when something it rests on is missing, old or shared."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.sdk import errors

SHOP, MOBILE = 20000000001, 20000000002
SHOP_PRODUCTION, MOBILE_PRODUCTION = (SHOP, "production"), (MOBILE, "production")
ANNA = "anna.jansen.1@example.com"
STAGE = ["flags"]


def know_anna(connected: Any) -> None:
    record = {"email": ANNA, "id": 1, "seen": 1, "values": {"PLAN": "pro"}}
    connected.now.services.kv_store.put(f"contact/{ANNA}", record)


def decisions(connected: Any) -> dict[str, list[Any]]:
    (record,) = connected.kept("computed/").values()
    return {row[0]: row for row in record["decisions"]}


def test_without_a_catalogue_the_datafile_says_which_experiments_run(connected: Any) -> None:
    connected.set_up(SHOP_PRODUCTION)
    know_anna(connected)
    connected.sync(STAGE)
    found = decisions(connected)
    assert found["new_checkout"][3] == "checkout_q3"
    assert found["dark_mode"][3] is None
    # What was deployed after an experiment is a delivery in the datafile, and nothing says more.
    assert found["price_display"][3] is None
    connected.sync(["catalogue", "flags"])
    assert decisions(connected)["price_display"][3] == "price_with_tax"


def test_an_experiment_that_the_catalogue_calls_paused_does_not_count(connected: Any) -> None:
    connected.set_up(SHOP_PRODUCTION)
    know_anna(connected)
    connected.sandbox.change(project_id=SHOP, experiment="checkout_q3", status="paused")
    connected.sync(["catalogue", "flags"])
    # The datafile at hand still runs it: it has not been published again.
    assert decisions(connected)["new_checkout"][3] is None


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_cdn_that_refuses_leaves_the_kept_datafile_in_force(connected: Any, status: int) -> None:
    connected.set_up(SHOP_PRODUCTION)
    know_anna(connected)
    connected.sync(STAGE)
    before = decisions(connected)
    connected.sandbox.control("faults", route="/cdn", status=status, count=1)
    report = connected.sync(STAGE)["flags"]
    assert decisions(connected) == before
    assert report["decided"] == 11
    assert bool(report.get("problems")) == (status != 410)


def test_without_any_datafile_the_run_says_why(connected: Any) -> None:
    connected.set_up(SHOP_PRODUCTION)
    connected.sandbox.control("faults", route="/cdn", status=404, count=1)
    with pytest.raises(errors.NotFound, match="SDK is not ready"):
        connected.sync(STAGE)


def test_one_environment_without_datafile_stops_no_other(connected: Any) -> None:
    connected.set_up(SHOP_PRODUCTION, MOBILE_PRODUCTION)
    know_anna(connected)
    connected.sandbox.control(
        "faults", route="/cdn/datafiles/SandboxMobileProd1", status=404, count=1
    )
    report = connected.sync(STAGE)["flags"]
    assert report["decided"] == 11
    (problem,) = report["problems"]
    assert problem.startswith(f"Project {MOBILE}, production: The SDK is not ready")


def test_without_automatic_updates_the_kept_datafile_decides(connected: Any) -> None:
    connected.set_up(SHOP_PRODUCTION)
    know_anna(connected)
    connected.sync(STAGE)
    connected.now.services.settings.patch("projects", {"auto_update": False})
    connected.sandbox.change(
        project_id=SHOP, environment="production", flag="gift_cards", enable=True
    )
    connected.sandbox.publish(SHOP)
    connected.sync(STAGE)
    assert decisions(connected)["gift_cards"][2] is False
    connected.now.services.settings.patch("projects", {"auto_update": True})
    connected.sync(STAGE)
    assert decisions(connected)["gift_cards"][2] is True


def test_a_decision_that_stays_keeps_its_time(connected: Any) -> None:
    connected.set_up(SHOP_PRODUCTION)
    know_anna(connected)
    connected.sync(STAGE)
    before = decisions(connected)
    connected.sandbox.change(
        project_id=SHOP, environment="production", flag="gift_cards", enable=True
    )
    connected.sandbox.publish(SHOP)
    connected.sync(STAGE)
    after = decisions(connected)
    assert {key for key in after if after[key][4] != before[key][4]} == {"gift_cards"}


def test_names_that_two_projects_share_are_kept_for_what_listeners_report(connected: Any) -> None:
    connected.set_up(SHOP_PRODUCTION, MOBILE_PRODUCTION)
    know_anna(connected)
    connected.sync(["catalogue", "flags"])
    names = connected.kept("written_names")["written_names"]
    assert names["flags"] == {f"{p}:dark_mode": f"{p}:dark_mode" for p in (SHOP, MOBILE)}
    assert names["experiments"] == {}
    assert names["statuses"]["ranking_by_margin"] == "paused"
    assert {f"{SHOP}:dark_mode", f"{MOBILE}:dark_mode"} <= decisions(connected).keys()


def test_nobody_is_decided_for_again_while_nothing_has_changed(
    connected: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected.set_up(SHOP_PRODUCTION)
    know_anna(connected)
    connected.sync(["catalogue", "flags"])
    before = decisions(connected)
    with monkeypatch.context() as patched:
        patched.setattr("src.clients.decider.Decider.decide", _never)
        assert connected.sync(["catalogue", "flags"])["flags"] == {"decided": 11, "contacts": 1}
    assert decisions(connected) == before


@pytest.mark.parametrize("changed", ["contact", "settings", "catalogue", "datafile"])
def test_any_change_makes_everybody_concerned_be_decided_for_again(
    connected: Any, monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    connected.set_up(SHOP_PRODUCTION)
    know_anna(connected)
    connected.sync(["catalogue", "flags"])
    if changed == "contact":
        connected.now.services.kv_store.patch(f"contact/{ANNA}", {"values": {"PLAN": "free"}})
    elif changed == "settings":
        connected.now.services.settings.patch("sync", {"flags": ["dark_mode"]})
    elif changed == "catalogue":
        connected.sandbox.change(project_id=SHOP, experiment="checkout_q3", status="paused")
    else:
        connected.sandbox.publish(SHOP)
    monkeypatch.setattr("src.clients.decider.Decider.decide", _never)
    with pytest.raises(AssertionError, match="decided again"):
        connected.sync(["catalogue", "flags"])


def _never(*_: Any, **__: Any) -> None:
    raise AssertionError("decided again")


def test_a_user_id_that_nobody_has_stops_the_run_before_anything_is_written(
    connected: Any,
) -> None:
    connected.set_up(SHOP_PRODUCTION)
    connected.now.services.settings.patch("mapping", {"user_id": "CUSTOMER_NO"})
    know_anna(connected)
    with pytest.raises(errors.SettingsRefused, match="Not one contact has a value in CUSTOMER_NO"):
        connected.sync(["flags", "push"])
    assert connected.written() == {}


def test_contacts_without_a_user_id_are_reported_while_the_others_go_on(connected: Any) -> None:
    connected.set_up(SHOP_PRODUCTION)
    connected.now.services.settings.patch("mapping", {"user_id": "PLAN"})
    know_anna(connected)
    bob = {"email": "bob@example.com", "id": 2, "seen": 1, "values": {}}
    connected.now.services.kv_store.put("contact/bob@example.com", bob)
    report = connected.sync(STAGE)["flags"]
    assert report["decided"] == 11
    assert report["problems"] == ["1 contact has no value in PLAN, so nothing is decided for them."]
