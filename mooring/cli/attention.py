"""What is to be done where an installation needs attention? In one sentence, with the command."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mooring.engine.attention import advice
from mooring.errors import MooringError
from mooring.model.moment import iso

if TYPE_CHECKING:
    from mooring.hosting.host import Host
    from mooring.model.form import Form
    from mooring.model.installation import Installation


def attention_json(host: Host, installation: Installation) -> list[dict[str, Any]]:
    """Describe what needs attention, section by section; nothing where all is well."""
    if not installation.attentions:
        return []
    form = _form(host, installation)
    host.know_secrets()
    return [
        {
            "section": each.section,
            "message": host.masker.hide(each.message),
            "at": iso(each.at),
            "fix": advice(form, installation, each.section),
        }
        for each in installation.attentions
    ]


def attention_text(described: Mapping[str, Any]) -> str:
    """Write one of ``attention_json`` as a sentence."""
    return f"{described['message']} {described['fix']}"


def _form(host: Host, installation: Installation) -> Form | None:
    """Return the form; an app that cannot be read any more has none to name sections of."""
    try:
        return host.definition(installation).settings_form
    except MooringError:
        return None
