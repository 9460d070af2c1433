"""What does the app do when something fails, and does a person hear of it?"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from mooring.model.entry_point import resolve_entry_point
from mooring.quality.forms import credentials
from mooring.quality.rule import Finding, Level, QualityRule, Studied, in_code, in_file
from mooring.reading.app_code import CodeFile

BROAD = frozenset({"Exception", "BaseException"})
REJECTED = "CredentialsRejected"
HTTP = "mooring.sdk.http."
LOGGER = "mooring.sdk.logger."
LIFECYCLE, _ = resolve_entry_point("lifecycle", "Lifecycle")


def _swallowed(app: Studied) -> Iterator[Finding]:
    for code in app.code.files:
        for handler in code.every(ast.ExceptHandler):
            if _is_broad(code, handler.type) and not _is_told(code, handler):
                yield in_code(code, handler, "Every error ends here, and nobody hears of it.")
        for call, origin in code.calls():
            if origin == "contextlib.suppress" and any(_is_broad(code, a) for a in call.args):
                yield in_code(code, call, "Every error ends here, and nobody hears of it.")


def _is_broad(code: CodeFile, caught: ast.expr | None) -> bool:
    if isinstance(caught, ast.Tuple):
        return any(_is_broad(code, each) for each in caught.elts)
    return caught is None or code.origin(caught).removeprefix("builtins.") in BROAD


def _is_told(code: CodeFile, handler: ast.ExceptHandler) -> bool:
    """Whether a handler raises, logs, or does something with the error."""
    for node in (inner for statement in handler.body for inner in ast.walk(statement)):
        if isinstance(node, ast.Raise):
            return True
        if isinstance(node, ast.Name) and node.id == handler.name:
            return True
        if isinstance(node, ast.Call) and code.origin(node.func).startswith(LOGGER):
            return True
    return False


def _no_way_back(app: Studied) -> Iterator[Finding]:
    connecting = credentials(app) if _calls(app.code.files, HTTP) else []
    if connecting and not any(_mentions(code, REJECTED) for code in app.code.files):
        form, path = connecting[0]
        message = "Nothing tells the host when this credential is no longer accepted."
        yield in_file(form.file, message, form.position((*path, "type")))
    for code in app.code.files:
        if not _mentions(code, REJECTED):
            for compared in code.every(ast.Compare):
                if any(_is_refusal(side) for side in (compared.left, *compared.comparators)):
                    yield in_code(code, compared, f"A refusal is noticed here, without {REJECTED}.")


def _is_refusal(side: ast.expr) -> bool:
    return isinstance(side, ast.Constant) and side.value == 401


def _untried(app: Studied) -> Iterator[Finding]:
    connecting = credentials(app) if _calls(app.code.files, HTTP) else []
    if connecting and not _calls(app.code.reached_from(LIFECYCLE), HTTP):
        form, path = connecting[0]
        message = "This credential is kept without having been tried out."
        yield in_file(form.file, message, form.position((*path, "type")))


def _left_behind(app: Studied) -> Iterator[Finding]:
    if not _calls(app.code.files, HTTP):
        return
    found = app.inspected.sources.module(LIFECYCLE)
    lifecycle = found.classes.get("Lifecycle") if found else None
    ancestry = app.inspected.sources.ancestry(LIFECYCLE, "Lifecycle")
    if found and lifecycle and ancestry.known and "on_uninstall" not in ancestry.methods:
        message = "Nothing is put in order when the app is taken out."
        yield in_file(found.file, message, lifecycle.position)


def _calls(files: list[CodeFile], service: str) -> bool:
    return any(origin.startswith(service) for code in files for _, origin in code.calls())


def _mentions(code: CodeFile, name: str) -> bool:
    return any(node.attr == name for node in code.every(ast.Attribute)) or any(
        node.id == name for node in code.every(ast.Name)
    )


RULES = (
    QualityRule(
        id="no-swallowed-errors",
        level=Level.BRONZE,
        summary="An error that is caught wholesale is logged or raised again.",
        reason="An error that vanishes is found by the customer, weeks later, in the data.",
        looks_at="`except`, `except Exception` and `suppress(Exception)` whose body neither raises "
        "nor logs nor uses the error.",
        remedy="Catch the errors that you expect, by their names, and log what you cope with.",
        check=_swallowed,
    ),
    QualityRule(
        id="reconnect-path",
        level=Level.SILVER,
        summary="A credential that is refused leads to a new connection.",
        reason="The host can only ask a person to connect again, and stop trying meanwhile, if "
        "the app says that it is the credential which is refused.",
        looks_at="Whether an app that asks for a credential and calls other services mentions "
        "CredentialsRejected, and whether every comparison with 401 is in such a module.",
        remedy="Raise errors.CredentialsRejected of mooring.sdk, with what to do in its hint.",
        check=_no_way_back,
    ),
    QualityRule(
        id="credentials-tested",
        level=Level.SILVER,
        summary="The settings form tries credentials out before it keeps them.",
        reason="A typing mistake is put right in seconds on the form, and costs hours in a job.",
        looks_at="Whether the lifecycle, with what it imports, calls another service.",
        remedy="Call the service in on_settings_form, and refuse with result.add_error(key, why).",
        check=_untried,
    ),
    QualityRule(
        id="cleans-up",
        level=Level.SILVER,
        summary="An app that calls other services has `on_uninstall`.",
        reason="Webhooks and subscriptions that stay behind keep sending to an address that is "
        "gone.",
        looks_at="The methods of the lifecycle and of the app's own classes that it extends.",
        remedy="Remove in on_uninstall what the app made outside; where there is nothing, say so.",
        check=_left_behind,
    ),
)
