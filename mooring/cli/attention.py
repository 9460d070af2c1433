"""What is to be done where an installation needs attention? In one sentence, with the command."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from mooring.engine.attention import label_of, remedy
from mooring.errors import MooringError
from mooring.model.moment import iso

if TYPE_CHECKING:
    from mooring.host import Host
    from mooring.model.form import Form
    from mooring.model.installation import Attention, Installation


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
            "fix": _fix(form, installation, each),
        }
        for each in installation.attentions
    ]


def attention_lines(host: Host, installation: Installation) -> Iterator[str]:
    """Say what needs attention and what to do, a sentence each."""
    for each in attention_json(host, installation):
        yield attention_text(each)


def attention_text(described: Mapping[str, Any]) -> str:
    """Write one of ``attention_json`` as a sentence."""
    return f"{described['message']} {described['fix']}"


def _fix(form: Form | None, installation: Installation, attention: Attention) -> str:
    command = remedy(installation, attention.section)
    if form is None or not attention.section:
        return f"Go to the settings: {command}"
    return f"Go to section {label_of(form, attention.section)}: {command}"


def _form(host: Host, installation: Installation) -> Form | None:
    """Return the form; an app that cannot be read any more has none to name sections of."""
    try:
        return host.definition(installation).settings_form
    except MooringError:
        return None
