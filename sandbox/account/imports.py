"""What an import does when its time has come: every row is applied or reported, none is lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sandbox.account.contact import clean_address
from sandbox.account.contact_attributes import Way

if TYPE_CHECKING:
    from sandbox.account.brevo import Brevo

STARTS_AFTER = 0.02  # seconds that an import waits in the queue
TAKES = 0.05  # seconds until it has been carried out


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it was sent; `attributes` by name as sent."""

    email: str
    attributes: dict[str, Any]  # Any: JSON values as sent
    ext_id: str | None = None


@dataclass(slots=True)
class Import:
    """An import process; `received` and `due` in seconds, sandbox time."""

    id: int
    rows: list[Row]
    way: Way
    list_ids: list[int]
    received: float
    created_at: datetime
    update_existing: bool = True
    clear_empty: bool = False
    blocklist: bool = False
    done: bool = False
    invalid: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)

    @property
    def due(self) -> float:
        """Return when the import will have been carried out."""
        return self.received + TAKES

    def status(self, now: float) -> str:
        """Return Brevo's word for how far the process is."""
        if self.done:
            return "completed"
        return "queued" if now < self.received + STARTS_AFTER else "processing"

    def carry_out(self, brevo: Brevo) -> None:
        """Apply every row; of several rows for one address the first counts."""
        seen: set[str] = set()
        list_ids = [list_id for list_id in self.list_ids if list_id in brevo.lists]
        for row in self.rows:
            email = clean_address(row.email)
            if email is None:
                self.invalid.append(row.email)
            elif email in seen:
                self.duplicates.append(row.email)
            else:
                seen.add(email)
                self._apply(brevo, email, row, list_ids)
        self.done = True

    def _apply(self, brevo: Brevo, email: str, row: Row, list_ids: list[int]) -> None:
        contact = brevo.by_email.get(email)
        if contact is None:
            contact = brevo.create(email, row.attributes, way=self.way, list_ids=list_ids)
        elif self.update_existing:
            brevo.write(
                contact,
                row.attributes,
                way=self.way,
                list_ids=list_ids,
                clear_empty=self.clear_empty,
            )
        else:
            # Insert only: the row still puts the contact on the lists.
            brevo.write(contact, {}, list_ids=list_ids)
        if self.blocklist:
            contact.email_blacklisted = True
        if row.ext_id and row.ext_id not in brevo.by_ext_id:
            brevo.set_ext_id(contact, row.ext_id)
