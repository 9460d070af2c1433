"""Flags API v1: flags, variations, rulesets, rules and environments of flags-first projects."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from sandbox import wire
from sandbox.account.account import Account
from sandbox.account.projects import Environment, Flag, Project, Rule, Ruleset
from sandbox.addresses import OPTIMIZELY_FLAGS, Addresses
from sandbox.optimizely import flag_entities as entities
from sandbox.optimizely.gate import Call, Gate, Refusal, problem
from sandbox.optimizely.paging import flags_page

RULE_TYPES = {"a/b", "targeted_delivery", "multi_armed_bandit"}


def flags_application(account: Account, addresses: Addresses) -> Starlette:
    """Build the application that answers below the Flags base address."""
    gate = Gate(account, addresses, lambda: account.flags_meter, problem)
    project = "/projects/{project:int}"
    flag = project + "/flags/{flag}"
    place = flag + "/environments/{environment}"
    handlers = {
        project + "/flags": flags,
        flag: one_flag,
        flag + "/variations": variations,
        place + "/ruleset": ruleset,
        place + "/rules/{rule}": one_rule,
        project + "/rules": rules,
        project + "/rules/{experiment:int}": rule_by_experiment,
        project + "/environments": environments,
    }
    routes = [Route(path, gate(handler)) for path, handler in handlers.items()]
    return Starlette(routes=routes, exception_handlers={HTTPException: gate.unrouted})


def _project(call: Call) -> Project:
    project = call.project(call.params["project"])
    if not project.is_flags_enabled:
        raise Refusal(400, f"Project {project.id} is not a flags-enabled project")
    return project


def _flag(call: Call) -> tuple[Project, Flag]:
    project = _project(call)
    found = next((each for each in project.flags if each.key == call.params["flag"]), None)
    if found is None:
        raise Refusal(404, f"Flag {call.params['flag']!r} was not found")
    return project, found


def _place(call: Call) -> tuple[Flag, Environment, Ruleset]:
    project, flag = _flag(call)
    environment = project.environment(call.params["environment"])
    if environment is None:
        raise Refusal(404, f"Environment {call.params['environment']!r} was not found")
    return flag, environment, flag.rulesets[environment.key]


def flags(call: Call) -> Response:
    """List flags; archived ones only when asked for."""
    project = _project(call)
    shown = [flag for flag in project.flags if _wanted(call, project, flag)]
    return flags_page(
        call, shown, lambda flag: entities.flag(flag, project), under=OPTIMIZELY_FLAGS
    )


def _wanted(call: Call, project: Project, flag: Flag) -> bool:
    keys, query = call.words("key_list"), call.query.get("query", "").lower()
    if flag.archived != bool(call.flag("archived")) or (keys and flag.key not in keys):
        return False
    if query and query not in flag.key.lower() and query not in flag.name.lower():
        return False
    return _wanted_ruleset(call, project, flag)


def _wanted_ruleset(call: Call, project: Project, flag: Flag) -> bool:
    """Apply the filters on rulesets, in one environment or in any."""
    enabled, place = call.flag("enabled"), call.query.get("environment")
    if place is not None and project.environment(place) is None:
        raise Refusal(400, f"environment: {place!r} does not exist in project {project.id}")
    types, statuses = call.words("rule_type"), call.words("rule_status")
    rulesets = [flag.rulesets[place]] if place else list(flag.rulesets.values())
    if enabled is not None and all(ruleset.enabled != enabled for ruleset in rulesets):
        return False
    rules = [rule for ruleset in rulesets for rule in ruleset.rules]
    if types and not any(rule.type in types for rule in rules):
        return False
    return not statuses or any(rule.status in statuses for rule in rules)


def one_flag(call: Call) -> Response:
    """Answer one flag."""
    project, flag = _flag(call)
    return wire.json(entities.flag(flag, project))


def variations(call: Call) -> Response:
    """List the variations of a flag."""
    _, flag = _flag(call)
    keys = [variation.key for variation in flag.variations]
    return flags_page(call, keys, lambda key: entities.variation(key, flag), under=OPTIMIZELY_FLAGS)


def ruleset(call: Call) -> Response:
    """Answer what a flag does in one environment."""
    flag, environment, found = _place(call)
    return wire.json(entities.ruleset(found, owner=flag, place=environment))


def one_rule(call: Call) -> Response:
    """Answer one rule."""
    flag, environment, ruleset = _place(call)
    for rule in ruleset.rules:
        if rule.key == call.params["rule"]:
            return wire.json(entities.rule(rule, ruleset, owner=flag, place=environment))
    raise Refusal(404, f"Rule {call.params['rule']!r} was not found")


Placed = tuple[Flag, Environment, Ruleset, Rule]


def _rendered(placed: Placed) -> entities.Json:
    flag, environment, ruleset, rule = placed
    return entities.rule(rule, ruleset, owner=flag, place=environment)


def rules(call: Call) -> Response:
    """List the rules of a project: the cheapest way to its experiments."""
    project = _project(call)
    types, places = call.words("rule_types"), call.words("environments")
    archived = bool(call.flag("archived"))
    if types - RULE_TYPES:
        raise Refusal(400, f"rule_types: {min(types - RULE_TYPES)!r} is not one")
    found = [
        placed
        for placed in project.rules()
        if placed[0].archived == archived
        and (not places or placed[1].key in places)
        and (not types or placed[3].type in types)
    ]
    return flags_page(call, found, _rendered, under=OPTIMIZELY_FLAGS)


def rule_by_experiment(call: Call) -> Response:
    """Answer the rule behind an experiment id."""
    project = _project(call)
    for placed in project.rules():
        if placed[3].experiment_id == call.params["experiment"]:
            return wire.json(_rendered(placed))
    raise Refusal(404, f"No rule has the experiment id {call.params['experiment']}")


def environments(call: Call) -> Response:
    """List the environments of a project."""
    project = _project(call)
    return flags_page(call, project.environments, entities.environment, under=OPTIMIZELY_FLAGS)
