"""Would OCP's validator take a cron expression? Its grammar, field by field; judges nothing else.

OCP takes more than it means to (``15xyz``, steps of 0); what is written so does not pass here
either, because the scheduler refuses it before this is asked.
"""

from __future__ import annotations

import re

MONTHS = "JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC"
DAYS = "SUN|MON|TUE|WED|THU|FRI|SAT"


def _field(value: str, *, step: str = "", more: str = "", every: bool = True) -> re.Pattern[str]:
    """Compile lists of values and ranges, one step, `*`, and what else a field takes."""
    item = rf"(?:{value})(?:-(?:{value}))?"
    forms = [r"\*", rf"{item}(?:,{item})*", rf"(?:{step or value})/\d+"]
    forms += [r"\*/\d+"] if every else []
    forms += [more] if more else []
    return re.compile("|".join(f"(?:{form})" for form in forms), re.ASCII | re.IGNORECASE)


SIXTY, HOUR = "[0-5]?[0-9]", "[01]?[0-9]|2[0-3]"
DAY, WEEKDAY, MONTH = "0?[1-9]|[12][0-9]|3[01]", "[1-7]", "0?[1-9]|1[0-2]"
YEAR = "19[7-9][0-9]|20[0-9][0-9]"
FIELDS = (
    ("seconds", _field(SIXTY)),
    ("minutes", _field(SIXTY)),
    ("hours", _field(HOUR)),
    (
        "day of month",
        _field(DAY, more=rf"\?|L|LW|L-(?:[1-9]|[12][0-9]|30)|(?:{DAY})W(?:,(?:{DAY})W)*"),
    ),
    # Names and numbers do not mix in one range, and `*/3` is not taken.
    ("month", _field(f"{MONTH}|{MONTHS}", step=MONTH, every=False)),
    (
        "day of week",
        _field(f"{WEEKDAY}|{DAYS}", step=WEEKDAY, every=False, more=r"\?|L|[1-7]L|[1-7]#[1-5]"),
    ),
    ("year", _field(YEAR, every=False)),
)
MIXED = re.compile(r"(?:^|,)(?:[0-9]+-[A-Z]{3}|[A-Z]{3}-[0-9]+)(?:,|$)", re.IGNORECASE)


def refusal(expression: str) -> str:
    """Say why OCP would refuse an expression; empty when it would not."""
    parts = expression.split(" ")
    if len(parts) not in (6, 7) or not all(parts):
        return "it has not six or seven fields with single spaces between them"
    for part, (name, pattern) in zip(parts, FIELDS, strict=False):
        if not pattern.fullmatch(part) or MIXED.search(part):
            return f"the field for {name} is {part}"
    day, weekday = parts[3], parts[5]
    if weekday.upper() == "L" and day in ("*", "?"):
        return ""
    if (day == "?") == (weekday == "?"):
        return "exactly one of day of month and day of week is ?"
    return ""
