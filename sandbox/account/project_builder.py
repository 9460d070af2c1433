"""How a project is put together so that every id is given once and is the same on every start."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.account.projects import (
    EVERYTHING,
    Attribute,
    Audience,
    Condition,
    Environment,
    Event,
    Flag,
    Project,
    Rule,
    Ruleset,
    RuleStatus,
    VariableDefinition,
    Variation,
)

CREATED = datetime(2025, 2, 3, 9, 0, tzinfo=UTC)


def leaf(name: str, match: str, value: Any = None) -> dict[str, Any]:  # Any: a JSON scalar
    """Write one condition on an attribute in the datafile's words."""
    condition = {"type": "custom_attribute", "name": name, "match": match}
    return condition if match == "exists" else condition | {"value": value}


@dataclass(frozen=True, slots=True)
class Delivery:
    """A targeted delivery of one variation to `percentage` basis points of an audience."""

    key: str
    variation: str = "on"
    audience: Condition = field(default_factory=list)
    percentage: int = EVERYTHING
    name: str = ""


@dataclass(frozen=True, slots=True)
class Experiment:
    """An A/B rule; `weights` in basis points by variation key, `metrics` by event key."""

    key: str
    weights: dict[str, int]
    status: RuleStatus = "running"
    audience: Condition = field(default_factory=list)
    percentage: int = EVERYTHING
    name: str = ""
    allow_list: dict[str, str] = field(default_factory=dict)
    metrics: tuple[str, ...] = ()
    outcome: str | None = None
    deploys: str | None = None


Plan = Delivery | Experiment


class ProjectBuilder:
    """Fills one project; `block` keeps its ids apart from other projects'."""

    def __init__(self, project: Project, *, block: int) -> None:
        self.project = project
        project.created = CREATED
        self._block = block
        self._next = itertools.count(1)
        self._experiment = itertools.count(1)
        self._variation = itertools.count(2)

    def _id(self, base: int) -> int:
        return base + self._block * 1000 + next(self._next)

    def environment(self, key: str, name: str, *, sdk_key: str, priority: int) -> None:
        """Add an environment; the first is the primary one."""
        is_primary = not self.project.environments
        environment = Environment(self._id(3_000_000), key, name, sdk_key, is_primary, priority)
        self.project.environments.append(environment)

    def attributes(self, *keys: str) -> None:
        """Declare attributes."""
        self.project.attributes += [Attribute(self._id(9_000_000), key) for key in keys]

    def event(self, key: str, name: str, *, category: str = "other") -> None:
        """Declare an event."""
        self.project.events.append(Event(self._id(6_000_000), key, name, category=category))

    def audience(self, name: str, conditions: Condition, *, archived: bool = False) -> Condition:
        """Add an audience; return the condition by which rules name it."""
        audience = Audience(self._id(7_000_000), name, conditions, archived)
        self.project.audiences.append(audience)
        return ["or", {"audience_id": audience.id}]

    def flag(
        self,
        key: str,
        name: str,
        *,
        description: str = "",
        variables: Sequence[tuple[str, Any, str]] = (),
        variations: Sequence[tuple[str, str, bool, dict[str, str]]] = (),
        production: Sequence[Plan] = (),
        staging: Sequence[Plan] = (),
        on_in: Sequence[str] = ("production", "staging", "development"),
        archived: bool = False,
        is_feature: bool = True,
    ) -> Flag:
        """Add a flag with its variations and, per environment, its rules.

        Staging has its own rules, every further environment delivers "on" to everyone.
        """
        definitions = [
            VariableDefinition(self._id(5_000_000), variable, kind, default)
            for variable, kind, default in variables
        ]
        flag = Flag(
            self._id(2_000_000),
            key,
            name,
            description,
            definitions,
            [],
            {},
            archived,
            is_feature,
        )
        flag.variations = [
            Variation(next(self._variation) + self._block * 100_000, *parts)
            for parts in (
                ("off", "Off", False, {}),
                ("on", "On", True, {}),
                *variations,
            )
        ]
        plans = {"production": production, "staging": staging or production}
        for environment in self.project.environments:
            planned = plans.get(environment.key, (Delivery(f"{key}_everyone"),))
            enabled = environment.key in on_in and not archived
            flag.rulesets[environment.key] = self._ruleset(flag, planned, enabled=enabled)
        self.project.flags.append(flag)
        return flag

    def _ruleset(self, flag: Flag, plans: Sequence[Plan], *, enabled: bool) -> Ruleset:
        off = flag.variations[0]
        rules = [self._rule(flag, plan) for plan in plans]
        return Ruleset(self._id(4_000_000), enabled, off, rules)

    def _rule(self, flag: Flag, plan: Plan) -> Rule:
        number = next(self._experiment) + self._block * 10_000
        by_key = {variation.key: variation for variation in flag.variations}
        weights = {plan.variation: EVERYTHING} if isinstance(plan, Delivery) else plan.weights
        rule = Rule(
            id=self._id(1_000_000),
            key=plan.key,
            name=plan.name or plan.key.replace("_", " ").capitalize(),
            type="targeted_delivery" if isinstance(plan, Delivery) else "a/b",
            status="running",
            layer_id=9_300_000_500_000 + number,
            experiment_id=9_300_000_000_000 + number,
            weights=[(by_key[key], weight) for key, weight in weights.items()],
            percentage=plan.percentage,
            audience=plan.audience,
        )
        if isinstance(plan, Experiment):
            self._complete(rule, plan)
        return rule

    def _complete(self, rule: Rule, plan: Experiment) -> None:
        rule.status = plan.status
        rule.allow_list = dict(plan.allow_list)
        rule.outcome = plan.outcome
        rule.deployed_variation_key = plan.deploys
        rule.metrics = [self.metric(key) for key in plan.metrics]

    def metric(self, key: str) -> dict[str, Any]:
        """Return the metric that counts visitors with event `key`."""
        event = next(event for event in self.project.events if event.key == key)
        return {
            "event_id": event.id,
            "aggregator": "unique",
            "scope": "visitor",
            "winning_direction": "increasing",
            "display_title": event.name,
        }
