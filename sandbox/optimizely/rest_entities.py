"""How the model looks in REST v2. Pure."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sandbox.account.optimizely import ACCOUNT_ID, Webhook
from sandbox.account.projects import (
    Attribute,
    Audience,
    Condition,
    Environment,
    Event,
    Flag,
    Project,
    Rule,
    Ruleset,
    Variation,
)
from sandbox.addresses import Addresses

Json = dict[str, Any]  # Any: entities are JSON

STATUS = {
    "draft": "not_started",
    "running": "running",
    "paused": "paused",
    "concluded": "concluded",
}


def stamp(moment: datetime | None) -> str | None:
    """Write a time as Optimizely does: UTC with microseconds."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if moment else None


def project(item: Project) -> Json:
    """Render a project."""
    return {
        "id": item.id,
        "account_id": ACCOUNT_ID,
        "name": item.name,
        "description": item.description,
        "platform": item.platform,
        "status": item.status,
        "is_classic": item.is_classic,
        "is_flags_enabled": item.is_flags_enabled,
        "confidence_threshold": 0.9,
        "sdks": item.sdks,
        "created": stamp(item.created),
        "last_modified": stamp(item.created),
    }


def environment(item: Environment, owner: Project, addresses: Addresses) -> Json:
    """Render an environment with the address of its datafile."""
    return {
        "id": item.id,
        "project_id": owner.id,
        "account_id": ACCOUNT_ID,
        "key": item.key,
        "name": item.name,
        "is_primary": item.is_primary,
        "priority": item.priority,
        "archived": False,
        "has_restricted_permissions": item.is_primary,
        "datafile": {
            "id": item.id,
            "sdk_key": item.sdk_key,
            "url": addresses.datafile(item.sdk_key),
            "other_urls": [],
            "revision": item.newest.revision,
            "latest_file_size": len(item.newest.body),
        },
        "created": stamp(owner.created),
        "last_modified": stamp(item.newest.published_at),
    }


def attribute(item: Attribute, owner: Project) -> Json:
    """Render an attribute."""
    return {
        "id": item.id,
        "project_id": owner.id,
        "key": item.key,
        "name": item.key,
        "condition_type": "custom_attribute",
        "archived": False,
        "last_modified": stamp(owner.created),
    }


def event(item: Event, owner: Project) -> Json:
    """Render an event."""
    return {
        "id": item.id,
        "project_id": owner.id,
        "key": item.key,
        "name": item.name,
        "description": "",
        "event_type": item.event_type,
        "category": item.category,
        "archived": item.archived,
        "is_classic": False,
        "is_editable": True,
        "event_properties": [],
        "created": stamp(owner.created),
        "last_modified": stamp(owner.created),
    }


def audience(item: Audience, owner: Project) -> Json:
    """Render an audience; REST calls the operator `match_type`."""
    used = {
        rule.experiment_id
        for _, _, _, rule in owner.rules()
        if rule.is_experiment and item.id in rule.audience_ids()
    }
    return {
        "id": item.id,
        "project_id": owner.id,
        "name": item.name,
        "description": "",
        "conditions": json.dumps(_rest_words(item.conditions), ensure_ascii=False),
        "archived": item.archived,
        "segmentation": False,
        "is_classic": False,
        "experiment_count": len(used),
        "created": stamp(owner.created),
        "last_modified": stamp(owner.created),
    }


def _rest_words(condition: Any) -> Any:
    if isinstance(condition, list):
        return [_rest_words(part) for part in condition]
    if isinstance(condition, dict):
        return {{"match": "match_type"}.get(key, key): value for key, value in condition.items()}
    return condition


def _audience_text(condition: Condition) -> str:
    return json.dumps(condition) if condition else "everyone"


def experiment(item: Flag, owner: Project) -> Json:
    """Render a legacy experiment; its status is the primary environment's."""
    states = {each.key: _rule_of(item.rulesets[each.key]).status for each in owner.environments}
    primary = next(each for each in owner.environments if each.is_primary)
    rule = _rule_of(item.rulesets[primary.key])
    shown = {
        "id": rule.experiment_id,
        "project_id": owner.id,
        "campaign_id": rule.layer_id,
        "key": rule.key,
        "name": rule.name,
        "description": item.description,
        "type": "feature" if item.is_feature else "a/b",
        "status": STATUS[rule.status],
        "environments": {key: {"status": STATUS[status]} for key, status in states.items()},
        "audience_conditions": _audience_text(rule.audience),
        "variations": [_variation(item, *pair) for pair in rule.weights],
        "metrics": rule.metrics,
        "traffic_allocation": rule.percentage,
        "whitelist": _whitelist(rule),
        "is_classic": False,
        "created": stamp(owner.created),
        "last_modified": stamp(owner.created),
    }
    return shown | ({"feature_id": item.id, "feature_key": item.key} if item.is_feature else {})


def _rule_of(ruleset: Ruleset) -> Rule:
    return next(rule for rule in ruleset.rules if rule.is_experiment)


def has_experiment(flag: Flag) -> bool:
    """Say whether a legacy feature carries an experiment."""
    return any(rule.is_experiment for ruleset in flag.rulesets.values() for rule in ruleset.rules)


def _variation(flag: Flag, variation: Variation, weight: int) -> Json:
    shown: Json = {
        "variation_id": variation.id,
        "key": variation.key,
        "name": variation.name,
        "status": "active",
        "archived": False,
        "weight": weight,
    }
    if flag.is_feature:
        shown |= {
            "feature_enabled": variation.enabled,
            "variable_values": variation.variables,
        }
    return shown


def _whitelist(rule: Rule) -> list[Json]:
    ids = {variation.key: variation.id for variation, _ in rule.weights}
    return [{"user_id": user, "variation_id": ids[key]} for user, key in rule.allow_list.items()]


def feature(item: Flag, owner: Project) -> Json:
    """Render a legacy feature with its rollout rules."""
    return {
        "id": item.id,
        "project_id": owner.id,
        "key": item.key,
        "name": item.name,
        "description": item.description,
        "archived": item.archived,
        "variables": [
            {
                "id": each.id,
                "key": each.key,
                "type": each.type,
                "default_value": each.default_value,
                "archived": False,
            }
            for each in item.variables
        ],
        "environments": {
            each.key: _feature_environment(each, item.rulesets[each.key])
            for each in owner.environments
        },
        "created": stamp(owner.created),
        "last_modified": stamp(owner.created),
    }


def _feature_environment(place: Environment, ruleset: Ruleset) -> Json:
    rollouts = [rule for rule in ruleset.rules if not rule.is_experiment]
    return {
        "id": place.id,
        "is_primary": place.is_primary,
        "rollout_rules": [
            {
                "audience_conditions": _audience_text(rule.audience),
                "enabled": ruleset.enabled,
                "percentage_included": rule.percentage,
                "variable_values": rule.weights[0][0].variables,
            }
            for rule in rollouts
        ],
    }


def webhook(item: Webhook) -> Json:
    """Render a webhook registration; the secret is never shown."""
    return {
        "id": item.id,
        "project_id": item.project_id,
        "name": item.name,
        "url": item.url,
        "description": item.description,
        "events": list(item.events),
        "active": True,
        "created": stamp(item.created),
    }
