"""What does a recipient get to read? Values in, text out: no network, no clock, no storage."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape

LONGEST = 1600
PLACEHOLDER = re.compile(r"%%(\w+)%%")


def filled(text: str, substitutions: Mapping[str, str]) -> str:
    """Put the recipient's values in place of ``%%name%%``; what is not known is left out."""
    return PLACEHOLDER.sub(lambda found: substitutions.get(found[1], ""), text)


def fault_of(text: str) -> str:
    """Say what is wrong with a text; nothing if it can be sent."""
    if not text.strip():
        return "Write a text."
    if len(text) > LONGEST:
        return f"Shorten it: {len(text)} characters are more than the {LONGEST} that can be sent."
    return ""


def page(sender: str, text: str) -> str:
    """Show a message as a web page; people's values are text there, never markup."""
    body = "<br>".join(escape(line) for line in text.splitlines())
    return (
        "<!doctype html><html><head><meta charset='utf-8'></head>"
        f"<body><h1>{escape(sender)}</h1><p>{body}</p></body></html>"
    )
