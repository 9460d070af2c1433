"""How does a person read an app's settings? All fields, what is hidden, what needs attention."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from mooring.cli.attention import attention_json, attention_text
from mooring.engine.attention import secret_to_renew
from mooring.engine.settings import REDACTED, find_section
from mooring.model.form import Element, Section

if TYPE_CHECKING:
    from mooring.hosting.host import Host
    from mooring.model.installation import Installation


def settings_text(
    host: Host, installation: Installation, shown: Mapping[str, Mapping[str, Any]]
) -> str:
    """Write what ``SettingsDesk.show`` returned, with the fields that nobody has set yet."""
    form = host.definition(installation).settings_form
    attention = {each["section"]: each for each in attention_json(host, installation)}
    answers = host.settings.answers(installation) if attention else {}
    lines = []
    for key, values in shown.items():
        section, refused = find_section(form, key), {}
        lines.append(f"{key}:")
        if mark := attention.get(key):
            lines.append(f"  ! {attention_text(mark)}")
            said = "no longer accepted" if key in installation.accepted else "not accepted"
            refused = {secret_to_renew(section, answers): f"; {said}"}
        lines += list(_fields(section, values, refused)) or ["  (empty)"]
    return "\n".join(lines) or "It has no settings."


def _fields(
    section: Section, values: Mapping[str, Any], refused: Mapping[str, str]
) -> Iterator[str]:
    """List the fields in the form's order, then what the app keeps beside them."""
    fields = {element.key: element for element in section.fields}
    for key, element in fields.items():
        yield f"  {key}: {_shown(values.get(key), refused.get(key, '')) or _not_set(element)}"
    for key, value in values.items():
        if key not in fields:
            yield f"  {key}: {_shown(value)}"


def _shown(value: Any, refused: str = "") -> str:
    if value == REDACTED:
        return f"(set, hidden{refused})"
    if value is None or value == "":
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _not_set(element: Element) -> str:
    if element.default_value in (None, ""):
        return "(not set)"
    return f"(not set, which means {_shown(element.default_value)})"
