"""What a control `change` does to the model. Refuses with the field and what it allows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import msgspec

from sandbox import wire
from sandbox.account.account import Account
from sandbox.account.contact import clean_address
from sandbox.account.projects import Environment, Flag, Project, Rule
from sandbox.control.refusal import BadControl

TARGETS = ("flag", "experiment", "contact", "token", "attribute")
ACTIONS = {
    "flag": ("enable", "percentage"),
    "experiment": ("status", "percentage", "conclude", "deploy", "outcome"),
    "contact": ("attributes", "unsubscribe", "delete"),
    "token": ("enable", "revoke"),
    "attribute": ("delete",),
}
SHORTEST_TOKEN = 8
STATUSES = ("draft", "running", "paused")
OUTCOMES = ("positive", "negative", "inconclusive")
Percentage = Annotated[float, msgspec.Meta(ge=0, le=100)]


class Change(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a change: one target, and what to do with it."""

    project_id: int | str | None = None
    environment: str | None = None
    flag: int | str | None = None
    experiment: int | str | None = None
    contact: int | str | None = None
    token: str | None = None
    attribute: str | None = None
    enable: bool | None = None
    percentage: Percentage | None = None
    status: str | None = None
    conclude: bool | None = None
    deploy: str | None = None
    outcome: str | None = None
    attributes: dict[str, Any] | None = None
    unsubscribe: bool | None = None
    revoke: bool | None = None
    delete: bool | None = None


def apply(account: Account, change: Change) -> dict[str, Any]:
    """Change the model and return what was changed; datafiles show it when published."""
    target = _target(change)
    wanted = _actions(change, target)
    doers: dict[str, Callable[[], dict[str, Any]]] = {
        "flag": lambda: _change_flag(account, change),
        "experiment": lambda: _change_experiment(account, change),
        "contact": lambda: _change_contact(account, change),
        "token": lambda: _change_token(account, change),
        "attribute": lambda: _delete_attribute(account, change),
    }
    return {"changed": target, "actions": wanted} | doers[target]()


def _target(change: Change) -> str:
    given = [name for name in TARGETS if getattr(change, name) is not None]
    if len(given) != 1:
        raise BadControl("", f"name exactly one of {', '.join(TARGETS)}; got {given or 'none'}")
    return given[0]


def _actions(change: Change, target: str) -> list[str]:
    every = {action for actions in ACTIONS.values() for action in actions}
    given = [name for name in sorted(every) if getattr(change, name) is not None]
    allowed = ", ".join(ACTIONS[target])
    for name in given:
        if name not in ACTIONS[target]:
            raise BadControl(name, f"a change of {target} takes {allowed}")
    if not given:
        raise BadControl("", f"say what to do with the {target}: {allowed}")
    return given


def project_of(account: Account, given: int | str | None) -> Project:
    """Return the project that a control body names."""
    projects = account.optimizely.projects
    found = next((each for each in projects if str(each.id) == str(given)), None)
    if found is None or not found.environments:
        usable = ", ".join(str(each.id) for each in projects if each.environments)
        raise BadControl("project_id", f"must be one of {usable}, not {given!r}")
    return found


def environment_of(project: Project, given: str | None) -> Environment:
    """Return the environment that a control body names; without a name the primary one."""
    wanted = given or project.environments[0].key
    found = project.environment(wanted)
    if found is None:
        keys = ", ".join(each.key for each in project.environments)
        raise BadControl("environment", f"must be one of {keys}, not {given!r}")
    return found


def _change_flag(account: Account, change: Change) -> dict[str, Any]:
    project = project_of(account, change.project_id)
    environment = environment_of(project, change.environment)
    flag = project.flag(str(change.flag))
    if flag is None:
        keys = ", ".join(each.key for each in project.flags)
        raise BadControl("flag", f"must be one of {keys}, or its id; not {change.flag!r}")
    ruleset = flag.rulesets[environment.key]
    if change.percentage is not None:
        # What reaches everyone else: the last delivery.
        deliveries = [rule for rule in ruleset.rules if not rule.is_experiment]
        if not deliveries:
            raise BadControl("percentage", f"flag {flag.key} delivers nothing in {environment.key}")
        deliveries[-1].percentage = _basis_points(change.percentage)
    if change.enable is not None:
        ruleset.enabled = change.enable
    _note(account, project, "flag", flag.id, flag.key)
    return {"project_id": project.id, "environment": environment.key, "flag": flag.key}


def _basis_points(percentage: float) -> int:
    return round(percentage * 100)


def _note(account: Account, project: Project, kind: str, number: int, name: str) -> None:
    account.optimizely.note_change(
        project,
        change_type="update",
        summary=f"Updated {kind} {name}",
        entity={"type": kind, "id": number, "name": name},
        changes=[],
    )


