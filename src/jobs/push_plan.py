"""Which contacts have to be written, and with what? Fixed as a whole before anything is written.

A plan's record is what every attempt writes, however often a step is repeated; it is gone once the
ledger holds it. Contacts that this very run has read are planned apart: they alone may be imported.
What Brevo refused before is not planned again while it would be the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mooring.sdk import jobs, storage

from ..clients.sync_requests import JOB
from ..core.computed import from_record, listened
from ..core.decisions import DECIDED
from ..core.desired import desired
from ..core.planning import change, is_same_write
from .decide_flags import COMPUTED
from .read_contacts import KEPT
from .ready_environments import NAMES
from .stage import STEP_ROWS, Work

PLAN = "plan/"
LEDGER = "ledger/"
Records = Mapping[str, Mapping[str, Any]]  # Any: JSON


def fresh_prefix(work: Work) -> str:
    """Return where the plans of contacts that this run has read are."""
    return f"{PLAN}{work.run_id}/fresh/"


def other_prefix(work: Work) -> str:
    """Return where the plans of all other contacts are."""
    return f"{PLAN}{work.run_id}/other/"


def forget_old_plans(work: Work) -> bool:
    """Forget a page of plans that nobody will carry out any more; say if that was all.

    Those are the plans of runs that ended, and of this run from before it read the contacts.
    """
    alive = {run.job_id for run in jobs.active(JOB)} - {work.run_id}
    after = work.position.get("purged", PLAN)
    page = storage.kv_store.scan(PLAN, after=after, limit=STEP_ROWS)
    storage.kv_store.delete_many([key for key, _ in page if key.split("/")[1] not in alive])
    if page:
        work.position["purged"] = page[-1][0]
    return len(page) < STEP_ROWS


def plan_known(work: Work) -> bool:
    """Plan a page of the contacts that were read; say whether it was the last."""
    page = storage.kv_store.scan(KEPT, after=work.position["after"], limit=STEP_ROWS)
    contacts = {key.removeprefix(KEPT): kept for key, kept in page}
    _plan(work, contacts, heard=_records(DECIDED, contacts))
    return _turned(work, page)


def plan_heard_of(work: Work) -> bool:
    """Plan a page of the contacts that only listeners know; say whether it was the last."""
    page = storage.kv_store.scan(DECIDED, after=work.position["after"], limit=STEP_ROWS)
    heard = {key.removeprefix(DECIDED): record for key, record in page}
    known = _records(KEPT, heard)
    unknown = {key: _unread(key) for key in heard if key not in known}
    _plan(work, unknown, heard=heard)
    return _turned(work, page)


def _turned(work: Work, page: list[tuple[str, Any]]) -> bool:
    if len(page) < STEP_ROWS:
        work.position["after"] = ""
        return True
    work.position["after"] = page[-1][0]
    return False


def _plan(work: Work, contacts: Records, *, heard: Records) -> None:
    planned, letters = plans_for(work, contacts, heard=heard), work.job.letters(*contacts)
    work.job.handled(*(key for key in letters if key not in planned))
    held = [
        key
        for key, letter in letters.items()
        if key in planned and is_same_write(planned[key], letter.record, settings=work.settings)
    ]
    for key in held:
        del planned[key]
    _keep(work, contacts, planned)
    work.count(changed=len(planned), unchanged=len(contacts) - len(planned) - len(held))
    if held:
        work.count(set_aside=len(held))


def plans_for(work: Work, contacts: Records, *, heard: Records) -> dict[str, dict[str, Any]]:
    """Return what has to be written for those contacts that are not as they should be."""
    computed, ledger = _records(COMPUTED, contacts), _records(LEDGER, contacts)
    names = storage.kv_store.get(NAMES)
    planned: dict[str, dict[str, Any]] = {}
    for key, kept in contacts.items():
        wanted = desired(
            from_record(computed.get(key, {})),
            listened(heard.get(key, {}), **names),
            settings=work.settings,
        )
        values = change(wanted, ledger=ledger.get(key, {}), settings=work.settings, at=work.at)
        if values is not None:
            planned[key] = {"email": kept["email"], "id": kept["id"], "values": values}
    return planned


def known_by(keys: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the contacts of these keys that are still known, and what listeners heard of them."""
    heard, kept = _records(DECIDED, keys), _records(KEPT, keys)
    unknown = {key: _unread(key) for key in heard if key not in kept}
    return {**kept, **unknown}, heard


def _keep(work: Work, contacts: Records, planned: Mapping[str, dict[str, Any]]) -> None:
    """Keep a page's plans; a repeated step leaves none that it no longer wants."""
    fresh, other = fresh_prefix(work), other_prefix(work)
    records = {
        (fresh if work.read_now and contacts[key]["seen"] >= work.at else other) + key: record
        for key, record in planned.items()
    }
    every = (prefix + key for prefix in (fresh, other) for key in contacts)
    storage.kv_store.delete_many([name for name in every if name not in records])
    storage.kv_store.put_many(records)
    fresh_ones = sum(name.startswith(fresh) for name in records)
    work.position["fresh"] = work.position.get("fresh", 0) + fresh_ones


def _unread(key: str) -> dict[str, Any]:
    """Make a contact of whom only a listener has told."""
    return {"email": key, "id": None, "seen": 0}


def _records(prefix: str, keys: Iterable[str]) -> dict[str, Any]:
    found = storage.kv_store.get_many([prefix + key for key in keys])
    return {name.removeprefix(prefix): record for name, record in found.items()}
