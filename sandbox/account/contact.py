"""What Brevo keeps about one contact, and which e-mail addresses it accepts."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import msgspec

ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+"
    r"[A-Za-z]{2,63}"
)


class Contact(msgspec.Struct, rename="camel"):
    """A contact as `GET /contacts` shows it."""

    id: int
    email: str
    created_at: datetime
    modified_at: datetime
    attributes: dict[str, Any]  # Any: JSON values of whatever type years of imports left
    list_ids: list[int]
    email_blacklisted: bool = False
    sms_blacklisted: bool = False
    list_unsubscribed: list[int] | None = None

    def copied(self) -> Contact:
        """Return a copy that shares nothing which can change."""
        return msgspec.structs.replace(
            self, attributes=dict(self.attributes), list_ids=list(self.list_ids)
        )

    @property
    def ext_id(self) -> str | None:
        """Return the outside identifier, which Brevo shows among the attributes."""
        return self.attributes.get("EXT_ID")


def clean_address(text: str) -> str | None:
    """Return the address trimmed and in lower case, or None if it is none."""
    address = text.strip().lower()
    local = address.partition("@")[0]
    dots = local.startswith(".") or local.endswith(".") or ".." in local
    return address if ADDRESS.fullmatch(address) and not dots else None
