"""How is the public server described to machines? One OpenAPI 3.1 document, without any secret.

It names no app and no account: what is installed here is nobody's business.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from mooring import __version__

Json: TypeAlias = dict[str, Any]  # Any: JSON

METHODS = {
    "get": "Ask",
    "post": "Send to",
    "put": "Send to",
    "patch": "Send to",
    "delete": "Delete through",
}
WITH_BODY = ("post", "put", "patch")
ERROR: Json = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "hint"],
            "properties": {
                "code": {"type": "string", "description": "For programs, as in request.invalid."},
                "message": {"type": "string", "description": "What is wrong."},
                "hint": {"type": "string", "description": "How to mend it; may be empty."},
            },
        }
    },
}
NAME = {"type": "string", "pattern": "^[A-Za-z0-9_.~-]+$"}
PARAMETERS: dict[str, Json] = {
    "app_id": {"description": "The app, by the `app_id` of its manifest.", "schema": NAME},
    "function": {"description": "The function, by its name in the manifest.", "schema": NAME},
    "uuid": {
        "description": "The installation; `mooring functions APP_ID` shows it.",
        "schema": {"type": "string", "format": "uuid"},
    },
    "rest": {
        "description": "What the function sees as `path`; it may have several parts.",
        "schema": {"type": "string", "minLength": 1},
    },
}
# What the host answers before, or in place of, a function. A function may use the same statuses.
REFUSALS = {
    "400": "The request is malformed or cut short, or does not say for which account it is.",
    "401": "The signature is missing, malformed, wrong or too old.",
    "404": "There is no function at this address, or none for this account.",
    "408": "The body did not arrive in time.",
    "410": "The app is no longer installed at this address.",
    "413": "The body is larger than 1 MiB.",
    "429": "The installation has too much to do; `Retry-After` says when to come back.",
    "500": "The function failed.",
    "503": "The app cannot be used, or no secret is set for its signature.",
    "504": "The function did not answer in time.",
}


def describe(*, public_url: str | None) -> Json:
    """Return the document; ``public_url`` is where the world reaches this server, if known."""
    document: Json = {
        "openapi": "3.1.0",
        "info": {
            "title": "Mooring, public server",
            "version": __version__,
            "description": "Webhooks of the installed apps. Which methods, bodies and headers a "
            "function understands is its own affair; what is said here holds for all.",
        },
        "paths": {**_functions(), **_callback(), **_health()},
        "components": {"schemas": {"Error": ERROR}},
    }
    if public_url:
        document["servers"] = [{"url": public_url}]
    return document


def _functions() -> Json:
    own = "/functions/{app_id}/{function}/{uuid}"
    fixed = "/functions/{app_id}/{function}"
    one = "a function of one installation."
    every = (
        "a function at its one address for all accounts: a global function, or one whose manifest "
        "says in which header, query parameter or field of a JSON body the account is named."
    )
    return {
        own: _function("own", one, "uuid"),
        own + "/{rest}": _function("ownPath", one, "uuid", "rest"),
        fixed: _function("fixed", every),
        fixed + "/{rest}": _function("fixedPath", every, "rest"),
    }


def _function(name: str, what: str, *more: str) -> Json:
    path: Json = {"parameters": [_parameter(each) for each in ("app_id", "function", *more)]}
    for method, verb in METHODS.items():
        operation = {
            "operationId": f"{method}{name[0].upper()}{name[1:]}",
            "tags": ["functions"],
            "summary": f"{verb} a function",
            "description": f"{verb} {what}",
            "responses": _answers(accepts=method in WITH_BODY),
        }
        if method in WITH_BODY:
            operation["requestBody"] = _body()
        path[method] = operation
    return path


def _parameter(name: str) -> Json:
    return {"name": name, "in": "path", "required": True, **PARAMETERS[name]}


def _body() -> Json:
    anything: Json = {"schema": {}}
    return {
        "description": "Anything that the function understands, up to 1 MiB.",
        "content": {
            "application/json": anything,
            "text/plain": {"schema": {"type": "string"}},
            "application/octet-stream": anything,
        },
    }


def _answers(*, accepts: bool) -> Json:
    answers: Json = {
        "default": {"description": "The function's own answer.", "content": {"*/*": {"schema": {}}}}
    }
    if accepts:
        said = "The delivery is stored and will be handled; a repeated one has the id of the first."
        answers["202"] = _answer(
            said, {"type": "object", "properties": {"delivery_id": {"type": "string"}}}
        )
    return {**answers, **{status: _answer(said, _error()) for status, said in REFUSALS.items()}}


def _answer(said: str, schema: Json) -> Json:
    """Describe an answer that is the host's or, with the same status, the function's own."""
    own: Json = {"schema": {}}
    return {
        "description": said,
        "content": {"application/json": {"schema": {"anyOf": [schema, {}]}}, "*/*": own},
    }


def _error() -> Json:
    return {"$ref": "#/components/schemas/Error"}


def _callback() -> Json:
    texts = {
        "state": "What the host gave to the service at the beginning; good once, for ten minutes.",
        "code": "What the host exchanges for tokens.",
        "error": "Why the service refused.",
        "error_description": "The same for people.",
    }
    parameters = [
        {"name": name, "in": "query", "description": said, "schema": {"type": "string"}}
        for name, said in texts.items()
    ]
    page: Json = {"text/html": {"schema": {"type": "string"}}}
    operation: Json = {
        "operationId": "finishAuthorization",
        "tags": ["authorization"],
        "summary": "Come back from a service that was asked for access",
        "parameters": parameters,
        "responses": {
            "200": {"description": "The app has its access, or access was declined."},
            "400": {"description": "The state is not ours, or the app could not use the access."},
            "410": {"description": "The state has been used or is too old."},
            "500": {"description": "The host failed; its log says why."},
            "503": {"description": "Too many are connecting; `Retry-After` says when to return."},
            "504": {"description": "The app takes too long."},
        },
    }
    for described in operation["responses"].values():
        described["content"] = page
    path = "/oauth/{app_id}/callback"
    return {path: {"parameters": [_parameter("app_id")], "get": operation}}


def _health() -> Json:
    alive: Json = {"type": "object", "properties": {"status": {"const": "ok"}}}
    part = {"enum": ["ok", "off", "down"]}
    ready: Json = {
        "type": "object",
        "required": ["ready", "database", "jobs"],
        "properties": {"ready": {"type": "boolean"}, "database": part, "jobs": part},
    }
    document: Json = {"type": "object", "required": ["openapi"]}
    return {
        "/healthz": _watched("alive", "Does the server answer?", {"200": ("It does.", alive)}),
        "/readyz": _watched(
            "ready",
            "Is the host ready for work?",
            {"200": ("It is.", ready), "503": ("A part of it is down.", ready)},
        ),
        "/openapi.json": _watched(
            "describe", "What is on this server?", {"200": ("This document.", document)}
        ),
    }


def _watched(name: str, summary: str, answers: dict[str, tuple[str, Json]]) -> Json:
    """Describe an address that takes GET and HEAD and needs no account."""
    common: Json = {"tags": ["health"], "summary": summary}
    full = {
        status: {"description": said, "content": {"application/json": {"schema": schema}}}
        for status, (said, schema) in answers.items()
    }
    bare = {status: {"description": said} for status, (said, _) in answers.items()}
    return {
        "get": {"operationId": name, **common, "responses": full},
        "head": {"operationId": f"{name}Head", **common, "responses": bare},
    }