def _change_experiment(account: Account, change: Change) -> dict[str, Any]:
    project, environment, flag, rule = _experiment(account, change)
    if change.status not in (None, *STATUSES):
        raise BadControl("status", f"must be one of {', '.join(STATUSES)}; or use conclude")
    if change.conclude or change.deploy or change.outcome:
        _conclude(rule, change)
    if change.status is not None:
        rule.status = change.status  # type: ignore[assignment]  # one of STATUSES
        rule.outcome = rule.deployed_variation_key = None
    if change.percentage is not None:
        rule.percentage = _basis_points(change.percentage)
    _note(account, project, "rule", rule.id, rule.key)
    return {
        "project_id": project.id,
        "environment": environment.key,
        "flag": flag.key,
        "experiment": rule.experiment_id,
        "status": rule.status,
    }


def _experiment(account: Account, change: Change) -> tuple[Project, Environment, Flag, Rule]:
    """Find an experiment by its id anywhere, or by its key in one project and environment."""
    wanted = str(change.experiment)
    projects = [each for each in account.optimizely.projects if each.environments]
    if change.project_id is not None:
        projects = [project_of(account, change.project_id)]
    known: list[str] = []
    for project in projects:
        place = environment_of(project, change.environment) if change.environment else None
        for flag, environment, _, rule in project.rules():
            if not rule.is_experiment or (place and environment is not place):
                continue
            if wanted == str(rule.experiment_id):
                return project, environment, flag, rule
            if wanted == rule.key and (place or environment.is_primary):
                return project, environment, flag, rule
            known.append(f"{rule.experiment_id} ({rule.key})")
    raise BadControl("experiment", f"must be one of {', '.join(known)}; not {wanted!r}")


def _conclude(rule: Rule, change: Change) -> None:
    if not change.conclude:
        raise BadControl("conclude", "must be true with deploy or outcome")
    keys = [variation.key for variation, _ in rule.weights]
    if change.deploy is not None and change.deploy not in keys:
        raise BadControl("deploy", f"must be one of {', '.join(keys)}, not {change.deploy!r}")
    outcome = change.outcome or ("positive" if change.deploy else "inconclusive")
    if outcome not in OUTCOMES:
        raise BadControl("outcome", f"must be one of {', '.join(OUTCOMES)}, not {outcome!r}")
    rule.status, rule.outcome, rule.deployed_variation_key = (
        "concluded",
        outcome,
        change.deploy,
    )


def _change_contact(account: Account, change: Change) -> dict[str, Any]:
    brevo, wanted = account.brevo, str(change.contact)
    number = wire.whole(wanted)
    by_id = None if number is None else brevo.contacts.get(number)
    contact = by_id or brevo.by_email.get(clean_address(wanted) or "")
    if contact is None:
        raise BadControl("contact", f"must be the e-mail or id of a contact, not {wanted!r}")
    given = {name.upper(): value for name, value in (change.attributes or {}).items()}
    for name in given:
        if name not in brevo.attributes:
            raise BadControl(f"attributes.{name}", "must be an attribute of the account")
    for name, value in given.items():
        if value is None:
            contact.attributes.pop(name, None)
        else:
            contact.attributes[name] = value
    contact.modified_at = account.clock.now()
    if change.unsubscribe is not None:
        contact.email_blacklisted = change.unsubscribe
    if change.delete:
        brevo.delete(contact)
    return {"contact": contact.email}


def _change_token(account: Account, change: Change) -> dict[str, Any]:
    given = [name for name in ACTIONS["token"] if getattr(change, name) is not None]
    if len(given) > 1 or not getattr(change, given[0]):
        raise BadControl(given[-1], "must be true, and the only one")
    token = change.token or ""
    if change.enable:
        if not (token.isascii() and token.isprintable() and len(token) >= SHORTEST_TOKEN):
            raise BadControl("token", f"must be at least {SHORTEST_TOKEN} printable characters")
        account.credentials.accept(token)
    elif not account.credentials.revoke(token) and not account.oauth.revoke(token):
        raise BadControl("token", "must be a token or key that is accepted now")
    return {}


def _delete_attribute(account: Account, change: Change) -> dict[str, Any]:
    name = (change.attribute or "").upper()
    if not change.delete:
        raise BadControl("delete", "must be true")
    if name not in account.brevo.attributes:
        known = ", ".join(account.brevo.attributes)
        raise BadControl("attribute", f"must be one of {known}; not {change.attribute!r}")
    account.brevo.delete_attribute(name)
    return {"attribute": name}
