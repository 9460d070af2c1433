"""Does a text hold a credential, or does a name promise one? Pure; errs towards caution.

Shared by whoever must not show a secret (excerpts of source lines) and whoever looks for one.
"""

from __future__ import annotations

import re

# Keys whose issuers gave them a recognisable beginning, so that they can be found.
ISSUED = re.compile(
    r"xkeysib-[0-9a-f]{16}|xsmtpsib-[0-9a-f]{16}|\bsk_(?:live|test)_\w{10}|\bAKIA[0-9A-Z]{16}\b"
    r"|\bgh[pousr]_\w{20}|\bgithub_pat_\w{20}|\bxox[abprs]-[\w-]{10}|\bAIza[\w-]{30}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----|\beyJ[\w-]{10,300}\.eyJ[\w-]{10,2000}\.",
    re.ASCII,
)
SENSITIVE = (
    r"(?:pass(?:word|wd|phrase)|secret|token|credentials?"
    r"|(?:api|access|private|signing|master|encryption)[_\- ]?keys?)"
)
NAME = re.compile(rf"(?:^|[_\W]|(?<=[a-z])(?=[A-Z])){SENSITIVE}s?$", re.ASCII | re.IGNORECASE)
ASSIGNED = re.compile(
    rf"{SENSITIVE}\w{{0,40}}['\"]?\s*(?::[^=\n]{{1,60}})?[:=]\s*"
    r"(?:'(?P<single>[^'\n]{4,})'|\"(?P<double>[^\"\n]{4,})\"|(?P<bare>[^\s'\"]{8,}))",
    re.ASCII | re.IGNORECASE,
)
RANDOM = re.compile(r"[\w+/=.~-]{20,}", re.ASCII)
QUOTED = re.compile(rf"'({RANDOM.pattern})'|\"({RANDOM.pattern})\"", re.ASCII)
LONGEST_LINE = 5_000  # characters that are looked through; a longer line is taken to hold a secret


def names_secret(name: str) -> bool:
    """Whether a name such as ``api_key`` or ``Access Token`` says that its value is secret."""
    return NAME.search(name.strip()) is not None


def is_secret(text: str) -> bool:
    """Whether a text is, or contains, a key with the form that its issuer gives to keys."""
    return ISSUED.search(text) is not None


def is_random(text: str) -> bool:
    """Whether a text has the look of a key that was drawn at random: long, letters and digits."""
    mixed = any(map(str.isdigit, text)) and any(map(str.isalpha, text))
    return mixed and RANDOM.fullmatch(text) is not None


def may_hold_secret(line: str) -> bool:
    """Whether a line of a file had better not be shown, because it may give a secret a value."""
    if len(line) > LONGEST_LINE or is_secret(line):
        return True
    if any(is_random(found[1] or found[2]) for found in QUOTED.finditer(line)):
        return True
    # Without quotes it is code, as in `token = settings.token`, unless it looks drawn at random.
    found = ASSIGNED.finditer(line)
    return any(each["bare"] is None or is_random(each["bare"]) for each in found)
