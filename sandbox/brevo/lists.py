"""Folders, lists and who is on them, as Brevo answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from starlette.responses import Response

from sandbox import wire
from sandbox.account.brevo import ContactList
from sandbox.account.contact import Contact, clean_address
from sandbox.brevo.gate import Call, Refusal, invalid, missing, unknown

MOST_PER_PAGE = 50
MOST_MEMBERS_PER_PAGE = 500
MOST_MEMBERS_PER_CALL = 150
MOST_LISTS = 300
MOST_FOLDERS = 300


class FolderBody(msgspec.Struct):
    """What creates a folder."""

    name: str | None = None


class ListBody(msgspec.Struct, rename="camel"):
    """What creates or updates a list."""

    name: str | None = None
    folder_id: int | None = None


class MembersBody(msgspec.Struct, rename="camel"):
    """Who is put on a list or taken off; exactly one field."""

    emails: list[str] | None = None
    ids: list[int] | None = None
    ext_ids: list[str] | None = None
    all: bool | None = None


def folders(call: Call) -> Response:
    """Answer one page of folders."""
    shown = [{"id": folder.id, "name": folder.name} for folder in call.brevo.folders.values()]
    return _page(call, "folders", shown)


def create_folder(call: Call) -> Response:
    """Create a folder."""
    name = call.payload(FolderBody).name
    call.note = {"folder": name}
    if not name:
        raise missing("name is required")
    if len(call.brevo.folders) >= MOST_FOLDERS:
        raise Refusal(400, "out_of_range", f"At most {MOST_FOLDERS} folders are allowed")
    return wire.json({"id": call.brevo.add_folder(name).id}, status=201)


def delete_folder(call: Call) -> Response:
    """Delete a folder with its lists; contacts stay."""
    folder_id = call.params["id"]
    call.note = {"folder_id": folder_id}
    if call.brevo.folders.pop(folder_id, None) is None:
        raise unknown("Folder ID does not exist")
    for each in [each for each in call.brevo.lists.values() if each.folder_id == folder_id]:
        call.brevo.delete_list(each.id)
    return wire.empty()


def folder_lists(call: Call) -> Response:
    """Answer one page of a folder's lists."""
    folder_id = call.params["id"]
    if folder_id not in call.brevo.folders:
        raise unknown("Folder ID does not exist")
    own = [each for each in call.brevo.lists.values() if each.folder_id == folder_id]
    return _page(call, "lists", [_shown(call, each) for each in own])


def _page(call: Call, name: str, shown: list[dict[str, Any]]) -> Response:
    limit, offset = (
        call.number("limit", 10, most=MOST_PER_PAGE),
        call.number("offset", 0),
    )
    if call.newest_first():
        shown = shown[::-1]
    return wire.json({name: shown[offset : offset + limit], "count": len(shown)})


def _shown(call: Call, each: ContactList) -> dict[str, Any]:
    # The two totals are 0 in collections by Brevo's own documentation; only the third counts.
    return {
        "id": each.id,
        "name": each.name,
        "folderId": each.folder_id,
        "uniqueSubscribers": len(call.brevo.members(each.id)),
        "totalSubscribers": 0,
        "totalBlacklisted": 0,
    }


def lists(call: Call) -> Response:
    """Answer one page of lists."""
    return _page(call, "lists", [_shown(call, each) for each in call.brevo.lists.values()])


def create_list(call: Call) -> Response:
    """Create a list in a folder."""
    body = call.payload(ListBody)
    call.note = {"list": body.name, "folder_id": body.folder_id}
    if not body.name or body.folder_id is None:
        raise missing("name and folderId are required")
    if body.folder_id not in call.brevo.folders:
        raise invalid("Folder ID does not exist")
    if len(call.brevo.lists) >= MOST_LISTS:
        raise Refusal(400, "out_of_range", f"At most {MOST_LISTS} lists are allowed")
    return wire.json({"id": call.brevo.add_list(body.name, body.folder_id).id}, status=201)


