"""Can each function be addressed, and do its policies fit together?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mooring.model.json_path import json_path
from mooring.model.known_names import listed, nearest
from mooring.model.problem import Problem, Rule, Severity, shown
from mooring.reading.yaml_composer import KeyPath
from mooring.rules.inspected import Inspected

NO_RESOLUTION = Rule("FUN-6", "A global function has no `installation_resolution`.")
BODY_PATH = Rule("FUN-7", "The key of JSON_BODY_FIELD is a path, as in $.account.id.")
NAME_IN_ADDRESS = Rule("FUN-8", "A function's name can stand in an address as it is.")
SPELLED_OUT = Rule("FUN-9", "`verify: hmac` is spelled out: header, algorithm, encoding, secret.")
SECRET_NAME = Rule("FUN-10", "`verify.secret` is the name of a secret.")
ANYBODY = Rule(
    "FUN-11", "A function whose deliveries are kept verifies who sent them.", Severity.WARNING
)
KNOWN_PROFILE = Rule("FUN-12", "`verify` names a signature profile that the host knows.")
PLACE = Rule(
    "FUN-13",
    "The key of HEADER is a header's name, that of QUERY_PARAM is not blank.",
    Severity.WARNING,
)
TOOL_ANSWERS = Rule(
    "FUN-14", "A function with `opal_tool` answers requests itself.", Severity.WARNING
)
SAID_TWICE = Rule("FUN-15", "Only `hmac` is spelled out; the profile of a service knows itself.")
NOT_CALLED = Rule(
    "FUN-16", "A function with `access: form` has nothing that only calls from outside need."
)
RULES = (
    *(NO_RESOLUTION, BODY_PATH, NAME_IN_ADDRESS, SPELLED_OUT, SECRET_NAME, ANYBODY),
    *(KNOWN_PROFILE, PLACE, TOOL_ANSWERS, SAID_TWICE, NOT_CALLED),
)

OF_CALLS = ("verify", "delivery", "global", "installation_resolution", "opal_tool")
SPELLED = ("header", "algorithm", "encoding", "prefix")
NAME = re.compile(r"[A-Za-z0-9_.~-]+", re.ASCII)
SECRET = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*", re.ASCII)
HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", re.ASCII)


def check(app: Inspected) -> Iterator[Problem]:
    """Look at every function."""
    for name, path in app.entries("functions"):
        if not NAME.fullmatch(name):
            yield NAME_IN_ADDRESS.at(
                app.manifest.file,
                app.manifest.key_position(path),
                f"The function name {shown(name)} cannot stand in an address.",
                hint="Use letters, digits, underscores and hyphens.",
            )
        yield from _resolution(app, path)
        yield from _profile(app, path)
        yield from _verification(app, path)
        yield from _tool(app, path)
        yield from _form_alone(app, path)


def _form_alone(app: Inspected, path: KeyPath) -> Iterator[Problem]:
    function = app.manifest.mapping(path)
    if function.get("access") != "form":
        return
    for key in OF_CALLS:
        if function.get(key):
            yield NOT_CALLED.at(
                app.manifest.file,
                app.manifest.key_position((*path, key)),
                f"`{path[-1]}` serves the settings form alone, so nobody calls it from outside.",
                hint=f"Remove {key}, or access: form.",
            )


def _resolution(app: Inspected, path: KeyPath) -> Iterator[Problem]:
    at = (*path, "installation_resolution")
    resolution = app.manifest.mapping(at)
    if not resolution:
        return
    if app.manifest.get((*path, "global")) is True:
        yield app.fault(
            NO_RESOLUTION,
            at,
            f"`{path[-1]}` is global and has an installation_resolution; a global function "
            "serves all installations.",
            hint="Remove installation_resolution, or global.",
        )
    key = resolution.get("key")
    if isinstance(key, str):
        if resolution.get("type") == "JSON_BODY_FIELD":
            yield from _path(app, (*at, "key"), key)
        yield from _place(app, (*at, "key"), resolution.get("type"), key)


def _path(app: Inspected, at: KeyPath, key: str) -> Iterator[Problem]:
    try:
        json_path(key)
    except ValueError as error:
        said = f"{shown(key)} is not a JSON path: {error}."
        yield app.fault(BODY_PATH, at, said, hint="Write a path into the body, as in $.account.id.")


def _place(app: Inspected, path: KeyPath, type_: object, key: str) -> Iterator[Problem]:
    named = {"HEADER": HEADER.fullmatch(key), "QUERY_PARAM": key.strip()}
    if type_ in ("HEADER", "QUERY_PARAM") and not named[type_]:
        what = "header" if type_ == "HEADER" else "query parameter"
        said = f"{shown(key)} is not the name of a {what}; no request could carry it."
        hint = "Write the name alone, as in X-Account-Id or account."
        yield app.fault(PLACE, path, said, hint=hint)


def _tool(app: Inspected, path: KeyPath) -> Iterator[Problem]:
    function = app.manifest.mapping(path)
    kept = function.get("delivery", "inbox" if "verify" in function else "direct") == "inbox"
    if function.get("opal_tool") is True and kept:
        yield app.fault(
            TOOL_ANSWERS,
            (*path, "opal_tool"),
            f"`{path[-1]}` is an Opal tool, but answers 202 before it runs; Opal reads the answer.",
            hint="Add delivery: direct.",
        )


def _profile(app: Inspected, path: KeyPath) -> Iterator[Problem]:
    verify = app.manifest.mapping((*path, "verify"))
    place: KeyPath = (*path, "verify", "profile") if verify else (*path, "verify")
    name = app.manifest.text(place)
    if not name or name == "hmac":
        return
    for key in SPELLED:
        if key in verify:
            yield SAID_TWICE.at(
                app.manifest.file,
                app.manifest.key_position((*path, "verify", key)),
                f"`{key}` cannot be said here: it is part of the profile {shown(name)}.",
                hint=f"Remove {key}, or spell out all of it with profile: hmac.",
            )
    if app.profiles is None:
        return
    known = sorted(app.profiles())
    if name in known:
        return
    yield app.fault(
        KNOWN_PROFILE,
        place,
        f"`verify` names the signature profile {shown(name)}, which this host does not have.",
        hint=f"{nearest(name, known)}Known: {listed(known)}; or spell out profile: hmac.",
    )


def _verification(app: Inspected, path: KeyPath) -> Iterator[Problem]:
    verify = app.manifest.get((*path, "verify"))
    if verify == "hmac":
        yield app.fault(
            SPELLED_OUT,
            (*path, "verify"),
            "`verify: hmac` does not say how requests are signed.",
            hint="Write a mapping with profile: hmac, header, algorithm, encoding and secret, "
            "or name the profile of a service, such as github.",
        )
    secret = verify.get("secret") if isinstance(verify, dict) else None
    if isinstance(secret, str) and secret and not SECRET.fullmatch(secret):
        yield app.fault(
            SECRET_NAME,
            (*path, "verify", "secret"),
            # Not repeated: what stands here by mistake is the secret itself.
            "What stands here is not the name of a secret.",
            hint="Name it (letters, digits, _ and -, with / between parts); its value is set "
            "with: mooring secrets APP_ID set NAME",
        )
    if verify is None and app.manifest.get((*path, "delivery")) == "inbox":
        yield app.fault(
            ANYBODY,
            (*path, "delivery"),
            f"`{path[-1]}` keeps every delivery and verifies none; anybody can fill its inbox.",
            hint="Add verify, or say delivery: direct.",
        )
