"""What is to be done where an installation needs attention? In one sentence, with the command."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mooring.model.moment import iso

if TYPE_CHECKING:
    from mooring.hosting.host import Host
    from mooring.model.installation import Installation


def attention_json(host: Host, installation: Installation) -> list[dict[str, Any]]:
    """Describe what needs attention, section by section; nothing where all is well."""
    if not installation.attentions:
        return []
    host.know_secrets()
    return [
        {
            "section": each.section,
            "message": host.masker.hide(each.message),
            "at": iso(each.at),
            "fix": host.attention.advice(installation, each.section),
        }
        for each in installation.attentions
    ]


def attention_text(described: Mapping[str, Any]) -> str:
    """Write one of ``attention_json`` as a sentence."""
    return f"{described['message']} {described['fix']}"
