"""What does a plain YAML scalar mean? YAML 1.2's core schema as OCP's js-yaml 4 reads it.

``on``, ``no``, ``1:30`` and dates are strings, ``012`` is twelve, ``0o12`` is ten.
"""

from __future__ import annotations

import re

Scalar = str | int | float | bool | None

NAMED: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
INTEGER = re.compile(
    r"[-+]?(?:0b(?P<binary>[01_]+)|0o(?P<octal>[0-7_]+)|0x(?P<hex>[0-9a-fA-F_]+)|(?P<ten>[0-9][0-9_]*))"
)
FLOAT = re.compile(
    r"[-+]?[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?|\.[0-9_]+(?:[eE][-+]?[0-9]+)?"
)
INFINITY = re.compile(r"[-+]?\.(?:inf|Inf|INF)")
NOT_A_NUMBER = frozenset({".nan", ".NaN", ".NAN"})
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+).+")
BASES = {"binary": 2, "octal": 8, "hex": 16}
# Beyond these digits JavaScript has only an approximation, and Python's int() grows slow.
LONGEST_INTEGER = 300


def resolve_plain(text: str) -> Scalar:
    """Return the value of a plain (unquoted) scalar."""
    if text in NAMED:
        return NAMED[text]
    if text[0] not in "+-.0123456789":
        return text
    return _number(text)


def looks_like_date(text: str) -> bool:
    """Whether OCP's reader would make a timestamp of this plain scalar."""
    return DATE.fullmatch(text) is not None


def _number(text: str) -> Scalar:
    if not text.endswith("_"):
        if (match := INTEGER.fullmatch(text)) and len(text) <= LONGEST_INTEGER:
            return _integer(match)
        if FLOAT.fullmatch(text):
            return float(text.replace("_", ""))
    if INFINITY.fullmatch(text):
        return float(text.replace(".", ""))
    return float("nan") if text in NOT_A_NUMBER else text


def _integer(match: re.Match[str]) -> int:
    kind = match.lastgroup or "ten"
    size = int(match[kind].replace("_", "") or "0", BASES.get(kind, 10))
    return -size if match[0].startswith("-") else size
