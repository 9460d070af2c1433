"""What an Optimizely project consists of. Every address renders these values and no others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

RuleType = Literal["a/b", "targeted_delivery"]
RuleStatus = Literal["draft", "running", "paused", "concluded"]
Condition = list[Any]  # JSON: an operator followed by conditions or leaves

EVERYTHING = 10_000  # basis points: all traffic


@dataclass(slots=True)
class Attribute:
    """An attribute that visitors may carry."""

    id: int
    key: str


@dataclass(slots=True)
class Event:
    """Something that visitors do, as metrics count it."""

    id: int
    key: str
    name: str
    event_type: str = "custom"
    category: str = "other"
    archived: bool = False


@dataclass(slots=True)
class Audience:
    """A named condition; leaves use the datafile's word `match`."""

    id: int
    name: str
    conditions: Condition
    archived: bool = False


@dataclass(slots=True)
class VariableDefinition:
    """A variable of a flag; values are text whatever the type."""

    id: int
    key: str
    type: Literal["boolean", "string", "double", "integer", "json"]
    default_value: str


@dataclass(slots=True)
class Variation:
    """One way a flag can turn out; `variables` overrides defaults by key."""

    id: int
    key: str
    name: str
    enabled: bool
    variables: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Rule:
    """A delivery or an experiment in one environment.

    `id` is the rule's own; `experiment_id` is what results, datafiles and events call it.
    `weights` are basis points that sum to 10,000, `percentage` is the traffic let in.
    """

    id: int
    key: str
    name: str
    type: RuleType
    status: RuleStatus
    layer_id: int
    experiment_id: int
    weights: list[tuple[Variation, int]]
    percentage: int = EVERYTHING
    audience: Condition = field(default_factory=list)
    allow_list: dict[str, str] = field(default_factory=dict)
    metrics: list[dict[str, Any]] = field(default_factory=list)
    outcome: str | None = None
    deployed_variation_key: str | None = None

    @property
    def is_experiment(self) -> bool:
        """Say whether the rule compares variations."""
        return self.type == "a/b"

    def audience_ids(self) -> list[int]:
        """Return the audiences that the rule names, in order."""
        return list(_audience_ids(self.audience))


def _audience_ids(condition: Any) -> Iterator[int]:
    if isinstance(condition, dict):
        yield condition["audience_id"]
    elif isinstance(condition, list):
        for part in condition:
            yield from _audience_ids(part)


@dataclass(slots=True)
class Ruleset:
    """What a flag does in one environment."""

    id: int
    enabled: bool
    default_variation: Variation
    rules: list[Rule]


@dataclass(slots=True)
class Flag:
    """A feature flag; `rulesets` by environment key.

    Not `is_feature`: a legacy experiment that stands alone, without any flag around it.
    """

    id: int
    key: str
    name: str
    description: str
    variables: list[VariableDefinition]
    variations: list[Variation]
    rulesets: dict[str, Ruleset]
    archived: bool = False
    is_feature: bool = True


@dataclass(frozen=True, slots=True)
class Publication:
    """One revision of a datafile as it left for the CDN; `edge_at` is when the edge has it."""

    revision: int
    body: bytes
    published_at: datetime
    edge_at: datetime


@dataclass(slots=True)
class Environment:
    """Where a project runs; owns an SDK key and the datafiles published for it."""

    id: int
    key: str
    name: str
    sdk_key: str
    is_primary: bool
    priority: int
    publications: list[Publication] = field(default_factory=list)

    @property
    def newest(self) -> Publication:
        """Return what was published last."""
        return self.publications[-1]


@dataclass(slots=True)
class Project:
    """An Optimizely project and all that is in it."""

    id: int
    name: str
    description: str = ""
    platform: str = "custom"
    status: str = "active"
    is_classic: bool = False
    is_flags_enabled: bool = True
    readable: bool = True
    sdks: list[str] = field(default_factory=list)
    environments: list[Environment] = field(default_factory=list)
    attributes: list[Attribute] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    audiences: list[Audience] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)
    created: datetime | None = None

    def environment(self, key: str) -> Environment | None:
        """Return the environment called `key`."""
        return next((each for each in self.environments if each.key == key), None)

    def flag(self, key: str) -> Flag | None:
        """Return the flag called `key`, or whose id reads so."""
        return next((each for each in self.flags if key in (each.key, str(each.id))), None)

    def rules(self) -> Iterator[tuple[Flag, Environment, Ruleset, Rule]]:
        """Walk every rule of every flag in every environment."""
        for flag in self.flags:
            for environment in self.environments:
                ruleset = flag.rulesets[environment.key]
                for rule in ruleset.rules:
                    yield flag, environment, ruleset, rule
