"""Single contacts and pages of them, as Brevo answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Literal

import msgspec
from starlette.responses import Response

from sandbox import wire
from sandbox.account.contact import Contact, clean_address
from sandbox.account.contact_attributes import Way
from sandbox.brevo.gate import Call, Refusal, invalid, missing, unknown

MOST_PER_PAGE = 1000
MOST_IDS = 20
EQUALS = re.compile(r'equals\((\w+),\s*"(.*)"\)')

# What Brevo's schema allows as a value; null is not part of it.
Value = str | int | float | bool | list[str]


class CreateBody(msgspec.Struct, rename="camel"):
    """What `POST /contacts` takes."""

    email: str | None = None
    ext_id: str | None = msgspec.field(default=None, name="ext_id")
    attributes: dict[str, Value] = {}
    list_ids: list[int] = []
    update_enabled: bool = False
    email_blacklisted: bool | None = None
    sms_blacklisted: bool | None = None
    get_id: bool = False


class UpdateBody(msgspec.Struct, rename="camel"):
    """What `PUT /contacts/{identifier}` takes."""

    ext_id: str | None = msgspec.field(default=None, name="ext_id")
    attributes: dict[str, Value] = {}
    list_ids: list[int] = []
    unlink_list_ids: list[int] = []
    email_blacklisted: bool | None = None
    sms_blacklisted: bool | None = None


def contacts(call: Call) -> Response:
    """Answer one page of contacts."""
    limit = call.number("limit", 50, most=MOST_PER_PAGE)
    offset = call.number("offset", 0)
    found = _filtered(call, list(call.brevo.contacts.values()))
    if call.newest_first():
        found.reverse()
    return wire.json({"contacts": found[offset : offset + limit], "count": len(found)})


def _filtered(call: Call, found: list[Contact]) -> list[Contact]:
    for keep in _filters(call):
        found = [contact for contact in found if keep(contact)]
    return found


def _filters(call: Call) -> list[Callable[[Contact], bool]]:
    filters: list[Callable[[Contact], bool]] = []
    modified, created = call.moment("modifiedSince"), call.moment("createdSince")
    if modified:
        filters.append(lambda contact: contact.modified_at >= modified)
    if created:
        filters.append(lambda contact: contact.created_at >= created)
    if "listIds" in call.query:
        wanted = frozenset(call.numbers("listIds"))
        filters.append(lambda contact: not wanted.isdisjoint(contact.list_ids))
    if "ids" in call.query:
        filters.append(_by_ids(call))
    if "filter" in call.query:
        filters.append(_by_value(call.query["filter"]))
    if "segmentId" in call.query:
        raise invalid("Segment does not exist")
    return filters


def _by_ids(call: Call) -> Callable[[Contact], bool]:
    ids = frozenset(call.numbers("ids"))
    if len(ids) > MOST_IDS:
        raise Refusal(400, "out_of_range", f"ids should not be more than {MOST_IDS}")
    return lambda contact: contact.id in ids


def _by_value(text: str) -> Callable[[Contact], bool]:
    match = EQUALS.fullmatch(text)
    if match is None:
        raise invalid('filter should be equals(ATTRIBUTE,"value")')
    name, value = match[1].upper(), match[2]
    return lambda contact: str(contact.attributes.get(name)) == value


def segments(_: Call) -> Response:
    """Answer one page of segments; they are built by hand in Brevo, and here nobody did."""
    return wire.json({"segments": [], "count": 0})


def one_contact(call: Call) -> Response:
    """Answer one contact with its (empty) campaign statistics."""
    contact = find(call)
    shown = msgspec.to_builtins(contact, builtin_types=(type(contact.created_at),))
    return wire.json(shown | {"whatsappBlacklisted": False, "statistics": {}})


def find(call: Call) -> Contact:
    """Return the contact that the path and `identifierType` name."""
    identifier = call.params["identifier"]
    kind = call.query.get("identifierType") or _guess(identifier)
    brevo = call.brevo
    contact: Contact | None
    if kind == "email_id":
        contact = brevo.by_email.get(clean_address(identifier) or "")
    elif kind == "contact_id":
        number = wire.whole(identifier)
        if number is None:
            raise invalid("contact_id should be a whole number")
        contact = brevo.contacts.get(number)
    elif kind == "ext_id":
        contact = brevo.by_ext_id.get(identifier)
    elif kind in ("phone_id", "whatsapp_id", "landline_number_id"):
        contact = None
    else:
        raise invalid("Invalid identifierType")
    if contact is None:
        raise unknown("Contact does not exist")
    return contact


def _guess(identifier: str) -> Literal["email_id", "contact_id"]:
    if wire.whole(identifier) is not None:
        return "contact_id"
    if clean_address(identifier) is None:
        raise invalid("Invalid identifier: neither an e-mail address nor a contact id")
    return "email_id"


def create(call: Call) -> Response:
    """Create a contact, or update it when `updateEnabled` says so."""
    body = call.payload(CreateBody)
    call.note = {"contact": body.email or body.ext_id, "attributes": body.attributes}
    contact, email = _addressed(call, body)
    _check_lists(call, body.list_ids)
    _check_ext_id(call, contact, body.ext_id)
    if contact is None:
        contact = call.brevo.create(email, body.attributes, way=Way.CALL, list_ids=body.list_ids)
        _flags(call, contact, body)
        return wire.json({"id": contact.id}, status=201)
    if not body.update_enabled:
        raise _taken("email")
    _rename(call, contact, body.attributes)
    call.brevo.write(contact, body.attributes, list_ids=body.list_ids)
    _flags(call, contact, body)
    return wire.json({"id": contact.id}) if body.get_id else wire.empty()


def _addressed(call: Call, body: CreateBody) -> tuple[Contact | None, str]:
    """Return the contact that the body names, and the address it gives or has."""
    if body.email is None:
        by_ext_id = call.brevo.by_ext_id.get(body.ext_id) if body.ext_id else None
        if by_ext_id is None:
            raise missing("At least one of email, ext_id of a known contact is required")
        return by_ext_id, by_ext_id.email
    email = clean_address(body.email)
    if email is None:
        raise invalid("Invalid email address")
    return call.brevo.by_email.get(email), email


def update(call: Call) -> Response:
    """Update one contact; never creates."""
    body = call.payload(UpdateBody)
    call.note = {"contact": call.params["identifier"], "attributes": body.attributes}
    contact = find(call)
    call.note["contact"] = contact.email
    _check_lists(call, body.list_ids)
    _check_ext_id(call, contact, body.ext_id)
    _rename(call, contact, body.attributes)
    call.brevo.write(contact, body.attributes, list_ids=body.list_ids)
    contact.list_ids = [each for each in contact.list_ids if each not in body.unlink_list_ids]
    _flags(call, contact, body)
    return wire.empty()


def _check_lists(call: Call, list_ids: list[int]) -> None:
    if not all(list_id in call.brevo.lists for list_id in list_ids):
        raise invalid("List does not exist")


def _check_ext_id(call: Call, contact: Contact | None, ext_id: str | None) -> None:
    if ext_id is not None and call.brevo.by_ext_id.get(ext_id, contact) is not contact:
        raise _taken("ext_id")


def _taken(identifier: str) -> Refusal:
    return Refusal(
        400,
        "duplicate_parameter",
        f"{identifier} is already associated with another Contact",
        {"duplicate_identifiers": [identifier]},
    )


def _rename(call: Call, contact: Contact, values: dict[str, Any]) -> None:
    given = values.get("EMAIL")
    if given is None:
        return
    email = clean_address(str(given))
    if email is None:
        raise invalid("Invalid email address")
    if call.brevo.by_email.get(email, contact) is not contact:
        raise _taken("email")
    call.brevo.rename(contact, email)


def _flags(call: Call, contact: Contact, body: CreateBody | UpdateBody) -> None:
    """Apply the blocklist flags and the outside identifier; the record shows that they came."""
    for name in ("email_blacklisted", "sms_blacklisted"):
        wanted = getattr(body, name)
        if wanted is not None:
            setattr(contact, name, wanted)
            call.note[name] = wanted
    if body.ext_id is not None:
        call.brevo.set_ext_id(contact, body.ext_id)


def delete(call: Call) -> Response:
    """Delete one contact."""
    call.note = {"contact": call.params["identifier"]}
    contact = find(call)
    call.note["contact"] = contact.email
    call.brevo.delete(contact)
    return wire.empty()
