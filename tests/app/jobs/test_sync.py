"""The whole sync against the sandbox, held to what Optimizely's own SDK decides."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from optimizely.decision.optimizely_decide_option import OptimizelyDecideOption
from optimizely.event_dispatcher import EventDispatcher
from optimizely.helpers.sdk_settings import OptimizelySdkSettings
from optimizely.optimizely import Optimizely

from mooring.sdk import errors
from mooring.sdk.job import JobInvocation
from src.jobs.sync import Sync

SHOP, MOBILE, LEGACY, FINANCE = 20000000001, 20000000002, 20000000003, 20000000005
SHOP_PRODUCTION, MOBILE_PRODUCTION = (SHOP, "production"), (MOBILE, "production")
LEGACY_PRODUCTION, FINANCE_PRODUCTION = (LEGACY, "production"), (FINANCE, "production")
ANNA = "anna.jansen.1@example.com"
WITHOUT_CONTACTS = ["catalogue", "flags", "push"]
WRITTEN = {
    "ENABLED_FEATURES", "EXPERIMENT_DATE", "EXPERIMENT_NAME", "EXPERIMENT_VARIATION",
    "FEATURE_ENABLED", "FEATURE_FLAG", "FEATURE_FLAGS_SYNCED", "VARIATION_NAME",
}  # fmt: skip
LATEST = ("EXPERIMENT_NAME", "VARIATION_NAME", "FEATURE_FLAG", "FEATURE_ENABLED")
# The experiments of the shop that run or were concluded with a variation for everyone.
SHOP_EXPERIMENTS = {"checkout_q3", "loyalty_tiers", "recommendation_models", "price_with_tax"}
MOBILE_EXPERIMENTS = {"rating_moment"}
ATTRIBUTES = (
    "country", "plan", "age", "is_vip", "app_version", "ltv", "signup_days", "language",
)  # fmt: skip


class NoDispatch(EventDispatcher):
    @staticmethod
    def dispatch_event(event: object) -> None:
        raise AssertionError(f"an impression left: {event}")


def oracle(connected: Any, sdk_key: str) -> dict[str, dict[str, Any]]:
    """Decide all flags for everybody, as a customer's service would, straight from the CDN."""
    url = f"{connected.sandbox.info['optimizely_cdn']}/datafiles/{sdk_key}.json"
    client = Optimizely(
        datafile=connected.sandbox.http.get(url).text,
        event_dispatcher=NoDispatch,
        settings=OptimizelySdkSettings(odp_disabled=True),
    )
    found: dict[str, dict[str, Any]] = {}
    for contact in connected.contacts():
        given = contact["attributes"]
        about: Any = {k: given[k.upper()] for k in ATTRIBUTES if k.upper() in given}
        user = client.create_user_context(contact["email"], about | {"email": contact["email"]})
        assert user is not None
        decided = user.decide_all([OptimizelyDecideOption.DISABLE_DECISION_EVENT])
        found[contact["email"]] = {
            key: (each.rule_key, each.variation_key, each.enabled) for key, each in decided.items()
        }
    return found


def written_decisions(decided: dict[str, Any], project: int) -> list[tuple[str, str, str, bool]]:
    """Give the key, the variation and the flag under their written names, and whether it is on."""
    experiments = SHOP_EXPERIMENTS | MOBILE_EXPERIMENTS
    flags = {key: f"{project}:{key}" if key == "dark_mode" else key for key in decided}
    return [
        (rule if rule in experiments else flags[key], variation, flags[key], on)
        for key, (rule, variation, on) in decided.items()
    ]


def test_brevo_holds_what_the_sdk_decides_for_everybody_and_nobody_new(connected: Any) -> None:
    connected.set_up(SHOP_PRODUCTION, MOBILE_PRODUCTION)
    blocked = {each["email"]: each["emailBlacklisted"] for each in connected.contacts()}
    report = connected.sync()
    assert {each["email"]: each["emailBlacklisted"] for each in connected.contacts()} == blocked
    assert any(blocked.values())
    shop, mobile = oracle(connected, "SandboxShopProd1"), oracle(connected, "SandboxMobileProd1")
    held = connected.brevo()
    assert len(held) == report["push"]["written"] == 2000
    for email, attributes in held.items():
        decided = written_decisions(shop[email], SHOP) + written_decisions(mobile[email], MOBILE)
        enabled = sorted(flag for _, _, flag, on in decided if on)
        assert attributes["ENABLED_FEATURES"] == ", ".join(enabled), email
        variations = sorted(f"{key}:{arm}" for key, arm, flag, _ in decided if key != flag)
        assert attributes["EXPERIMENT_VARIATION"] == ", ".join(variations), email
        latest = tuple(attributes[name] for name in LATEST)
        assert latest == min(decided), email  # all of one moment, so the key decides


