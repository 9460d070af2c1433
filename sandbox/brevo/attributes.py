"""Contact attributes, as Brevo answers."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response

from sandbox import wire
from sandbox.account.contact_attributes import NAME, RESERVED, ContactAttribute
from sandbox.brevo.gate import Call, Refusal, invalid, missing, unknown

MOST_CUSTOM = 200
LONGEST_OPTION = 200
TYPES = {
    "normal": ("text", "date", "float", "boolean", "multiple-choice", "user"),
    "transactional": ("text", "date", "float", "boolean", "id"),
    "category": ("category",),
    "calculated": (),
    "global": (),
}
UPDATABLE = ("category", "calculated", "global", "normal")


class Choice(msgspec.Struct):
    """One entry of a category attribute."""

    value: int
    label: str


class AttributeBody(msgspec.Struct, rename="camel"):
    """What creates or updates an attribute."""

    type: str | None = None
    multi_category_options: list[str] | None = None
    enumeration: list[Choice] | None = None
    value: str | None = None
    is_recurring: bool = False


def attributes(call: Call) -> Response:
    """List the attributes."""
    shown = [attribute.shown() for attribute in call.brevo.attributes.values()]
    return wire.json({"attributes": shown})


def create(call: Call) -> Response:
    """Create an attribute."""
    body = call.payload(AttributeBody)
    category, name = _category(call), str(call.params["name"]).upper()
    call.note = {
        "attribute": name,
        "category": category,
        "body": msgspec.to_builtins(body),
    }
    known = call.brevo.attributes
    if not NAME.fullmatch(name) or (name in RESERVED and name not in known):
        raise invalid("Invalid attribute name")
    if name in known:
        raise invalid("Attribute name must be unique")
    if len(known) >= MOST_CUSTOM:
        raise Refusal(400, "out_of_range", f"At most {MOST_CUSTOM} attributes are allowed")
    known[name] = _made(category, name, body)
    return Response(status_code=201)


def _category(call: Call) -> str:
    category = str(call.params["category"])
    if category not in TYPES:
        raise invalid("Invalid attributeCategory")
    return category


def _made(category: str, name: str, body: AttributeBody) -> ContactAttribute:
    if category in ("calculated", "global"):
        if not body.value:
            raise missing("value is required")
        return ContactAttribute(name, category, "float", formula=body.value)
    kind = body.type or ("category" if category == "category" else "text")
    if kind not in TYPES[category]:
        raise invalid(f"type should be one of {', '.join(TYPES[category])}")
    made = ContactAttribute(name, category, kind)
    if kind == "multiple-choice":
        made.options = _options(body.multi_category_options or [])
    if kind == "category":
        made.enumeration = _entries(body.enumeration or [])
    return made


def _options(options: list[str]) -> list[str]:
    for option in options:
        if not option or len(option) > LONGEST_OPTION:
            raise invalid(f"multiCategoryOptions: 1 to {LONGEST_OPTION} characters each")
    return list(dict.fromkeys(options))


def _entries(choices: list[Choice]) -> list[dict[str, Any]]:
    if not choices:
        raise missing("enumeration is required")
    return [{"value": each.value, "label": each.label} for each in choices]


def _existing(call: Call, category: str) -> ContactAttribute:
    attribute = call.brevo.attributes.get(str(call.params["name"]).upper())
    if attribute is None or attribute.category != category:
        raise unknown("Attribute does not exist")
    return attribute


def update(call: Call) -> Response:
    """Add options, replace an enumeration or a formula; the type stays for ever."""
    body, category = call.payload(AttributeBody), _category(call)
    call.note = {
        "attribute": str(call.params["name"]).upper(),
        "category": category,
        "body": msgspec.to_builtins(body),
    }
    if category not in UPDATABLE:
        raise invalid("Invalid attributeCategory")
    attribute = _existing(call, category)
    if attribute.type == "multiple-choice":
        if not body.multi_category_options:
            raise missing("multiCategoryOptions is required")
        added = _options(body.multi_category_options)
        attribute.options = list(dict.fromkeys([*attribute.options, *added]))
    elif category == "category":
        attribute.enumeration = _entries(body.enumeration or [])
    elif category in ("calculated", "global"):
        attribute.formula = body.value or attribute.formula
    else:
        raise invalid("Only the options of multiple-choice attributes can be updated")
    return wire.empty()


def delete(call: Call) -> Response:
    """Delete an attribute and its values."""
    category = _category(call)
    attribute = _existing(call, category)
    call.note = {"attribute": attribute.name, "category": category}
    if category in ("calculated", "global") or attribute.name in RESERVED:
        raise invalid("This attribute cannot be deleted")
    call.brevo.delete_attribute(attribute.name)
    return wire.empty()


def delete_option(call: Call) -> Response:
    """Delete one option of a multiple-choice attribute, with every contact too."""
    attribute, option = _existing(call, "normal"), call.params["option"]
    call.note = {"attribute": attribute.name, "option": option}
    if option not in attribute.options:
        raise unknown("Option does not exist")
    attribute.options.remove(option)
    for contact in call.brevo.contacts.values():
        chosen = contact.attributes.get(attribute.name, [])
        if option in chosen:
            contact.attributes[attribute.name] = [each for each in chosen if each != option]
    return wire.empty()
