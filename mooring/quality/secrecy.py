"""Can a secret leave the place where it is kept?"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from mooring.model.problem import Position, shown
from mooring.model.secret_shapes import is_random, is_secret, names_secret
from mooring.quality.rule import Finding, Level, QualityRule, Studied, in_code, in_file

COMPARED = re.compile(r"(?:signature|digest|hmac)$", re.IGNORECASE)


def _kept_by_git(app: Studied) -> Iterator[Finding]:
    for file in app.folder.tracked(app.folder.environment_files()):
        for number, line in enumerate((app.folder.text(file) or "").splitlines(), 1):
            name, _, value = line.removeprefix("export ").partition("=")
            if _gives_secret(name.strip(), value.strip().strip("'\"")):
                message = f"{file} is kept by git and gives {shown(name.strip())} a value."
                yield in_file(file, message, Position(number, 1))


def _gives_secret(name: str, value: str) -> bool:
    if not value or value.startswith(("#", "<", "${")):
        return False
    return names_secret(name) or is_secret(value) or is_random(value)


def _written_in_code(app: Studied) -> Iterator[Finding]:
    for code in app.code.files:
        for text in code.every(ast.Constant):
            if isinstance(text.value, str) and is_secret(text.value):
                yield in_code(code, text, "This text has the form of a key.")
        for name, value in _named_values(code.tree):
            if names_secret(name) and _is_random_text(value):
                yield in_code(code, value, f"`{name}` has its value in the code.")


def _named_values(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Walk values that the code itself gives names: variables, attributes, arguments, keys."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            yield from ((_last_name(target), node.value) for target in node.targets)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            yield _last_name(node.target), node.value
        elif isinstance(node, ast.keyword):
            yield node.arg or "", node.value
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    yield key.value, value


def _is_random_text(value: ast.expr) -> bool:
    return (
        isinstance(value, ast.Constant) and isinstance(value.value, str) and is_random(value.value)
    )


def _last_name(expression: ast.AST) -> str:
    if isinstance(expression, ast.Attribute):
        return expression.attr
    return expression.id if isinstance(expression, ast.Name) else ""


def _logged(app: Studied) -> Iterator[Finding]:
    for code in app.code.files:
        for call, origin in code.calls():
            if origin.startswith("mooring.sdk.logger."):
                for given in (*call.args, *(keyword.value for keyword in call.keywords)):
                    for leak in _secrets_in(given):
                        # Places inside an f-string are not told by every version of Python.
                        message = f"`{_last_name(leak)}` is written into the log."
                        yield in_code(code, given, message)


def _secrets_in(expression: ast.AST) -> Iterator[ast.expr]:
    """Walk the names of secrets in an expression; what a call makes of one is another value."""
    if isinstance(expression, ast.Call | ast.Compare):
        return
    if isinstance(expression, ast.Name | ast.Attribute) and names_secret(_last_name(expression)):
        yield expression
        return
    for inner in ast.iter_child_nodes(expression):
        yield from _secrets_in(inner)


def _compared_plainly(app: Studied) -> Iterator[Finding]:
    for code in app.code.files:
        for compared in code.every(ast.Compare):
            sides = [compared.left, *compared.comparators]
            equality = all(isinstance(each, ast.Eq | ast.NotEq) for each in compared.ops)
            computed = not any(isinstance(side, ast.Constant) for side in sides)
            secret = next((side for side in sides if _is_credential(_last_name(side))), None)
            if equality and computed and secret is not None:
                message = f"`{_last_name(secret)}` is compared character by character."
                yield in_code(code, compared, message)


def _is_credential(name: str) -> bool:
    return names_secret(name) or COMPARED.search(name) is not None


RULES = (
    QualityRule(
        id="secrets-out-of-git",
        level=Level.BRONZE,
        summary="Git keeps no `.env` file that gives a secret a value.",
        reason="What git has kept once, everybody who can read the repository can read for ever.",
        looks_at="`.env` and `.env.*` beside app.yml, as far as `git ls-files` names them. Their "
        "values are never shown.",
        remedy="Take it out: git rm --cached FILE; add .env* to .gitignore; make a new secret.",
        check=_kept_by_git,
    ),
    QualityRule(
        id="no-secrets-in-code",
        level=Level.BRONZE,
        summary="No credential is written in the code.",
        reason="Code is copied, shown and kept; a secret in it is one no longer, and cannot be "
        "another one for each installation.",
        looks_at="Texts with the form of well-known keys, and long random texts under names such "
        "as `token` or `api_key`. The line is not shown.",
        remedy="Ask for it in a form (type: secret), or keep it: mooring secrets APP_ID set KEY. "
        "Make a new one.",
        check=_written_in_code,
    ),
    QualityRule(
        id="no-secrets-in-logs",
        level=Level.BRONZE,
        summary="No secret is handed to the logger.",
        reason="The host masks the secrets that it knows; those that a service has just issued it "
        "does not know.",
        looks_at="Names such as `token`, `password` or `api_key` in the arguments of the logger.",
        remedy="Log what happened, and whose it was, without the secret.",
        check=_logged,
    ),
    QualityRule(
        id="constant-time",
        level=Level.BRONZE,
        summary="Secrets and signatures are compared in constant time.",
        reason="`==` ends at the first character that differs; with enough calls, that time tells "
        "the secret.",
        looks_at="`==` and `!=` with names such as `token`, `secret` or `signature`.",
        remedy="Compare with hmac.compare_digest.",
        check=_compared_plainly,
    ),
)
