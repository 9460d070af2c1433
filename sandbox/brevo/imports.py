"""Bulk imports and the processes that carry them out, as Brevo answers."""

from __future__ import annotations

import asyncio
import csv
import io
import logging
from typing import Any

import msgspec
from starlette.background import BackgroundTask
from starlette.responses import Response

from sandbox import wire
from sandbox.account.brevo import Brevo
from sandbox.account.contact_attributes import Way
from sandbox.account.imports import TAKES, Import, Row
from sandbox.brevo.gate import Call, Refusal, invalid, missing, unknown
from sandbox.posting import post

MOST_PROCESSES = 50
DELIMITER = ";"
IDENTIFIERS = frozenset({"EMAIL", "EXT_ID", "SMS", "WHATSAPP", "LANDLINE_NUMBER"})


class NewList(msgspec.Struct, rename="camel"):
    """A list that an import creates."""

    list_name: str
    folder_id: int


class JsonRow(msgspec.Struct):
    """One row of a JSON import; null stands for an empty cell."""

    email: str | None = None
    ext_id: str | None = None
    attributes: dict[str, str | int | float | bool | list[str] | None] = {}


class ImportBody(msgspec.Struct, rename="camel"):
    """What `POST /contacts/import` takes."""

    json_body: list[JsonRow] | None = None
    file_body: str | None = None
    file_url: str | None = None
    list_ids: list[int] = []
    new_list: NewList | None = None
    update_existing_contacts: bool = True
    empty_contacts_attributes: bool = False
    email_blacklist: bool = False
    sms_blacklist: bool = False
    disable_notification: bool = False
    notify_url: str | None = None


def start(call: Call) -> Response:
    """Accept an import; its rows are applied a moment later."""
    body = call.payload(ImportBody)
    rows, way = _rows(body)
    call.note = {
        "rows": [{"email": row.email, "attributes": row.attributes} for row in rows],
        "list_ids": body.list_ids,
        "update_existing": body.update_existing_contacts,
        "clear_empty": body.empty_contacts_attributes,
        "disable_notification": body.disable_notification,
    }
    job = Import(
        id=call.brevo.next_id(),
        rows=rows,
        way=way,
        list_ids=_lists(call, body),
        received=call.account.clock.timestamp(),
        created_at=call.account.clock.now(),
        update_existing=body.update_existing_contacts,
        clear_empty=body.empty_contacts_attributes,
        blocklist=body.email_blacklist,
    )
    call.brevo.start_import(job)
    call.note["process_id"] = job.id
    response = wire.json({"processId": job.id}, status=202)
    response.background = BackgroundTask(_finish, call.brevo, job.id, body.notify_url)
    return response


async def _finish(brevo: Brevo, process_id: int, notify_url: str | None) -> None:
    """Carry the import out in its own time, then tell whoever wants to know.

    Brevo does not document the body of the notification; here it is the process id.
    """
    await asyncio.sleep(TAKES)
    brevo.settle()
    if notify_url is None:
        return
    posted = await post(notify_url, msgspec.json.encode({"processId": process_id}))
    if posted.error:
        logging.getLogger(__name__).warning("notifyUrl was not reached: %s", posted.error)


def _rows(body: ImportBody) -> tuple[list[Row], Way]:
    sources = [body.json_body, body.file_body, body.file_url]
    if sum(source is not None for source in sources) != 1:
        raise missing("Exactly one of fileUrl, fileBody or jsonBody is required")
    if body.file_url is not None:
        raise invalid("fileUrl: the sandbox fetches nothing; send jsonBody or fileBody")
    if body.json_body is not None:
        return _json_rows(body.json_body), Way.JSON_IMPORT
    return _csv_rows(body.file_body or ""), Way.CSV_IMPORT


def _json_rows(rows: list[JsonRow]) -> list[Row]:
    if not rows:
        raise invalid("jsonBody should not be empty")
    return [
        Row(
            row.email or "",
            {name: "" if value is None else value for name, value in row.attributes.items()},
            row.ext_id,
        )
        for row in rows
    ]


def _csv_rows(text: str) -> list[Row]:
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=DELIMITER)
    columns = [name.strip().upper() for name in reader.fieldnames or ()]
    if "EMAIL" not in columns:
        raise invalid("fileBody: no valid identifier column; the first line names the columns")
    rows = []
    for line in reader:
        cells = {str(name).strip().upper(): value or "" for name, value in line.items() if name}
        values = {name: value for name, value in cells.items() if name not in IDENTIFIERS}
        rows.append(Row(cells.get("EMAIL", ""), values, cells.get("EXT_ID") or None))
    if not rows:
        raise invalid("fileBody has no rows")
    return rows


def _lists(call: Call, body: ImportBody) -> list[int]:
    if body.new_list is not None:
        if body.new_list.folder_id not in call.brevo.folders:
            raise invalid("Folder does not exist")
        return [call.brevo.add_list(body.new_list.list_name, body.new_list.folder_id).id]
    if not body.list_ids:
        raise missing("Either listIds or newList is required")
    gone = [list_id for list_id in body.list_ids if list_id not in call.brevo.lists]
    if gone:
        raise invalid(f"List ids {gone} do not exist")
    return body.list_ids


def process(call: Call) -> Response:
    """Answer how far one process is."""
    return wire.json(_shown(call, _job(call)))


def processes(call: Call) -> Response:
    """Answer one page of processes."""
    limit = call.number("limit", 10, most=MOST_PROCESSES)
    offset = call.number("offset", 0)
    jobs = list(call.brevo.imports.values())
    if call.newest_first():
        jobs.reverse()
    shown = [_shown(call, job) for job in jobs[offset : offset + limit]]
    return wire.json({"processes": shown, "count": len(jobs)})


def _job(call: Call) -> Import:
    job = call.brevo.imports.get(call.params["id"])
    if job is None:
        raise unknown("Process ID not found")
    return job


def _shown(call: Call, job: Import) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": job.id,
        "name": "IMPORTUSER",
        "status": job.status(call.account.clock.timestamp()),
    }
    if job.done:
        reports: dict[str, str | None] = dict.fromkeys(
            (
                "invalid_emails",
                "duplicate_contact_id",
                "duplicate_ext_id",
                "duplicate_email_id",
                "duplicate_phone_id",
                "duplicate_whatsapp_id",
                "duplicate_landline_number_id",
            )
        )
        for name, rows in (
            ("invalid_emails", job.invalid),
            ("duplicate_email_id", job.duplicates),
        ):
            reports[name] = f"{call.base}/reports/{job.id}/{name}.csv" if rows else None
        shown["info"] = {"import": reports}
    return shown


def report(call: Call) -> Response:
    """Answer the rows that an import set aside, as CSV."""
    job = _job(call)
    rows = {"invalid_emails": job.invalid, "duplicate_email_id": job.duplicates}
    if call.params["name"] not in rows:
        raise Refusal(404, "document_not_found", "Report not found")
    text = io.StringIO()
    writer = csv.writer(text, delimiter=DELIMITER)
    writer.writerow(["EMAIL"])
    writer.writerows([email] for email in rows[call.params["name"]])
    return Response(text.getvalue(), media_type="text/csv")
