"""What does a plain YAML scalar mean? YAML 1.2's core schema as OCP's js-yaml 4 reads it.

``on``, ``no``, ``1:30`` and dates are strings, ``012`` is twelve, ``0o12`` is ten. What YAML 1.1
made of these can be asked for, so that a warning can name it.
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
# What YAML 1.1 took for booleans, octal numbers, and numbers to the base of sixty.
WORDS = frozenset(
    w for word in ("yes", "no", "on", "off") for w in (word, word.title(), word.upper())
)
LEADING_ZERO = re.compile(r"([-+]?)0([0-9_]{1,50})")
BASE_SIXTY = re.compile(r"([-+]?)([1-9][0-9_]{0,20}(?::[0-5]?[0-9]){1,5}(?:\.[0-9]{0,20})?)")
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


def in_yaml_1_1(text: str) -> str:
    """Say what a YAML 1.1 reader makes of a plain scalar that means something else here."""
    if text in WORDS:
        return "true" if text.lower() in ("yes", "on") else "false"
    if not text[:1].isdigit() and text[:1] not in ("+", "-"):
        return ""
    if found := LEADING_ZERO.fullmatch(text):
        octal = found[2].replace("_", "") or "0"
        sign = found[1].removeprefix("+")
        return f"{sign}{int(octal, 8)}" if octal.strip("01234567") == "" else "text"
    if found := BASE_SIXTY.fullmatch(text):
        *upper, last = (float(part) for part in found[2].replace("_", "").split(":"))
        seconds = sum(part * 60**power for power, part in enumerate(reversed(upper), 1)) + last
        return f"{found[1].removeprefix('+')}{seconds:.10g}"
    if text.startswith("0o") and INTEGER.fullmatch(text):
        return "text"
    return "a date" if looks_like_date(text) else ""


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
