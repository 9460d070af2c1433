"""How a project and one of its environments become a version 4 datafile. Pure."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from sandbox.account.projects import (
    EVERYTHING,
    Audience,
    Condition,
    Environment,
    Flag,
    Project,
    Rule,
    Ruleset,
    VariableDefinition,
    Variation,
)

Json = dict[str, Any]  # Any: the datafile is JSON

# What untyped clients read instead of a typed audience: a condition that never holds.
DUMMY_CONDITIONS = json.dumps(
    [
        "or",
        {
            "match": "exact",
            "name": "$opt_dummy_attribute",
            "type": "custom_attribute",
            "value": "$opt_dummy_value",
        },
    ]
)
STATUS = {
    "running": "Running",
    "paused": "Paused",
    "draft": "Not started",
    "concluded": "Archived",
}


def datafile(
    project: Project, environment: Environment, *, revision: int, account_id: int
) -> bytes:
    """Render the datafile as the CDN delivers it.

    Archived flags and audiences that no rule names are left out.
    """
    live = [flag for flag in project.flags if not flag.archived]
    rulesets = [(flag, flag.rulesets[environment.key]) for flag in live]
    audiences = _used_audiences(project, [ruleset for _, ruleset in rulesets])
    document = {
        "version": "4",
        "accountId": str(account_id),
        "projectId": str(project.id),
        "revision": str(revision),
        "sdkKey": environment.sdk_key,
        "environmentKey": environment.key,
        "anonymizeIP": True,
        "botFiltering": False,
        "sendFlagDecisions": project.is_flags_enabled,
        "region": "US",
        "attributes": [{"id": str(each.id), "key": each.key} for each in project.attributes],
        "audiences": [_untyped(audience) for audience in audiences],
        "typedAudiences": [_typed(audience) for audience in audiences],
        "events": _events(project, rulesets),
        "experiments": [
            _experiment(flag, rule)
            for flag, ruleset in rulesets
            for rule in _experiments(ruleset, project)
        ],
        "groups": [],
        "featureFlags": [
            _feature_flag(flag, ruleset, project, environment)
            for flag, ruleset in rulesets
            if flag.is_feature
        ],
        "rollouts": [
            _rollout(flag, ruleset, environment) for flag, ruleset in rulesets if flag.is_feature
        ],
        "holdouts": [],
        "integrations": [],
        "variables": [],
    }
    return msgspec.json.encode(document)


def _experiments(ruleset: Ruleset, project: Project) -> list[Rule]:
    """Return the rules that compare variations; a concluded one is no longer among them."""
    # The older model keeps experiments in the datafile whatever runs where.
    if not ruleset.enabled and project.is_flags_enabled:
        return []
    return [rule for rule in ruleset.rules if rule.is_experiment and rule.status != "concluded"]


def _deliveries(ruleset: Ruleset) -> list[Rule]:
    """Return the rules that deliver: targeted deliveries and what conclusions deployed."""
    if not ruleset.enabled:
        return []
    return [
        rule
        for rule in ruleset.rules
        if (rule.deployed_variation_key if rule.is_experiment else rule.status == "running")
    ]


def _used_audiences(project: Project, rulesets: list[Ruleset]) -> list[Audience]:
    used = {
        audience_id
        for ruleset in rulesets
        for rule in ruleset.rules
        for audience_id in rule.audience_ids()
    }
    return [audience for audience in project.audiences if audience.id in used]


def _untyped(audience: Audience) -> Json:
    return {
        "id": str(audience.id),
        "name": audience.name,
        "conditions": DUMMY_CONDITIONS,
    }


def _typed(audience: Audience) -> Json:
    return {
        "id": str(audience.id),
        "name": audience.name,
        "conditions": audience.conditions,
    }


def _events(project: Project, rulesets: list[tuple[Flag, Ruleset]]) -> list[Json]:
    rules = [rule for _, ruleset in rulesets for rule in _experiments(ruleset, project)]
    return [
        {
            "id": str(event.id),
            "key": event.key,
            "experimentIds": [
                str(rule.experiment_id)
                for rule in rules
                if any(metric["event_id"] == event.id for metric in rule.metrics)
            ],
        }
        for event in project.events
        if not event.archived
    ]


def _experiment(flag: Flag, rule: Rule) -> Json:
    return {
        "id": str(rule.experiment_id),
        "key": rule.key,
        "status": STATUS[rule.status],
        "layerId": str(rule.layer_id),
        "audienceIds": [str(each) for each in rule.audience_ids()],
        "audienceConditions": _by_id(rule.audience),
        "variations": [_variation(flag, variation) for variation, _ in rule.weights],
        "trafficAllocation": _traffic(rule),
        "forcedVariations": rule.allow_list,
    }


def _by_id(condition: Condition) -> Condition:
    """Write audience references as the datafile does: the bare id as text."""
    return [
        str(part["audience_id"])
        if isinstance(part, dict)
        else _by_id(part)
        if isinstance(part, list)
        else part
        for part in condition
    ]


def _variation(flag: Flag, variation: Variation) -> Json:
    return {
        "id": str(variation.id),
        "key": variation.key,
        "featureEnabled": variation.enabled,
        "variables": [
            {
                "id": str(each.id),
                "value": variation.variables.get(each.key, each.default_value),
            }
            for each in flag.variables
        ],
    }


def _traffic(rule: Rule) -> list[Json]:
    ranges, weight_so_far = [], 0
    for variation, weight in rule.weights:
        weight_so_far += weight
        end = weight_so_far * rule.percentage // EVERYTHING
        ranges.append({"entityId": str(variation.id), "endOfRange": end})
    return ranges


def rollout_id(flag: Flag, environment: Environment) -> str:
    """Return the id of a flag's deliveries in one environment."""
    return f"rollout-{flag.id}-{environment.id}"


