"""Who is a contact to Optimizely? The user id and attributes that decisions are made with.

Optimizely's attribute ``k`` is Brevo's attribute ``K`` in its own type, absent if unset; the e-mail
address goes along. Nothing of this leaves the machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Json = dict[str, Any]  # Any: JSON

EMAIL = "email"
BREVO_ID = "id"
OWN_PREFIX = "optimizely_connector_"
STANDARD_FIELDS = {"FIRSTNAME": "first_name", "LASTNAME": "last_name"}


def contact_key(email: str) -> str:
    """Return the form of an address under which everything about its contact is kept."""
    return email.strip().lower()


def needed_names(keys: Iterable[str], *, user_id: str) -> list[str]:
    """Return the names of Brevo's attributes that decisions need, sorted."""
    return sorted({key.upper() for key in (*keys, user_id)} - {EMAIL.upper()})


def snapshot(contact: Mapping[str, Any], *, names: Iterable[str], seen: float) -> Json:
    """Return what is kept of a contact that was read at ``seen`` (epoch seconds)."""
    given = contact.get("attributes") or {}
    return {
        "email": contact["email"],
        "id": contact["id"],
        "seen": seen,
        "values": {name: given[name] for name in names if given.get(name) is not None},
    }


def profile(contact: Mapping[str, Any], *, keys: Iterable[str]) -> Json:
    """Return the customer row of a contact; None clears what Brevo no longer has."""
    given = contact.get("attributes") or {}
    own = {OWN_PREFIX + key.lower(): given.get(key.upper()) for key in keys if key != EMAIL}
    standard = {field: given.get(name) for name, field in STANDARD_FIELDS.items()}
    return {"attributes": {EMAIL: contact["email"], **standard, **own}}


def user_id_of(kept: Mapping[str, Any], *, field: str) -> str | None:
    """Return the id that decisions are made for: the address, Brevo's id or an attribute."""
    if field.lower() == EMAIL:
        return str(kept["email"])
    value = kept["values"].get(field.upper())
    if value is None and field.lower() == BREVO_ID:
        value = kept["id"]
    return None if value is None or value == "" else str(value)


def attributes_of(kept: Mapping[str, Any], *, keys: Iterable[str]) -> Json:
    """Return the attributes that audiences are matched with."""
    values = kept["values"]
    own = {key: values[key.upper()] for key in keys if key.upper() in values}
    return {**own, EMAIL: kept["email"]}