def test_a_second_sync_writes_nothing_and_a_change_only_whom_it_concerns(connected: Any) -> None:
    connected.set_up(SHOP_PRODUCTION)
    connected.sync()
    before, mark = oracle(connected, "SandboxShopProd1"), _mark(connected)

    again = connected.sync()

    assert again["push"] == {"changed": 0, "written": 0, "rejected": 0, "unchanged": 2000}
    assert connected.written(after=mark) == {}
    connected.sandbox.change(
        project_id=SHOP, environment="production", flag="express_shipping", percentage=33
    )
    connected.sandbox.publish(SHOP)
    report = connected.sync(WITHOUT_CONTACTS)
    after = oracle(connected, "SandboxShopProd1")
    concerned = {email for email in after if after[email] != before[email]}
    assert 20 < len(concerned) < 200
    written = connected.written(after=mark)
    assert set(written) == concerned
    assert {len(times) for times in written.values()} == {1}
    assert report["push"]["written"] == len(concerned)
    held = connected.brevo()
    assert all("express_shipping" in held[email]["ENABLED_FEATURES"] for email in concerned)


def test_the_latest_change_is_in_the_single_values(connected: Any) -> None:
    connected.set_up(SHOP_PRODUCTION)
    connected.know(ANNA)
    connected.sync(WITHOUT_CONTACTS)
    connected.sandbox.change(
        project_id=SHOP, environment="production", flag="gift_cards", enable=True
    )
    connected.sandbox.publish(SHOP)
    connected.sync(WITHOUT_CONTACTS)
    held = connected.brevo()[ANNA]
    assert (held["EXPERIMENT_NAME"], held["VARIATION_NAME"]) == ("gift_cards", "on")
    assert (held["FEATURE_FLAG"], held["FEATURE_ENABLED"]) == ("gift_cards", True)


def test_the_older_model_is_decided_and_catalogued_too(connected: Any) -> None:
    connected.set_up(LEGACY_PRODUCTION)
    report = connected.sync()
    assert report["catalogue"] == {
        "projects": 4, "experiments": 4, "flags": 2, "audiences": 1, "events": 1, "problems": [],
    }  # fmt: skip
    decided = oracle(connected, "SandboxLegacyProd1")
    for email, attributes in connected.brevo().items():
        enabled = sorted(key for key, (_, _, on) in decided[email].items() if on)
        assert attributes["ENABLED_FEATURES"] == ", ".join(enabled)
        keys = [pair.partition(":")[0] for pair in attributes["EXPERIMENT_VARIATION"].split(", ")]
        # The second stands alone, without any flag around it; paused and drafted ones do not count.
        assert keys in (["landing_headline", "signup_form_length"], ["landing_headline"])


def test_the_catalogue_is_in_the_data_platform(connected: Any) -> None:
    connected.set_up(SHOP_PRODUCTION, (SHOP, "staging"))
    report = connected.sync(["catalogue"])
    rows = {
        name: connected.app.odp.objects(f"optimizely_connector_{name}")
        for name in ("projects", "experiments", "flags", "audiences", "events")
    }
    counted = {name: report["catalogue"][name] for name in rows}
    assert counted == {name: len(found) for name, found in rows.items()}
    experiments = {(each["environment"], each["key"]): each for each in rows["experiments"]}
    concluded = experiments["production", "price_with_tax"]
    assert concluded["status"] == "concluded"
    assert concluded["deployed_variation"] == "treatment"
    assert experiments["production", "survey_length"]["status"] == "not_started"
    flags = {(each["environment"], each["key"]): each["enabled"] for each in rows["flags"]}
    assert flags["production", "gift_cards"] is False
    assert flags["staging", "gift_cards"] is True


def test_contacts_become_profiles(connected: Any) -> None:
    connected.set_up(SHOP_PRODUCTION)
    assert connected.sync(["contacts"]) == {"contacts": {"read": 2000}}
    profile = connected.app.odp.customer("email", ANNA)
    assert profile.attributes["first_name"] == "Anna"
    assert profile.attributes["optimizely_connector_plan"] == "pro"


def test_a_project_that_may_not_be_read_stops_no_other(connected: Any) -> None:
    connected.set_up(FINANCE_PRODUCTION, SHOP_PRODUCTION)
    connected.know(ANNA)
    report = connected.sync(WITHOUT_CONTACTS)
    (problem,) = report["catalogue"]["problems"]
    assert str(FINANCE) in problem
    assert "may not read" in problem
    assert report["push"]["written"] == 1
    (missing,) = report["flags"]["problems"]
    assert "Check the SDK key" in missing
    titles = {told.title: told.summary for told in connected.app.notifications.entries}
    assert set(titles) == {"1 project could not be read", "1 environment could not be read"}
    assert problem in titles["1 project could not be read"]
    connected.sync(WITHOUT_CONTACTS)
    assert len(connected.app.notifications.entries) == 2


def test_a_contact_that_left_brevo_is_forgotten(connected: Any) -> None:
    connected.set_up(SHOP_PRODUCTION)
    connected.know(ANNA)
    connected.sync(["flags", "push"])
    assert connected.kept(f"ledger/{ANNA}")
    connected.sandbox.change(contact=ANNA, delete=True)
    assert connected.sync(["contacts"])["contacts"]["read"] == 1999
    assert connected.kept("ledger/") == connected.kept("computed/") == {}
    assert len(connected.kept("contact/")) == 1999