def _list(call: Call) -> ContactList:
    found = call.brevo.lists.get(call.params["id"])
    if found is None:
        raise unknown("List ID does not exist")
    return found


def one_list(call: Call) -> Response:
    """Answer one list, with its real totals."""
    found = _list(call)
    members = call.brevo.members(found.id)
    totals = {
        "totalSubscribers": len(members),
        "totalBlacklisted": sum(each.email_blacklisted for each in members),
        "createdAt": found.created_at,
        "dynamicList": found.dynamic,
    }
    return wire.json(_shown(call, found) | totals)


def update_list(call: Call) -> Response:
    """Rename a list or move it: one of the two."""
    found, body = _list(call), call.payload(ListBody)
    call.note = {"list_id": found.id, "list": body.name, "folder_id": body.folder_id}
    if (body.name is None) == (body.folder_id is None):
        raise invalid("Either name or folderId should be passed")
    if body.folder_id is not None and body.folder_id not in call.brevo.folders:
        raise invalid("Folder ID does not exist")
    found.name = body.name or found.name
    found.folder_id = body.folder_id or found.folder_id
    return wire.empty()


def delete_list(call: Call) -> Response:
    """Delete a list; contacts stay."""
    call.note = {"list_id": call.params["id"]}
    call.brevo.delete_list(_list(call).id)
    return wire.empty()


def members(call: Call) -> Response:
    """Answer one page of the contacts on a list."""
    found = call.brevo.members(_list(call).id)
    limit = call.number("limit", 50, most=MOST_MEMBERS_PER_PAGE)
    offset, since = call.number("offset", 0), call.moment("modifiedSince")
    if since:
        found = [contact for contact in found if contact.modified_at >= since]
    if call.newest_first():
        found.reverse()
    return wire.json({"contacts": found[offset : offset + limit], "count": len(found)})


def add_members(call: Call) -> Response:
    """Put contacts that exist on a list."""
    found = _list(call)

    def add(contact: Contact) -> bool:
        if found.id in contact.list_ids:
            return False
        contact.list_ids.append(found.id)
        return True

    return _change_members(call, call.payload(MembersBody), add, "already in list")


def remove_members(call: Call) -> Response:
    """Take contacts off a list; with `all` everybody."""
    found, body = _list(call), call.payload(MembersBody)
    if body.all:
        call.note = {"list_id": found.id, "all": True}
        gone = call.brevo.members(found.id)
        for contact in gone:
            contact.list_ids.remove(found.id)
        answer = {"processId": call.brevo.next_id(), "total": len(gone)}
        return wire.json({"contacts": answer}, status=201)

    def remove(contact: Contact) -> bool:
        if found.id not in contact.list_ids:
            return False
        contact.list_ids.remove(found.id)
        return True

    return _change_members(call, body, remove, "already removed from list")


def _change_members(
    call: Call, body: MembersBody, change: Callable[[Contact], bool], already: str
) -> Response:
    given = [each for each in (body.emails, body.ids, body.ext_ids) if each is not None]
    if len(given) != 1 or not given[0]:
        raise missing("Exactly one of emails, ids or extIds is required")
    call.note = {"list_id": call.params["id"], "members": given[0]}
    if len(given[0]) > MOST_MEMBERS_PER_CALL:
        raise Refusal(400, "out_of_range", f"At most {MOST_MEMBERS_PER_CALL} contacts per call")
    success: list[str | int] = []
    failure: list[str | int] = []
    for member in given[0]:
        contact = _member(call, body, member)
        changed = contact is not None and change(contact)
        (success if changed else failure).append(member)
    if not success:
        raise invalid(f"Contacts {already} and/or does not exist")
    return wire.json({"contacts": {"success": success, "failure": failure}}, status=201)


def _member(call: Call, body: MembersBody, member: str | int) -> Contact | None:
    if body.ids is not None:
        return call.brevo.contacts.get(int(member))
    if body.ext_ids is not None:
        return call.brevo.by_ext_id.get(str(member))
    return call.brevo.by_email.get(clean_address(str(member)) or "")
