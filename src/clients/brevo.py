"""What is in Brevo, and how does it get there? Contacts, attributes, lists, imports."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from mooring.sdk import HttpResponse, http

from .addresses import base_address
from .budgets import brevo_contacts, brevo_other
from .refusals import brevo_answer, reason

Entity = dict[str, Any]  # Any: entities are JSON

CONTACTS_PER_PAGE = 1000
LISTS_PER_PAGE = 50
MOST_IDS = 20
REPORT_DELIMITER = ";"
PLANNED_FOLDER, PLANNED_LIST, PLANNED_PROCESS = -1, -2, -3  # ids of what a plan did not create
UNFINISHED = ("queued", "processing", "in_process")


@dataclass(frozen=True, slots=True)
class Process:
    """How far an import is; ``reports`` maps a reason to the address of a CSV of bad rows."""

    status: str
    reports: Mapping[str, str]

    @property
    def finished(self) -> bool:
        """Whether nothing further will happen."""
        return self.status not in UNFINISHED

    @property
    def failed(self) -> bool:
        """Whether it ended without having been carried out."""
        return self.finished and self.status != "completed"


class Brevo:
    """Brevo's API with one key."""

    def __init__(self, api_key: str) -> None:
        self._api_key = api_key
        self._contacts = (brevo_contacts(api_key),)
        self._other = (brevo_other(api_key),)

    def account(self) -> Entity:
        """Return whose account this is."""
        answer = self._call("GET", "/account", budgets=self._other)
        return dict(brevo_answer(answer, about="the account").json())

    def contacts(
        self, *, offset: int = 0, limit: int = CONTACTS_PER_PAGE
    ) -> tuple[list[Entity], int]:
        """Return one page of contacts, the oldest first, and how many there are in all."""
        params = {"limit": limit, "offset": offset, "sort": "asc"}
        answer = self._call("GET", "/contacts", params=params)
        told = brevo_answer(answer, about="the contacts").json()
        page = list(told.get("contacts", []))
        return page, int(told.get("count", offset + len(page)))

    def contacts_by_ids(
        self, ids: Sequence[int], *, written: Sequence[Entity] | None = None
    ) -> list[Entity]:
        """Return those of up to 20 contacts that exist.

        What is read back has just been ``written``; a plan, which writes nothing, goes by that.
        """
        params = {"ids": ",".join(map(str, ids[:MOST_IDS])), "limit": MOST_IDS}
        planned = None if written is None else {"contacts": list(written)}
        answer = self._call("GET", "/contacts", params=params, planned=planned)
        return list(brevo_answer(answer, about="the contacts").json().get("contacts", []))

    def attributes(self) -> list[Entity]:
        """List the attributes that contacts can have."""
        answer = self._call("GET", "/contacts/attributes")
        return list(brevo_answer(answer, about="the attributes").json().get("attributes", []))

    def create_attribute(self, name: str, *, kind: str) -> None:
        """Create an attribute (``text``, ``boolean``, ``date`` …); one that is there is fine."""
        path = f"/contacts/attributes/normal/{quote(name, safe='')}"
        answer = self._call("POST", path, json={"type": kind})
        if answer.status == 400 and name in {each["name"] for each in self.attributes()}:
            return  # someone else, or an attempt that was cut off, created it
        brevo_answer(answer, about=f"the attribute {name}")

    def update_contact(
        self, email: str, attributes: Mapping[str, Any], *, known: Mapping[str, Any] | None = None
    ) -> str:
        """Change a contact that exists; return why Brevo refused, or ``""``.

        ``known`` is what we wrote there last. Raises CredentialsRejected; what concerns this
        contact alone is an answer, not an error.
        """
        path = f"/contacts/{quote(email, safe='')}?identifierType=email_id"
        before = {"attributes": dict(known)} if known else None
        answer = self._call("PUT", path, json={"attributes": dict(attributes)}, before=before)
        if answer.status == 404:
            return "Brevo has no contact with this address any more."
        if answer.status in (400, 425):
            return f"Brevo refused the values: {reason(answer)}"
        brevo_answer(answer, about="the change of a contact")
        return ""

    def import_contacts(self, rows: Sequence[Mapping[str, Any]], *, list_id: int) -> int:
        """Start an import of ``{"email", "attributes"}`` rows; return the id of its process.

        Empty cells erase values, so every row has to carry the same attributes. Addresses that
        Brevo does not know become contacts: give it those alone that were just read.
        """
        body = {
            "listIds": [list_id],
            "updateExistingContacts": True,
            "emptyContactsAttributes": True,
            "disableNotification": True,
            "jsonBody": list(rows),
        }
        # Started twice it does the same thing twice over, so a repetition does no harm.
        answer = self._call(
            "POST",
            "/contacts/import",
            json=body,
            idempotent=True,
            timeout=50.0,
            planned={"processId": PLANNED_PROCESS},
        )
        return int(brevo_answer(answer, about="the import of contacts").json()["processId"])

    def process(self, process_id: int) -> Process:
        """Say how far an import is."""
        path = f"/processes/{process_id}"
        done = {"status": "completed"} if process_id == PLANNED_PROCESS else None
        answer = self._call("GET", path, budgets=self._other, timeout=15.0, planned=done)
        found = brevo_answer(answer, about=f"the state of import {process_id}").json()
        reports = (found.get("info") or {}).get("import") or {}
        named = {name: url for name, url in reports.items() if isinstance(url, str) and url}
        return Process(str(found["status"]), named)

    def report(self, url: str) -> list[str]:
        """Return the addresses in a report of bad rows: the first column below its heading."""
        own = url.startswith(base_address("BREVO") + "/")
        answer = http.get(url, headers=self._headers() if own else {}, budgets=self._other)
        answer.raise_for_status()
        lines = csv.reader(io.StringIO(answer.text), delimiter=REPORT_DELIMITER)
        return [line[0].strip() for line in list(lines)[1:] if line]

    def folder(self, name: str) -> int:
        """Return the id of a folder, created if it is not there."""
        found = self._named("/contacts/folders", "folders", name)
        if found is not None:
            return found
        answer = self._call(
            "POST", "/contacts/folders", json={"name": name}, planned={"id": PLANNED_FOLDER}
        )
        return int(brevo_answer(answer, about=f"the folder {name}").json()["id"])

    def list_in_folder(self, name: str, *, folder: str) -> int:
        """Return the id of a list in a folder, both created if they are not there."""
        folder_id = self.folder(folder)
        if folder_id != PLANNED_FOLDER:
            found = self._named(f"/contacts/folders/{folder_id}/lists", "lists", name)
            if found is not None:
                return found
        body = {"name": name, "folderId": folder_id}
        answer = self._call("POST", "/contacts/lists", json=body, planned={"id": PLANNED_LIST})
        return int(brevo_answer(answer, about=f"the list {name}").json()["id"])

    def delete_folder(self, folder_id: int) -> None:
        """Delete a folder with its lists; contacts stay; one that is gone is no error."""
        answer = self._call("DELETE", f"/contacts/folders/{folder_id}")
        if answer.status != 404:
            brevo_answer(answer, about="the removal of a folder")

    def _named(self, path: str, what: str, name: str) -> int | None:
        return next((int(e["id"]) for e in self._pages(path, what) if e["name"] == name), None)

    def _pages(self, path: str, what: str) -> Iterable[Entity]:
        offset = 0
        while True:
            params = {"limit": LISTS_PER_PAGE, "offset": offset, "sort": "asc"}
            answer = brevo_answer(self._call("GET", path, params=params), about=f"the {what}")
            page = (answer.json() or {}).get(what) or []
            yield from page
            offset += len(page)
            if len(page) < LISTS_PER_PAGE:
                return

    def _call(self, method: str, path: str, **options: Any) -> HttpResponse:
        options.setdefault("budgets", self._contacts)
        url = base_address("BREVO") + path
        return http.request(method, url, headers=self._headers(), **options)

    def _headers(self) -> dict[str, str]:
        return {"api-key": self._api_key, "accept": "application/json"}
