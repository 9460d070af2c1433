"""What does a JavaScript regular expression, as forms use them, mean in Python?

Patterns are applied unanchored (``search``); ``\\d \\w \\b`` are ASCII; ``$`` is the true end.
"""

from __future__ import annotations

import re

# A pattern that is longer costs seconds to compile.
LONGEST = 5_000

FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}
# Flags about where to start, what to record and how to count characters: no effect on a test.
WITHOUT_EFFECT = frozenset("dguvy")

# An escape, a character class, a named group or a lone end mark; classes keep their content.
TOKENS = re.compile(r"\\k<(?P<name>\w+)>|\\.|\[(?:\\.|[^\]\\])*\]|\(\?<(?![=!])|\$", re.DOTALL)
BRACKETS = re.compile(r"(\\.)|\[", re.DOTALL)
FIXED = {"(?<": "(?P<", "[]": "(?!)", "[^]": r"[\s\S]"}


def compile_js(pattern: str, flags: str = "") -> re.Pattern[str]:
    """Compile a JavaScript pattern. Raises ValueError saying what is wrong with it."""
    if len(pattern) > LONGEST:
        raise ValueError(f"it is longer than {LONGEST} characters")
    unknown = sorted(set(flags) - set(FLAGS) - WITHOUT_EFFECT)
    if unknown:
        raise ValueError(f"unknown flag {''.join(unknown)!r}; known are d g i m s u v y")
    options = re.ASCII
    for flag in flags:
        options |= FLAGS.get(flag, re.ASCII)
    end = "$" if "m" in flags else r"\Z"
    translated = TOKENS.sub(lambda token: _translate(token, end), pattern)
    try:
        return re.compile(translated, options)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(str(error)) from error


def _translate(match: re.Match[str], end: str) -> str:
    token = match[0]
    if match["name"]:
        return f"(?P={match['name']})"
    if token.startswith("[") and token not in FIXED:
        # Python reserves a bracket inside a class; JavaScript takes it literally.
        return "[" + BRACKETS.sub(lambda m: m[1] or r"\[", token[1:])
    return {**FIXED, "$": end}.get(token, token)
