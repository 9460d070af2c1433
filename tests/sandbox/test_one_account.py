"""REST, Flags and datafiles speak of the same things by the same ids."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import httpx
import msgspec
import pytest

from sandbox.account.account import Account
from sandbox.account.projects import Project
from sandbox.addresses import Addresses
from sandbox.application import application
from sandbox.running import Running, running

SHOP, MOBILE, LEGACY = 20_000_000_001, 20_000_000_002, 20_000_000_003


def datafile(sandbox: Running, sdk_key: str) -> dict[str, Any]:
    url = f"{sandbox.info['optimizely_cdn']}/datafiles/{sdk_key}.json"
    return dict(sandbox.http.get(url).json())


def every_rule(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    delivered = [each for rollout in document["rollouts"] for each in rollout["experiments"]]
    return {each["id"]: each for each in [*document["experiments"], *delivered]}


@pytest.mark.parametrize(
    ("project", "environment", "sdk_key"),
    [
        (SHOP, "production", "SandboxShopProd1"),
        (SHOP, "staging", "SandboxShopStag1"),
        (MOBILE, "production", "SandboxMobileProd1"),
    ],
)
def test_flags_rules_agree_with_the_datafile(
    sandbox: Running, flags: httpx.Client, project: int, environment: str, sdk_key: str
) -> None:
    document = every_rule(datafile(sandbox, sdk_key))
    listed = flags.get(
        f"/projects/{project}/rules",
        params={"environments": environment, "per_page": 100},
    ).json()["items"]
    live = [rule for rule in listed if rule["status"] == "running" and rule["enabled"]]
    assert live
    for rule in live:
        found = document[str(rule["layer_experiment_id"])]
        assert found["key"] == rule["key"]
        assert found["layerId"] == str(rule["layer_id"])
        assert found["audienceIds"] == [str(each) for each in rule["audience_ids"]]
        ids = {each["key"]: each["id"] for each in found["variations"]}
        assert ids == {key: str(each["variation_id"]) for key, each in rule["variations"].items()}


def test_rest_entities_agree_with_the_datafile(sandbox: Running, rest: httpx.Client) -> None:
    document = datafile(sandbox, "SandboxShopProd1")
    audiences = {str(a["id"]): a for a in rest.get(f"/audiences?project_id={SHOP}").json()}
    for audience in document["typedAudiences"]:
        shown = audiences[audience["id"]]
        assert shown["name"] == audience["name"]
        words = shown["conditions"].replace('"match_type"', '"match"')
        assert msgspec.json.decode(words) == audience["conditions"]
    for path, section in (("attributes", "attributes"), ("events", "events")):
        shown_keys = {str(e["id"]): e["key"] for e in rest.get(f"/{path}?project_id={SHOP}").json()}
        assert {each["id"]: each["key"] for each in document[section]} == shown_keys


def test_legacy_experiments_agree_with_the_datafile(sandbox: Running, rest: httpx.Client) -> None:
    document = every_rule(datafile(sandbox, "SandboxLegacyProd1"))
    statuses = {"running": "Running", "paused": "Paused", "not_started": "Not started"}
    for experiment in rest.get(f"/experiments?project_id={LEGACY}").json():
        found = document[str(experiment["id"])]
        assert found["status"] == statuses[experiment["status"]]
        assert found["layerId"] == str(experiment["campaign_id"])
        ids = [each["id"] for each in found["variations"]]
        assert ids == [str(each["variation_id"]) for each in experiment["variations"]]


def test_a_concluded_experiment_delivers_what_was_deployed_and_a_plain_one_nothing(
    sandbox: Running, flags: httpx.Client
) -> None:
    document = datafile(sandbox, "SandboxShopProd1")
    place = "environments/production/rules"
    deployed = flags.get(f"/projects/{SHOP}/flags/price_display/{place}/price_with_tax").json()
    plain = flags.get(f"/projects/{SHOP}/flags/homepage_banner/{place}/banner_season").json()
    found = every_rule(document)[str(deployed["layer_experiment_id"])]
    assert [each["key"] for each in found["variations"]] == [deployed["deployed_variation_key"]]
    assert str(plain["layer_experiment_id"]) not in every_rule(document)


def test_contacts_carry_every_attribute_that_audiences_use(sandbox: Running) -> None:
    types = {
        "COUNTRY": str, "PLAN": str, "AGE": int, "IS_VIP": bool, "APP_VERSION": str,
        "LTV": float, "SIGNUP_DAYS": int, "LANGUAGE": str,
    }  # fmt: skip
    contacts = sandbox.contacts()
    assert len(contacts) == len({contact["email"] for contact in contacts}) == 2000
    for name, kind in types.items():
        values = [contact["attributes"].get(name) for contact in contacts]
        missing = sum(value is None for value in values)
        wrong = sum(value is not None and type(value) is not kind for value in values)
        assert 140 < missing < 260, name
        assert wrong < 90, name
    assert any("+" in contact["email"] for contact in contacts)
    assert 20 < sum(contact["emailBlacklisted"] for contact in contacts) < 120


def test_the_account_is_the_same_on_two_starts(sandbox: Running) -> None:
    with running() as other:
        assert other.contacts() == sandbox.contacts()
        assert other.credentials == sandbox.credentials
        for sdk_key in ("SandboxShopProd1", "SandboxMobileDev1", "SandboxLegacyProd1"):
            assert datafile(other, sdk_key) == datafile(sandbox, sdk_key)


def test_two_accounts_in_one_process_share_nothing() -> None:
    first, second = Account(), Account()
    first.brevo.delete_attribute("PLAN")
    project: Project = first.optimizely.projects[0]
    project.flags.clear()
    assert "PLAN" in second.brevo.attributes
    assert len(second.optimizely.projects[0].flags) == 12
    assert application(first, Addresses("http://a")) is not application(
        second, Addresses("http://b")
    )


def test_the_sandbox_imports_nothing_of_the_host() -> None:
    code = (
        "import sys, sandbox.__main__, sandbox.running;"
        "sys.exit(any(name.split('.')[0] == 'mooring' for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
