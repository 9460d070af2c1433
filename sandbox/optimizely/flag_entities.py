"""How the model looks in the Flags API v1. Pure."""

from __future__ import annotations

from typing import Any

from sandbox.account.optimizely import ACCOUNT_ID
from sandbox.account.projects import Environment, Flag, Project, Rule, Ruleset
from sandbox.optimizely.rest_entities import stamp

Json = dict[str, Any]  # Any: entities are JSON


def flag(item: Flag, owner: Project) -> Json:
    """Render a flag with a summary of its rules per environment."""
    return {
        "id": item.id,
        "key": item.key,
        "name": item.name,
        "description": item.description,
        "archived": item.archived,
        "project_id": owner.id,
        "account_id": ACCOUNT_ID,
        "urn": f"flags.flags.optimizely.com::{item.id}",
        "revision": 1,
        "created_time": stamp(owner.created),
        "updated_time": stamp(owner.created),
        "variable_definitions": {
            each.key: {
                "id": each.id,
                "key": each.key,
                "type": each.type,
                "default_value": each.default_value,
                "description": "",
            }
            for each in item.variables
        },
        "environments": {
            each.key: _environment(each, item.rulesets[each.key]) for each in owner.environments
        },
    }


def _environment(place: Environment, ruleset: Ruleset) -> Json:
    summary: dict[str, dict[str, list[str]]] = {}
    for rule in ruleset.rules:
        summary.setdefault(rule.type, {"keys": []})["keys"].append(rule.key)
    return {
        "id": place.id,
        "key": place.key,
        "name": place.name,
        "enabled": ruleset.enabled,
        "status": ruleset_status(ruleset),
        "priority": place.priority,
        "has_restricted_permissions": place.is_primary,
        "rules_summary": summary,
        "rules_detail": [_detail(rule, ruleset) for rule in ruleset.rules],
    }


def ruleset_status(ruleset: Ruleset) -> str:
    """Return the Flags API's word for how a ruleset is doing."""
    if ruleset.enabled:
        return "running"
    return "paused" if ruleset.rules else "draft"


def _detail(rule: Rule, ruleset: Ruleset) -> Json:
    return {
        "id": rule.id,
        "key": rule.key,
        "name": rule.name,
        "type": rule.type,
        "enabled": _enabled(rule, ruleset),
        "status": rule.status,
        "traffic_allocation": rule.percentage,
        "layer_experiment_id": rule.experiment_id,
        "audience_ids": rule.audience_ids(),
        "variation_names": [variation.name for variation, _ in rule.weights],
        "primary_metric": rule.metrics[0]["display_title"] if rule.metrics else None,
    }


def _enabled(rule: Rule, ruleset: Ruleset) -> bool:
    return ruleset.enabled and rule.status == "running"


def rule(item: Rule, ruleset: Ruleset, *, owner: Flag, place: Environment) -> Json:
    """Render a rule with the flag and the environment that it belongs to."""
    return {
        "id": item.id,
        "key": item.key,
        "name": item.name,
        "flag_key": owner.key,
        "environment_key": place.key,
        "environment_name": place.name,
        "type": item.type,
        "status": item.status,
        "enabled": _enabled(item, ruleset),
        "archived": owner.archived,
        "outcome": item.outcome,
        "percentage_included": item.percentage,
        "audience_conditions": item.audience,
        "audience_ids": item.audience_ids(),
        "variations": {
            variation.key: {
                "key": variation.key,
                "name": variation.name,
                "percentage_included": weight,
                "variation_id": variation.id,
            }
            for variation, weight in item.weights
        },
        "metrics": item.metrics,
        "allow_list": item.allow_list,
        "group_rule": {},
        "layer_id": item.layer_id,
        "layer_experiment_id": item.experiment_id,
        "deployed_variation_key": item.deployed_variation_key,
        "baseline_variation_id": item.weights[0][0].id if item.is_experiment else None,
        "distribution_mode": "manual",
        "fetch_results_ui_url": f"/v2/experiments/{item.experiment_id}/results",
    }


def ruleset(item: Ruleset, *, owner: Flag, place: Environment) -> Json:
    """Render everything that a flag does in one environment."""
    return {
        "id": item.id,
        "flag_key": owner.key,
        "environment_key": place.key,
        "enabled": item.enabled,
        "archived": owner.archived,
        "status": ruleset_status(item),
        "default_variation_key": item.default_variation.key,
        "default_variation_name": item.default_variation.name,
        "rule_priorities": [each.key for each in item.rules],
        "rules": {each.key: rule(each, item, owner=owner, place=place) for each in item.rules},
    }


def variation(key: str, item: Flag) -> Json:
    """Render one variation of a flag with the value of every variable."""
    found = next(each for each in item.variations if each.key == key)
    return {
        "id": found.id,
        "key": found.key,
        "name": found.name,
        "enabled": found.enabled,
        "archived": False,
        "variables": {
            each.key: {
                "key": each.key,
                "type": each.type,
                "value": found.variables.get(each.key, each.default_value),
                "is_default": each.key not in found.variables,
            }
            for each in item.variables
        },
    }


def environment(item: Environment) -> Json:
    """Render an environment."""
    return {
        "id": item.id,
        "key": item.key,
        "name": item.name,
        "priority": item.priority,
        "is_primary": item.is_primary,
        "archived": False,
        "has_restricted_permissions": item.is_primary,
    }
