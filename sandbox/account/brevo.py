"""What Brevo holds for the account: contacts, attributes, folders, lists and processes.

Knows Brevo's rules about identities and values, not its HTTP.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.account.clock import Clock
from sandbox.account.contact import Contact
from sandbox.account.contact_attributes import (
    ContactAttribute,
    Drop,
    Way,
    first_attributes,
)
from sandbox.account.imports import Import
from sandbox.account.people import FIRST_SEEN

Values = dict[str, Any]  # Any: attribute values are JSON


@dataclass(slots=True)
class Folder:
    """A folder of lists."""

    id: int
    name: str


@dataclass(slots=True)
class ContactList:
    """A list of contacts; who is on it is written with each contact."""

    id: int
    name: str
    folder_id: int
    created_at: datetime
    dynamic: bool = False


@dataclass(slots=True)
class Brevo:
    """The Brevo side of the account."""

    clock: Clock
    contacts: dict[int, Contact] = field(default_factory=dict)
    by_email: dict[str, Contact] = field(default_factory=dict)
    by_ext_id: dict[str, Contact] = field(default_factory=dict)
    attributes: dict[str, ContactAttribute] = field(default_factory=first_attributes)
    folders: dict[int, Folder] = field(default_factory=dict)
    lists: dict[int, ContactList] = field(default_factory=dict)
    imports: dict[int, Import] = field(default_factory=dict)
    _contact_ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _other_ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    @classmethod
    def first(cls, clock: Clock, known: Iterable[Contact]) -> Brevo:
        """Return the account as it is on every start, with copies of the known contacts."""
        brevo = cls(clock)
        folder = brevo.add_folder("Newsletters")
        for name in ("Newsletter", "Customers", "Beta testers"):
            brevo.add_list(name, folder.id).created_at = FIRST_SEEN
        for contact in known:
            brevo._keep(contact.copied())
        brevo._contact_ids = itertools.count(len(brevo.contacts) + 1)
        return brevo

    def _keep(self, contact: Contact) -> None:
        self.contacts[contact.id] = contact
        self.by_email[contact.email] = contact
        if contact.ext_id:
            self.by_ext_id[contact.ext_id] = contact

    def add_folder(self, name: str) -> Folder:
        """Create a folder."""
        folder = Folder(next(self._other_ids), name)
        self.folders[folder.id] = folder
        return folder

    def add_list(self, name: str, folder_id: int) -> ContactList:
        """Create a list in a folder that exists."""
        created = ContactList(next(self._other_ids), name, folder_id, self.clock.now())
        self.lists[created.id] = created
        return created

    def delete_list(self, list_id: int) -> None:
        """Delete a list; its contacts stay."""
        del self.lists[list_id]
        for contact in self.contacts.values():
            if list_id in contact.list_ids:
                contact.list_ids.remove(list_id)

    def members(self, list_id: int) -> list[Contact]:
        """Return the contacts on a list, oldest first."""
        return [contact for contact in self.contacts.values() if list_id in contact.list_ids]

    def create(self, email: str, values: Values, *, way: Way, list_ids: Iterable[int]) -> Contact:
        """Create the contact of an address that is not known yet."""
        now = self.clock.now()
        contact = Contact(next(self._contact_ids), email, now, now, {}, [])
        self._keep(contact)
        self.write(contact, values, way=way, list_ids=list_ids)
        return contact

    def write(
        self,
        contact: Contact,
        values: Values,
        *,
        way: Way = Way.CALL,
        list_ids: Iterable[int] = (),
        clear_empty: bool = True,
    ) -> None:
        """Set what the attributes take, silently drop the rest, add to lists."""
        for name, value in values.items():
            self._set(contact, name.upper(), value, way=way, clear_empty=clear_empty)
        for list_id in list_ids:
            if list_id not in contact.list_ids:
                contact.list_ids.append(list_id)
        contact.modified_at = self.clock.now()

    def _set(self, contact: Contact, name: str, value: Any, *, way: Way, clear_empty: bool) -> None:
        attribute = self.attributes.get(name)
        if attribute is None or name == "EXT_ID":
            return
        if value == "":
            if clear_empty:
                contact.attributes.pop(name, None)
            return
        taken = attribute.take(value, way)
        if taken is not Drop.VALUE:
            contact.attributes[name] = taken

    def set_ext_id(self, contact: Contact, ext_id: str) -> None:
        """Give a contact its outside identifier."""
        if contact.ext_id:
            self.by_ext_id.pop(contact.ext_id, None)
        contact.attributes["EXT_ID"] = ext_id
        self.by_ext_id[ext_id] = contact

    def rename(self, contact: Contact, email: str) -> None:
        """Change a contact's address; as in Brevo, this lifts a block."""
        del self.by_email[contact.email]
        contact.email = email
        contact.email_blacklisted = False
        self.by_email[email] = contact

    def delete(self, contact: Contact) -> None:
        """Forget a contact."""
        del self.contacts[contact.id]
        del self.by_email[contact.email]
        if contact.ext_id:
            self.by_ext_id.pop(contact.ext_id, None)

    def delete_attribute(self, name: str) -> None:
        """Delete an attribute and its values with every contact."""
        del self.attributes[name]
        for contact in self.contacts.values():
            contact.attributes.pop(name, None)

    def start_import(self, job: Import) -> None:
        """Accept an import under a process id; `settle` carries it out when it is due."""
        self.imports[job.id] = job

    def next_id(self) -> int:
        """Return an id for something new."""
        return next(self._other_ids)

    def settle(self) -> None:
        """Carry out the imports that are due, in the order in which they came."""
        now = self.clock.timestamp()
        for job in self.imports.values():
            if not job.done and job.due <= now:
                job.carry_out(self)
