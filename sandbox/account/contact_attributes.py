"""Which contact attributes exist and which values they take. Knows no HTTP.

Values that an attribute does not take are dropped without a word, as Brevo does.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Any

NAME = re.compile(r"[A-Z][A-Z0-9_]{0,49}")
RESERVED = frozenset({"EMAIL", "SMS", "WHATSAPP", "LANDLINE_NUMBER", "EXT_ID"})
IMPORT_BOOLEANS = {"Yes": True, "No": False}
DAY_FIRST = re.compile(r"\d{2}-\d{2}-\d{4}")
YEAR_FIRST = re.compile(r"\d{4}-\d{2}-\d{2}")


class Way(Enum):
    """How a value came: in a call about one contact, or in a JSON or CSV import."""

    CALL = "call"
    JSON_IMPORT = "json import"
    CSV_IMPORT = "csv import"


class Drop(Enum):
    """The answer for a value that the attribute does not take."""

    VALUE = "dropped"


@dataclass(slots=True)
class ContactAttribute:
    """An attribute of contacts; `options` only for multiple-choice, `enumeration` for category."""

    name: str
    category: str
    type: str
    options: list[str] = field(default_factory=list)
    enumeration: list[dict[str, Any]] = field(default_factory=list)
    formula: str | None = None

    def shown(self) -> dict[str, Any]:
        """Return the attribute as `GET /contacts/attributes` lists it."""
        shown: dict[str, Any] = {"name": self.name, "category": self.category}
        if self.category in ("calculated", "global"):
            return shown | {"type": "float", "calculatedValue": self.formula}
        if self.category == "category":
            return shown | {"type": "category", "enumeration": self.enumeration}
        shown["type"] = self.type
        if self.type == "multiple-choice":
            shown["multiCategoryOptions"] = self.options
        return shown

    def take(self, value: Any, way: Way) -> Any:  # Any: JSON in, JSON out
        """Return the value as it is stored, or `Drop.VALUE`."""
        if self.category in ("calculated", "global"):
            return Drop.VALUE
        if self.category == "category":
            return self._enumerated(value)
        if self.type == "multiple-choice":
            return self._chosen(value)
        reader = READERS.get(self.type)
        return reader(value, way) if reader else Drop.VALUE

    def _chosen(self, value: Any) -> Any:
        if not isinstance(value, list) or not all(each in self.options for each in value):
            return Drop.VALUE
        return list(dict.fromkeys(value))

    def _enumerated(self, value: Any) -> Any:
        for entry in self.enumeration:
            if value in (entry["label"], entry["value"]) and not isinstance(value, bool):
                return entry["value"]
        return Drop.VALUE


def _text(value: Any, _way: Way) -> Any:
    return value if isinstance(value, str) else Drop.VALUE


def _float(value: Any, way: Way) -> Any:
    if way is Way.CSV_IMPORT:
        try:
            value = float(value)
        except ValueError:
            return Drop.VALUE
        return (int(value) if value.is_integer() else value) if math.isfinite(value) else Drop.VALUE
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number else Drop.VALUE


def _boolean(value: Any, way: Way) -> Any:
    # Imports understand Yes and No alone; calls about one contact take JSON's booleans.
    if way is Way.CALL:
        return value if isinstance(value, bool) else Drop.VALUE
    return IMPORT_BOOLEANS.get(value, Drop.VALUE) if isinstance(value, str) else Drop.VALUE


def _date(value: Any, _way: Way) -> Any:
    if not isinstance(value, str):
        return Drop.VALUE
    if DAY_FIRST.fullmatch(value):
        value = "-".join(reversed(value.split("-")))
    if not YEAR_FIRST.fullmatch(value):
        return Drop.VALUE
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        return Drop.VALUE


READERS: dict[str, Callable[[Any, Way], Any]] = {
    "text": _text,
    "float": _float,
    "boolean": _boolean,
    "date": _date,
    "user": _text,
    "id": _text,
}


def first_attributes() -> dict[str, ContactAttribute]:
    """Return the attributes of the account as it starts, by name."""
    types = {
        "FIRSTNAME": "text",
        "LASTNAME": "text",
        "SMS": "text",
        "EXT_ID": "text",
        "COUNTRY": "text",
        "PLAN": "text",
        "AGE": "float",
        "IS_VIP": "boolean",
        "APP_VERSION": "text",
        "LTV": "float",
        "SIGNUP_DAYS": "float",
        "LANGUAGE": "text",
    }
    normal = [ContactAttribute(name, "normal", kind) for name, kind in types.items()]
    blacklist = ContactAttribute("BLACKLIST", "global", "float", formula="COUNT[BLACKLISTED]")
    return {each.name: each for each in (*normal, blacklist)}
