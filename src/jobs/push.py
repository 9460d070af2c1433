"""Stage push: bring the differences to Brevo by the cheapest legal calls, one batch a step.

Phases: forget (plans of dead runs), plan, check (attributes, list), then many by import and the
rest one by one. Contacts are updated, never created: an import takes those alone that this run has
read, and a run that has not read any reads them first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from mooring.sdk import errors, logger, storage

from ..clients.brevo import Brevo, Process
from ..core.brevo_values import (
    MOST_IMPORT_ROWS,
    fitting,
    for_call,
    for_import,
    missing_attributes,
    unfit_attributes,
)
from ..core.desired import attribute_kinds
from ..core.people import contact_key
from .push_plan import (
    LEDGER,
    forget_old_plans,
    fresh_prefix,
    other_prefix,
    plan_heard_of,
    plan_known,
)
from .push_results import settle
from .stage import Work

IMPORT_ABOVE = 500  # changes; below, one call for each tells exactly what became of it
CALLS_PER_STEP = 50
ROWS_PER_SCAN = 1000
FOLDER, LIST = "Optimizely", "Optimizely Connector"
POLL_AFTER = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 37.0)  # seconds; the last for ever after
MOST_POLLS = 90  # an hour; Brevo grants 100 such calls an hour

Plans = dict[str, dict[str, Any]]  # Any: JSON


class NotReadYet(Exception):
    """An import is due, and this run has not read whom Brevo knows."""


def push(work: Work) -> bool:
    """Do one step; say whether the stage is done. Raises NotReadYet."""
    position = work.position
    if "phase" not in position:
        work.count(changed=0, written=0, rejected=0, unchanged=0)
        position.update(phase="forget", after="")
    following = PHASES[position["phase"]](work)
    if following is not None:
        position["phase"] = following
    return bool(position["phase"] == "done")


def _forget(work: Work) -> str | None:
    return "plan" if forget_old_plans(work) else None


def _plan(work: Work) -> str | None:
    return "plan_heard_of" if plan_known(work) else None


def _plan_heard_of(work: Work) -> str | None:
    if not plan_heard_of(work):
        return None
    changed = work.report["changed"]
    if changed > IMPORT_ABOVE and not work.read_now:
        raise NotReadYet
    return "check" if changed else "done"


def _check(work: Work) -> str:
    """Look at the attributes, and find or make the list if it is needed."""
    check_attributes(work)
    if work.position.get("fresh", 0) <= IMPORT_ABOVE:
        return "update"
    brevo = Brevo(work.settings.brevo_api_key)
    work.position["list_id"] = brevo.list_in_folder(LIST, folder=FOLDER)
    return "import"


def check_attributes(work: Work) -> None:
    """Create missing attributes. Raises RequestRefused for those of another type."""
    brevo, kinds = Brevo(work.settings.brevo_api_key), attribute_kinds(work.settings)
    existing = brevo.attributes()
    if unfit := unfit_attributes(existing, kinds=kinds):
        raise errors.RequestRefused(
            f"Brevo's attributes do not fit: {'; '.join(unfit)}.",
            hint="Choose other names in the section Field mapping, or delete them in Brevo.",
        )
    for name, kind in missing_attributes(existing, kinds=kinds).items():
        brevo.create_attribute(name, kind=kind)
        logger.info("push.attribute_created", attribute=name, type=kind)


def _import(work: Work) -> str:
    """Start the import of the next rows."""
    prefix = fresh_prefix(work)
    _drop_settled(work, prefix)
    plans = _next(prefix, most=MOST_IMPORT_ROWS)
    if not plans:
        return "update"
    names = sorted(attribute_kinds(work.settings))
    rows = [for_import(plan["email"], plan["values"], names=names) for plan in plans.values()]
    count = fitting(rows)
    brevo = Brevo(work.settings.brevo_api_key)
    work.position["process"] = brevo.import_contacts(rows[:count], list_id=work.position["list_id"])
    work.position.update(rows=count, polls=0)
    return "wait"


def _wait(work: Work) -> str | None:
    """Ask once how far the import is; when it is finished, settle its rows."""
    position = work.position
    work.wait(POLL_AFTER[min(position["polls"], len(POLL_AFTER) - 1)])
    process = Brevo(work.settings.brevo_api_key).process(position["process"])
    position["polls"] += 1
    if not process.finished:
        if position["polls"] >= MOST_POLLS:
            raise errors.ServiceUnavailable(
                f"Brevo has not finished import {position['process']} within an hour.",
                hint="Look at Contacts, Import history in Brevo, then run the sync again.",
            )
        return None
    if process.failed:
        raise errors.RequestRefused(
            f"Brevo did not carry out import {position['process']}: it is {process.status}.",
            hint="Run the sync again; nothing was noted as written.",
        )
    prefix = fresh_prefix(work)
    plans = _next(prefix, most=position["rows"])
    by_contact = {name.removeprefix(prefix): plan for name, plan in plans.items()}
    settle(work, by_contact, refusals=_refused_rows(work, process, by_contact))
    position["settled"] = list(plans)[-1]
    return "import"


def _refused_rows(work: Work, process: Process, plans: Plans) -> dict[str, str]:
    """Read the reports of bad rows; return the reason by contact."""
    refused: dict[str, str] = {}
    for name, url in process.reports.items():
        try:
            addresses = Brevo(work.settings.brevo_api_key).report(url)
        except (errors.OutboundDenied, errors.ServiceError) as error:
            logger.warn("push.report_unread", report=name, reason=str(error))
            work.problem(f"Brevo set rows aside ({name}) in a report that cannot be read: {error}")
            continue
        told = {contact_key(address): f"Brevo set the row aside: {name}." for address in addresses}
        refused |= {key: reason for key, reason in told.items() if key in plans}
    return refused


def _update(work: Work) -> str | None:
    """Update the next contacts, one call for each."""
    for prefix in (fresh_prefix(work), other_prefix(work)):
        _drop_settled(work, prefix)
        plans = _next(prefix, most=CALLS_PER_STEP)
        if plans:
            update_each(work, {n.removeprefix(prefix): plan for n, plan in plans.items()})
            work.position["settled"] = list(plans)[-1]
            return None
    return "done"


def update_each(work: Work, plans: Plans) -> None:
    """Write each contact with a call of its own, and settle what became of it."""
    brevo, tried = Brevo(work.settings.brevo_api_key), Plans()
    refusals: dict[str, str] = {}
    ledger = storage.kv_store.get_many([LEDGER + key for key in plans])
    try:
        for key, plan in plans.items():
            if not _is_written(plan, ledger.get(LEDGER + key, {})):
                refused = brevo.update_contact(
                    plan["email"],
                    for_call(plan["values"]),
                    known=_known(plan, ledger.get(LEDGER + key, {})),
                )
                refusals |= {key: refused} if refused else {}
            tried[key] = plan
    except errors.ServiceError:
        # What reached Brevo is noted, so that a later run does not write it anew.
        settle(work, tried, refusals=refusals)
        raise
    settle(work, tried, refusals=refusals)


def _is_written(plan: Mapping[str, Any], ledger: Mapping[str, Any]) -> bool:
    """Say whether an attempt that was cut off got as far as the ledger."""
    written = ledger.get("values") or {}
    return all(written.get(name) == value for name, value in plan["values"].items())


def _known(plan: Mapping[str, Any], ledger: Mapping[str, Any]) -> dict[str, Any]:
    """Return what this connector wrote before of what is to be written now."""
    written = ledger.get("values") or {}
    return for_call({name: written[name] for name in plan["values"] if name in written})


def _next(prefix: str, *, most: int) -> Plans:
    found: Plans = {}
    after = ""
    while len(found) < most:
        limit = min(ROWS_PER_SCAN, most - len(found))
        page = storage.kv_store.scan(prefix, after=after, limit=limit)
        found.update(page)
        if len(page) < limit:
            break
        after = page[-1][0]
    return found


def _drop_settled(work: Work, prefix: str) -> None:
    """Drop the plans that the last step has settled; it was committed since."""
    last = work.position.get("settled", "")
    if not last.startswith(prefix):
        return
    while page := storage.kv_store.scan(prefix, limit=ROWS_PER_SCAN):
        done = [name for name, _ in page if name <= last]
        storage.kv_store.delete_many(done)
        if len(done) < len(page):
            return


PHASES: Mapping[str, Callable[[Work], str | None]] = MappingProxyType(
    {
        "forget": _forget,
        "plan": _plan,
        "plan_heard_of": _plan_heard_of,
        "check": _check,
        "import": _import,
        "wait": _wait,
        "update": _update,
    }
)
