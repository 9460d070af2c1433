"""Which account does a request name that was sent to the one address of all accounts? Pure."""

from __future__ import annotations

from typing import Any

from mooring.errors import RequestInvalid
from mooring.model.json_path import json_path
from mooring.model.manifest import InstallationResolution
from mooring.sdk.webhook import JSON_TYPE, Request


def account_named(request: Request, rule: InstallationResolution) -> str:
    """Return the account that a request says it is for. Raises RequestInvalid when it says none."""
    match rule.type:
        case "HEADER":
            found = _header(request, rule.key)
        case "QUERY_PARAM":
            found = _parameter(request, rule.key)
        case _:
            found = _field(request, rule.key)
    if not found:
        raise RequestInvalid(
            f"The request does not say for which account it is: {_place(rule)} is missing.",
            hint="Put the account's public key there.",
        )
    if len(found) > 1:
        raise RequestInvalid(
            f"The request names more than one account: {_place(rule)} has several values.",
            hint="Send one request for each account.",
        )
    return found.pop()


def _header(request: Request, name: str) -> set[str]:
    return {value for value in request.headers.get_all(name) if value}


def _parameter(request: Request, name: str) -> set[str]:
    given = request.params.get(name, [])
    return {value for value in ([given] if isinstance(given, str) else given) if value}


def _field(request: Request, path: str) -> set[str]:
    if request.content_type != JSON_TYPE:
        raise RequestInvalid(
            f"The account is named in the JSON body, and this request is not {JSON_TYPE}.",
            where="content-type",
            hint=f"Send the body as JSON, with the header content-type: {JSON_TYPE}.",
        )
    try:
        found = json_path(path)(request.body_json)
    except ValueError as error:
        raise RequestInvalid(f"The body cannot be searched: {error}.", where="body") from error
    return {text for text in map(_text, found) if text}


def _text(value: Any) -> str:  # Any: JSON
    """Take texts and whole numbers; true, null and what has parts names no account."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else ""


def _place(rule: InstallationResolution) -> str:
    kinds = {"HEADER": "the header", "QUERY_PARAM": "the query parameter"}
    return f"{kinds.get(rule.type, 'the field of the body')} {rule.key}"