def test_switches_say_which_attributes_are_written(connected: Any) -> None:
    connected.set_up(SHOP_PRODUCTION, experiments=False)
    connected.know(ANNA)
    connected.sync(["flags", "push"])
    assert connected.brevo()[ANNA].keys() & WRITTEN == {
        "ENABLED_FEATURES", "FEATURE_FLAG", "FEATURE_ENABLED", "FEATURE_FLAGS_SYNCED",
    }  # fmt: skip


def test_only_chosen_flags_are_decided(connected: Any) -> None:
    connected.set_up(SHOP_PRODUCTION, MOBILE_PRODUCTION, flags=["pdf_invoice", f"{SHOP}:dark_mode"])
    connected.know(ANNA)
    connected.sync(["flags", "push"])
    # Only one of the two projects' flags of that name is written, so it needs no project.
    assert connected.brevo()[ANNA]["ENABLED_FEATURES"] == "dark_mode"


def test_a_contact_without_a_user_id_is_not_decided_for(connected: Any) -> None:
    connected.set_up(SHOP_PRODUCTION)
    connected.know(ANNA)
    bob = {"email": "bob@example.com", "id": 2, "seen": 1, "values": {"EXT_ID": "b-2"}}
    connected.now.services.kv_store.put("contact/bob@example.com", bob)
    connected.now.services.settings.put("mapping", {"user_id": "ext_id"})
    report = connected.sync(["flags"])
    assert connected.kept("computed/")[f"computed/{ANNA}"]["decisions"] == []
    assert report["flags"]["contacts"] == 2


def test_decisions_are_logged_when_asked_by_no_name_and_only_when_they_changed(
    connected: Any,
) -> None:
    connected.set_up(SHOP_PRODUCTION)
    connected.know(ANNA)
    connected.now.services.settings.put("diagnostics", {"log_decisions": True})
    connected.sync(["flags"])
    connected.sync(["flags"])
    (line,) = [each for each in connected.app.log.lines if each.event == "decisions.changed"]
    assert ANNA not in str(line.fields)
    assert line.fields["decisions"]["dark_mode"] == "on"


def test_a_run_that_is_switched_off_says_so(connected: Any) -> None:
    connected.set_up(SHOP_PRODUCTION, enabled=False)
    state = connected.run()
    assert state["report"] == {}
    assert "switches this off" in state["note"]
    assert connected.sandbox.received() == []


def test_a_run_before_the_set_up_names_the_sections(connected: Any) -> None:
    state = connected.run()
    assert "Optimizely connection and Projects and Brevo connection" in state["note"]


def test_an_unknown_stage_is_refused(connected: Any) -> None:
    connected.set_up(SHOP_PRODUCTION)
    with pytest.raises(errors.RequestInvalid, match=r"no stage lists.*contacts, catalogue"):
        connected.sync(["lists"])
    with pytest.raises(errors.RequestInvalid, match="list of stages"):
        connected.job().prepare({"stages": "push"})


def test_stages_run_in_their_order(connected: Any) -> None:
    connected.set_up(SHOP_PRODUCTION)
    status = connected.job().prepare({"stages": ["push", "contacts"]})
    assert status.state["stages"] == ["contacts", "push"]


def test_an_expired_token_asks_for_a_new_one(connected: Any) -> None:
    connected.set_up(SHOP_PRODUCTION)
    connected.sandbox.change(token=connected.sandbox.credentials["optimizely_token"], revoke=True)
    with pytest.raises(errors.CredentialsRejected, match="new personal access token") as caught:
        connected.sync(["catalogue"])
    assert connected.sandbox.credentials["optimizely_token"] not in str(caught.value)


def test_a_deleted_brevo_key_asks_for_a_new_one(connected: Any) -> None:
    connected.set_up(SHOP_PRODUCTION)
    connected.sandbox.change(token=connected.sandbox.credentials["brevo_api_key"], revoke=True)
    with pytest.raises(errors.CredentialsRejected, match="section Brevo connection"):
        connected.sync(["contacts"])


def test_without_any_datafile_the_run_fails_with_the_remedy(connected: Any) -> None:
    connected.set_up(FINANCE_PRODUCTION)
    with pytest.raises(errors.NotFound, match="Check the SDK key"):
        connected.sync(["flags"])


def test_a_run_that_applies_a_plan_has_the_plans_time(connected: Any) -> None:
    planned_at = datetime(2026, 11, 20, 12, tzinfo=UTC)
    scheduled_at = planned_at + timedelta(hours=5)
    job = Sync(JobInvocation("run-1", scheduled_at, {}, planned_at=planned_at))
    assert job.prepare({}).state["at"] == planned_at.timestamp()


def _mark(connected: Any) -> int:
    return int(connected.sandbox.received()[-1]["sequence"])
