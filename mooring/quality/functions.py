"""Who may call the functions, and with how much?"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from mooring.errors import EntryPointInvalid
from mooring.model.entry_point import resolve_entry_point
from mooring.quality.rule import Finding, Level, QualityRule, Studied, in_code, in_file
from mooring.reading.app_code import Definition

COMPARE = frozenset({"hmac.compare_digest", "secrets.compare_digest"})
BODY = frozenset({"body_json", "body", "form"})


def _open_to_all(app: Studied) -> Iterator[Finding]:
    for name, path in app.inspected.entries("functions"):
        declared = app.manifest.mapping(path)
        if declared.get("verify") is not None or declared.get("access") == "form":
            continue
        if not _checks_itself(app, app.manifest.text((*path, "entry_point")) or ""):
            place = app.manifest.key_position(path)
            message = f"`{name}` answers whoever knows its address."
            yield in_file(app.manifest.file, message, place)


def _checks_itself(app: Studied, entry_point: str) -> bool:
    try:
        module, _ = resolve_entry_point("function", entry_point)
    except EntryPointInvalid:
        return False
    reached = app.code.reached_from(module)
    return any(origin in COMPARE for code in reached for _, origin in code.calls())


def _unbounded(app: Studied) -> Iterator[Finding]:
    for code in app.code.files:
        if f"{code.module}.".startswith("functions."):
            for definition in code.definitions():
                for walked in _unmeasured_walks(definition):
                    yield in_code(code, walked, "As many items as the caller sends are walked.")


def _unmeasured_walks(definition: Definition) -> Iterator[ast.expr]:
    """Find what is walked of a request's body in a function that never asks how much it is."""
    nodes = [node for statement in definition.body for node in ast.walk(statement)]
    if any(isinstance(node, ast.Call) and _is_len(node.func) for node in nodes):
        return
    received: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Assign) and _is_received(node.value, received):
            received |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    loops = (node for node in nodes if isinstance(node, ast.For | ast.AsyncFor | ast.comprehension))
    yield from (loop.iter for loop in loops if _is_received(loop.iter, received))


def _is_len(called: ast.expr) -> bool:
    return isinstance(called, ast.Name) and called.id in ("len", "islice")


def _is_received(value: ast.AST, received: set[str]) -> bool:
    """Whether a value comes from the request's body; what a function made of it is another."""
    if isinstance(value, ast.Name):
        return value.id in received
    if isinstance(value, ast.Attribute) and value.attr in BODY:
        return True
    inner = [value.func] if isinstance(value, ast.Call) else ast.iter_child_nodes(value)
    return any(_is_received(each, received) for each in inner)


RULES = (
    QualityRule(
        id="function-verified",
        level=Level.SILVER,
        summary="A function knows that its caller is the one it expects.",
        reason="Addresses end up in logs and histories; whoever finds one could send anything.",
        looks_at="`verify` in app.yml, or `access: form`; else whether the function's code, with "
        "what it imports, compares with `compare_digest`.",
        remedy="Say verify: and the profile of the service, or check a token with "
        "hmac.compare_digest; a function that only gives a form its options takes access: form.",
        check=_open_to_all,
    ),
    QualityRule(
        id="bounded-input",
        level=Level.SILVER,
        summary="A function limits how many items it takes at once.",
        reason="The host bounds the bytes of a request, not the work that an item costs; one call "
        "could keep a function busy until its time is over.",
        looks_at="Loops over the request's body in `src/functions`, in functions that never ask "
        "for its length.",
        remedy="Answer 413 when len(items) is above a bound, before the loop.",
        check=_unbounded,
    ),
)
