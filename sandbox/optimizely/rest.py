"""REST v2: projects, audiences, events, attributes, environments, webhooks, legacy experiments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from sandbox import wire
from sandbox.account.account import Account
from sandbox.account.optimizely import ACCOUNT_ID
from sandbox.account.projects import Flag, Project
from sandbox.addresses import Addresses
from sandbox.optimizely import rest_entities as entities
from sandbox.optimizely.gate import Call, Gate, Refusal, v2_error
from sandbox.optimizely.paging import v2_page

HOOK_EVENT = "project."


class WebhookBody(msgspec.Struct):
    """What registers a webhook."""

    name: Annotated[str, msgspec.Meta(min_length=1)]
    url: Annotated[str, msgspec.Meta(pattern=r"^https?://")]
    events: Annotated[list[str], msgspec.Meta(min_length=1)]
    description: str = ""


def rest_application(account: Account, addresses: Addresses) -> Starlette:
    """Build the application that answers below the REST v2 base address."""
    gate = Gate(account, addresses, lambda: account.rest_meter, v2_error)
    gets = {
        "/me": me,
        "/projects": projects,
        "/projects/{id:int}": one_project,
        "/experiments": experiments,
        "/experiments/{id:int}": one_experiment,
        "/features": features,
        "/features/{id:int}": one_feature,
        "/audiences": audiences,
        "/audiences/{id:int}": one_audience,
        "/events": events,
        "/attributes": attributes,
        "/environments": environments,
        "/environments/{id:int}/datafile": environment_datafile,
        "/changes": changes,
        "/projects/{id:int}/webhooks": webhooks,
        "/webhooks/{id:int}": one_webhook,
    }
    routes = [Route(path, gate(handler)) for path, handler in gets.items()]
    routes += [
        Route("/projects/{id:int}/webhooks", gate(register_webhook), methods=["POST"]),
        Route("/webhooks/{id:int}", gate(delete_webhook), methods=["DELETE"]),
    ]
    return Starlette(routes=routes, exception_handlers={HTTPException: gate.unrouted})


def me(call: Call) -> Response:
    """Say who the token belongs to."""
    roles = [{"project_id": project.id, "role": "viewer"} for project in _readable(call.account)]
    return wire.json(
        {
            "id": "sandbox-collaborator",
            "name": "Sandbox collaborator",
            "accounts": [ACCOUNT_ID],
            "current_account": ACCOUNT_ID,
            "project_roles": roles,
        }
    )


def _readable(account: Account) -> list[Project]:
    return [project for project in account.optimizely.projects if project.readable]


def projects(call: Call) -> Response:
    """List the projects that the token may read."""
    return v2_page(call, _readable(call.account), entities.project)


def one_project(call: Call) -> Response:
    """Answer one project."""
    return wire.json(entities.project(call.project(call.params["id"])))


def _legacy(project: Project, what: str) -> Project:
    # Vendor's pages: not available in flags-enabled projects. The status is not documented; 400.
    if project.is_flags_enabled:
        raise Refusal(
            400,
            f"{what} are not available in flags-enabled projects; use the Flags API",
        )
    if project.is_classic:
        raise Refusal(400, f"{what} of classic projects cannot be read through v2")
    return project


def experiments(call: Call) -> Response:
    """List the experiments of a legacy project."""
    project = _legacy(call.project(call.number("project_id")), "Experiments")
    carriers = [flag for flag in project.flags if entities.has_experiment(flag)]
    return v2_page(call, carriers, lambda flag: entities.experiment(flag, project))


def one_experiment(call: Call) -> Response:
    """Answer one experiment by the id that results use."""
    flag, project = _find(
        call,
        lambda flag: any(rule.experiment_id == call.params["id"] for rule in _own_rules(flag)),
    )
    _legacy(project, "Experiments")
    return wire.json(entities.experiment(flag, project))


def _own_rules(flag: Flag) -> list[Any]:
    return [
        rule for ruleset in flag.rulesets.values() for rule in ruleset.rules if rule.is_experiment
    ]


def _find(call: Call, wanted: Callable[[Flag], bool]) -> tuple[Flag, Project]:
    for project in _readable(call.account):
        for flag in project.flags:
            if wanted(flag):
                return flag, project
    raise Refusal(404, f"{call.params['id']} was not found")


def features(call: Call) -> Response:
    """List the features of a legacy project."""
    project = _legacy(call.project(call.number("project_id")), "Features")
    shown = [flag for flag in project.flags if flag.is_feature]
    return v2_page(call, shown, lambda flag: entities.feature(flag, project))


def one_feature(call: Call) -> Response:
    """Answer one feature."""
    flag, project = _find(call, lambda flag: flag.is_feature and flag.id == call.params["id"])
    _legacy(project, "Features")
    return wire.json(entities.feature(flag, project))


def audiences(call: Call) -> Response:
    """List the audiences of a project; archived ones too unless asked otherwise."""
    project = call.project(call.number("project_id"))
    archived = call.flag("archived")
    shown = [each for each in project.audiences if archived in (None, each.archived)]
    return v2_page(call, shown, lambda each: entities.audience(each, project))


def one_audience(call: Call) -> Response:
    """Answer one audience."""
    found = call.account.optimizely.audience(call.params["id"])
    if found is None:
        raise Refusal(404, f"Audience {call.params['id']} was not found")
    project, audience = found
    return wire.json(entities.audience(audience, project))


def events(call: Call) -> Response:
    """List the events of a project."""
    project = call.project(call.number("project_id"))
    return v2_page(call, project.events, lambda each: entities.event(each, project))


def attributes(call: Call) -> Response:
    """List the attributes of a project."""
    project = call.project(call.number("project_id"))
    return v2_page(call, project.attributes, lambda each: entities.attribute(each, project))


def environments(call: Call) -> Response:
    """List the environments of a project with their SDK keys."""
    project = call.project(call.number("project_id"))
    return v2_page(
        call,
        project.environments,
        lambda each: entities.environment(each, project, call.addresses),
    )


def environment_datafile(call: Call) -> Response:
    """Answer the newest datafile of an environment, past the CDN."""
    for project in _readable(call.account):
        for environment in project.environments:
            if environment.id == call.params["id"]:
                return Response(environment.newest.body, media_type="application/json")
    raise Refusal(404, f"Environment {call.params['id']} was not found")


def changes(call: Call) -> Response:
    """List what was changed in a project, newest first."""
    project = call.project(call.number("project_id"))
    own = [each for each in call.account.optimizely.changes if each["project_id"] == project.id]
    return v2_page(call, own[::-1], lambda each: each)


def webhooks(call: Call) -> Response:
    """List who hears of a project's events."""
    project = call.project(call.params["id"])
    hooks = call.account.optimizely.webhooks.values()
    own = [each for each in hooks if each.project_id == project.id]
    return wire.json([entities.webhook(each) for each in own])


def register_webhook(call: Call) -> Response:
    """Register someone who hears of a project's events."""
    project = call.project(call.params["id"])
    body = call.payload(WebhookBody)
    unknown = [event for event in body.events if not event.startswith(HOOK_EVENT)]
    if unknown:
        raise Refusal(400, f"events: {unknown[0]!r} is no event; they are named {HOOK_EVENT}…")
    hook = call.account.optimizely.register(
        project.id, name=body.name, url=body.url, events=tuple(body.events)
    )
    return wire.json(entities.webhook(hook), status=201)


def one_webhook(call: Call) -> Response:
    """Answer one registration."""
    hook = call.account.optimizely.webhooks.get(call.params["id"])
    if hook is None:
        raise Refusal(404, f"Webhook {call.params['id']} was not found")
    return wire.json(entities.webhook(hook))


def delete_webhook(call: Call) -> Response:
    """Remove a registration."""
    if call.account.optimizely.webhooks.pop(call.params["id"], None) is None:
        raise Refusal(404, f"Webhook {call.params['id']} was not found")
    return wire.empty()