def _feature_flag(flag: Flag, ruleset: Ruleset, project: Project, environment: Environment) -> Json:
    return {
        "id": str(flag.id),
        "key": flag.key,
        "rolloutId": rollout_id(flag, environment),
        "experimentIds": [str(rule.experiment_id) for rule in _experiments(ruleset, project)],
        "variables": [_variable(definition) for definition in flag.variables],
    }


def _variable(definition: VariableDefinition) -> Json:
    variable: Json = {
        "id": str(definition.id),
        "key": definition.key,
        "type": definition.type,
        "defaultValue": definition.default_value,
    }
    if definition.type == "json":
        variable |= {"type": "string", "subType": "json"}
    return variable


def _rollout(flag: Flag, ruleset: Ruleset, environment: Environment) -> Json:
    deliveries = [_delivery(flag, rule) for rule in _deliveries(ruleset)]
    identifier = rollout_id(flag, environment)
    return {
        "id": identifier,
        "experiments": [*deliveries, _everyone_else(flag, ruleset, identifier)],
    }


def _delivery(flag: Flag, rule: Rule) -> Json:
    """Render a delivery; a concluded experiment goes on under its own id with what it deployed."""
    delivery = _experiment(flag, rule) | {"status": "Running", "forcedVariations": {}}
    if rule.status == "concluded":
        deployed = next(each for each, _ in rule.weights if each.key == rule.deployed_variation_key)
        delivery["variations"] = [_variation(flag, deployed)]
        delivery["trafficAllocation"] = [
            {"entityId": str(deployed.id), "endOfRange": EVERYTHING},
        ]
    return delivery


def _everyone_else(flag: Flag, ruleset: Ruleset, identifier: str) -> Json:
    off = ruleset.default_variation
    name = f"default-{identifier}"
    return {
        "id": name,
        "key": name,
        "status": "Running",
        "layerId": identifier,
        "audienceIds": [],
        "audienceConditions": [],
        "variations": [_variation(flag, off)],
        "trafficAllocation": [{"entityId": str(off.id), "endOfRange": EVERYTHING}],
        "forcedVariations": {},
    }
