"""Flags API v1 as the vendor documents it."""

from __future__ import annotations

import httpx

from sandbox.running import Running

SHOP, MOBILE, LEGACY, CLOSED = (
    20_000_000_001,
    20_000_000_002,
    20_000_000_003,
    20_000_000_005,
)


def test_flags_come_in_the_envelope_without_archived_ones(flags: httpx.Client) -> None:
    page = flags.get(f"/projects/{SHOP}/flags").json()
    keys = {flag["key"] for flag in page["items"]}
    assert {"new_checkout", "loyalty_program", "ai_recommendations"} <= keys
    assert "old_wishlist" not in keys
    assert (page["page"], page["total_pages"], page["total_count"]) == (1, 1, 11)
    assert page["next_url"] == []


def test_archived_flags_can_be_asked_for(flags: httpx.Client) -> None:
    page = flags.get(f"/projects/{SHOP}/flags?archived=true").json()
    assert [flag["key"] for flag in page["items"]] == ["old_wishlist"]


def test_next_links_lead_through_every_flag_once(sandbox: Running, flags: httpx.Client) -> None:
    path, walked = f"/projects/{SHOP}/flags?per_page=4", []
    while path:
        page = flags.get(path).json()
        walked += [flag["key"] for flag in page["items"]]
        path = page["next_url"][0] if page["next_url"] else ""
        sandbox.advance(1)
    assert len(walked) == len(set(walked)) == 11


def test_rules_can_be_narrowed_by_type_environment_and_archive(
    sandbox: Running, flags: httpx.Client
) -> None:
    page = flags.get(
        f"/projects/{SHOP}/rules",
        params={"rule_types": "a/b", "environments": "production", "archived": "false"},
    ).json()
    statuses = {rule["key"]: rule["status"] for rule in page["items"]}
    assert statuses == {
        "checkout_q3": "running",
        "loyalty_tiers": "running",
        "recommendation_models": "running",
        "price_with_tax": "concluded",
        "banner_season": "concluded",
        "ranking_by_margin": "paused",
        "survey_length": "draft",
    }
    for rule in page["items"]:
        weights = [each["percentage_included"] for each in rule["variations"].values()]
        assert sum(weights) == 10_000
        assert rule["id"] != rule["layer_experiment_id"]


def test_an_unknown_rule_type_is_a_problem(flags: httpx.Client) -> None:
    answer = flags.get(f"/projects/{SHOP}/rules?rule_types=feature")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.json()) == {"type", "title", "status", "detail", "uuid"}


def test_a_ruleset_and_its_rules_are_the_same_everywhere(flags: httpx.Client) -> None:
    place = f"/projects/{SHOP}/flags/new_checkout/environments/production"
    ruleset = flags.get(f"{place}/ruleset").json()
    rule = flags.get(f"{place}/rules/checkout_q3").json()
    assert ruleset["rules"]["checkout_q3"] == rule
    assert ruleset["rule_priorities"] == ["checkout_q3", "new_checkout_vip"]


def test_a_rule_is_found_by_its_experiment_id(sandbox: Running, flags: httpx.Client) -> None:
    listed = flags.get(f"/projects/{MOBILE}/rules?rule_types=a/b").json()["items"][0]
    found = flags.get(f"/projects/{MOBILE}/rules/{listed['layer_experiment_id']}").json()
    assert found == listed


def test_a_project_without_flags_is_refused(flags: httpx.Client) -> None:
    assert flags.get(f"/projects/{LEGACY}/flags").status_code == 400


def test_a_closed_project_is_forbidden(flags: httpx.Client) -> None:
    assert flags.get(f"/projects/{CLOSED}/flags").status_code == 403


def test_the_third_call_in_a_second_is_refused(sandbox: Running, flags: httpx.Client) -> None:
    path = f"/projects/{SHOP}/environments"
    statuses = [flags.get(path).status_code]
    while statuses[-1] == 200 and len(statuses) < 20:
        statuses.append(flags.get(path).status_code)
    assert statuses[-1] == 429
    assert len(statuses) >= 3
    sandbox.advance(1)
    assert flags.get(path).status_code == 200
