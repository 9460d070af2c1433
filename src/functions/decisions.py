"""What becomes of the decisions that a listener in the customer's own service reports?

Each is kept under its contact, and as an event of the customer; what belongs to no contact is set
aside. A batch with a malformed report is refused as a whole, before anything is kept.
"""

from __future__ import annotations

import hmac
import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any

from mooring.sdk import Function, Response, errors, logger, odp, storage

from ..clients.followed_datafiles import followed_datafile
from ..clients.stored_settings import load_settings
from ..clients.sync_requests import request_sync
from ..core.decisions import (
    DECIDED,
    DECISIONS_TOKEN,
    NO_CONTACT,
    Report,
    ReportInvalid,
    contact_of,
    customer_event,
    merge,
    read_report,
)
from ..core.settings import Settings

MOST_REPORTS = 1000
SHELF = "deadletter/decision"
SHELVED_FOR = 90 * 86_400.0  # seconds


class Decisions(Function):
    """POST one notification or an array of them with ``Authorization: Bearer …``."""

    def perform(self) -> Response:
        """Keep what was reported; answer ``{"accepted": n, "shelved": n}``."""
        if refusal := _refusal(self.request.headers.get("authorization") or ""):
            return refusal
        reported = self.request.body_json
        items = reported if isinstance(reported, list) else [reported]
        if len(items) > MOST_REPORTS:
            said = f"There are {len(items)} reports in one message."
            hint = f"Send at most {MOST_REPORTS} at once."
            return _error(413, "request.too_many", said, hint=hint)
        settings = load_settings()
        reports = _read(items, settings)
        accepted = _keep(reports, items, settings)
        return Response(200, {"accepted": accepted, "shelved": len(items) - accepted})


def _refusal(authorization: str) -> Response | None:
    """Return why this caller may not report anything; None if it may."""
    token = str(storage.secrets.get(DECISIONS_TOKEN).get("value") or "")
    if not token:
        said = "No token is set with which callers could be told apart."
        hint = f"On the host: mooring secrets optimizely_connector set {DECISIONS_TOKEN}"
        return _error(503, "request.no_token", said, hint=hint)
    scheme, _, given = authorization.partition(" ")
    same = hmac.compare_digest(given.strip().encode(), token.encode())
    if same and scheme.lower() == "bearer":
        return None
    said, hint = "The token is missing or wrong.", "Send the header Authorization: Bearer …"
    refused = _error(401, "request.token", said, hint=hint)
    refused.headers.set("www-authenticate", "Bearer")
    return refused


def _read(items: Sequence[Any], settings: Settings) -> list[Report]:
    """Read every report. Raises RequestInvalid naming the first that is malformed."""
    now = datetime.now(UTC).timestamp()
    deliveries = _deliveries(settings, now=now)
    reports = []
    for number, item in enumerate(items):
        try:
            reports.append(read_report(item, now=now, deliveries=deliveries))
        except ReportInvalid as error:
            raise errors.RequestInvalid(
                f"Report {number}: {error}.",
                where=f"body[{number}]",
                hint="Nothing of this batch was kept. Reports count from 0.",
            ) from error
    return reports


def _keep(reports: Sequence[Report], items: Sequence[Any], settings: Settings) -> int:
    """Keep reports under their contacts and set the others aside; return how many were kept."""
    by_contact: dict[str, list[Report]] = defaultdict(list)
    for report, item in zip(reports, items, strict=True):
        _log(report, settings)
        email = contact_of(report, user_id_is_email=settings.user_id == "email")
        if email:
            by_contact[email].append(report)
        else:
            _shelve(report, item)
    odp.send_events(
        [customer_event(each, email=email) for email, own in by_contact.items() for each in own]
    )
    changed = [_remember(email, own) for email, own in by_contact.items()]
    if any(changed):
        request_sync(settings, stages=("push",))
    return sum(map(len, by_contact.values()))


def _remember(email: str, reports: Sequence[Report]) -> bool:
    """Merge decisions into what is kept of a contact; tell whether that changed anything."""
    decided = [each for each in reports if each.kind != "track"]
    if not decided:
        return False
    former = storage.kv_store.patch(DECIDED + email, partial(_merged, reports=decided))
    return _merged(former, reports=decided) != former


def _merged(kept: dict[str, Any], *, reports: Sequence[Report]) -> dict[str, Any]:
    for report in reports:
        kept = merge(kept, report)
    return kept


def _shelve(report: Report, item: Any) -> None:
    """Set a report aside; the same one again is the same record."""
    record = {"reason": NO_CONTACT, "record": item, "at": report.at}
    storage.kv_store.put(f"{SHELF}/{report.report_id}", record, ttl=SHELVED_FOR)
    logger.warn("decision.shelved", reason=NO_CONTACT, report=report.report_id)


def _log(report: Report, settings: Settings) -> None:
    """Write down what was reported, where that is wished, but not of whom."""
    if report.kind == "track":
        if settings.log_events or settings.debug:
            logger.info("event.reported", key=report.event, project_id=report.project_id)
    elif settings.log_decisions or settings.debug:
        logger.info(
            "decision.reported", kind=report.kind, key=report.key, variation=report.variation
        )


def _deliveries(settings: Settings, *, now: float) -> frozenset[str]:
    """Name the rules of the connected environments that are no experiments."""
    found: set[str] = set()
    for connection in settings.connections:
        try:
            kept = followed_datafile(connection.sdk_key, settings, now=now)
            found |= _rollout_rules(kept.content)
        except (errors.ServiceError, errors.NotFound) as error:
            logger.warn(
                "decision.rules_unknown", environment=connection.environment, why=str(error)
            )
    return frozenset(found)


@lru_cache(maxsize=16)
def _rollout_rules(content: str) -> frozenset[str]:
    rollouts = json.loads(content).get("rollouts", [])
    return frozenset(rule["key"] for each in rollouts for rule in each["experiments"])


def _error(status: int, code: str, message: str, *, hint: str) -> Response:
    """Refuse in the shape in which the host refuses."""
    return Response(status, {"error": {"code": code, "message": message, "hint": hint}})
