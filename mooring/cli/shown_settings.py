"""How does a person read an app's settings? All fields, what is hidden, what needs attention."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from mooring.cli.attention import attention_json, attention_text
from mooring.engine.settings import REDACTED, find_section
from mooring.model.form import Element, Section, secret_fields

if TYPE_CHECKING:
    from mooring.hosting.host import Host
    from mooring.model.installation import Installation


def settings_text(
    host: Host, installation: Installation, shown: Mapping[str, Mapping[str, Any]]
) -> str:
    """Write what ``SettingsDesk.show`` returned, with the fields that nobody has set yet."""
    form = host.definition(installation).settings_form
    attention = {each["section"]: each for each in attention_json(host, installation)}
    lines = []
    for key, values in shown.items():
        section = find_section(form, key)
        lines.append(f"{key}:")
        mark = attention.get(key)
        if mark:
            lines.append(f"  ! {attention_text(mark)}")
        was_accepted = key in installation.accepted
        of_secrets = _said_of_secrets(section, was_accepted=was_accepted) if mark else ""
        lines += list(_fields(section, values, of_secrets)) or ["  (empty)"]
    return "\n".join(lines) or "It has no settings."


def _fields(section: Section, values: Mapping[str, Any], of_secrets: str) -> Iterator[str]:
    """List the fields in the form's order, then what the app keeps beside them."""
    fields = {element.key: element for element in section.fields}
    for key, element in fields.items():
        yield f"  {key}: {_shown(values.get(key), of_secrets) or _not_set(element)}"
    for key, value in values.items():
        if key not in fields:
            yield f"  {key}: {_shown(value, of_secrets)}"


def _shown(value: Any, of_secrets: str) -> str:
    if value == REDACTED:
        return f"(set, hidden{of_secrets})"
    if value is None or value == "":
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _not_set(element: Element) -> str:
    if element.default_value in (None, ""):
        return "(not set)"
    return f"(not set, which means {_shown(element.default_value, '')})"


def _said_of_secrets(section: Section, *, was_accepted: bool) -> str:
    """Say of a section's secret that it is refused, where it can only be this one."""
    if section.connects or len(secret_fields(section)) != 1:
        return ""
    return "; no longer accepted" if was_accepted else "; not accepted"
