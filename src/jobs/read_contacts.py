"""Stage contacts: whom does Brevo know? One page a step, into profiles and into what is kept.

A contact that a whole reading no longer meets is forgotten, so that it is never written again.
"""

from __future__ import annotations

from typing import Any

from mooring.sdk import errors, logger, odp, storage

from ..clients.brevo import CONTACTS_PER_PAGE, Brevo
from ..clients.datafile import datafile, kept_datafile
from ..core.people import contact_key, needed_names, profile, snapshot
from .stage import Work

KEPT = "contact/"
FORGOTTEN_WITH = ("computed/", "ledger/")


def read_contacts(work: Work) -> bool:
    """Do one step; say whether the stage is done."""
    position = work.position
    if "keys" not in position:
        position.update(keys=_attribute_keys(work), offset=0)
        work.count(read=0)
    if "forget_after" in position:
        return _forget(work)
    page, total = Brevo(work.settings.brevo_api_key).contacts(offset=position["offset"])
    _keep(work, [contact for contact in page if contact.get("email")])
    position.update(offset=position["offset"] + len(page), total=total)
    work.count(read=len(page))
    if len(page) < CONTACTS_PER_PAGE:
        position["forget_after"] = ""
    return False


def _attribute_keys(work: Work) -> list[str]:
    """Return Optimizely's attributes that audiences of the connected environments ask for."""
    found: set[str] = set()
    for connection in work.settings.connections:
        try:
            file = datafile(connection.sdk_key, refresh=work.settings.auto_update)
            found.update(file.attribute_keys())
        except (errors.NotFound, errors.ServiceError) as error:
            # The stage flags reports it; what this environment had before still asks for these.
            logger.warn("contacts.datafile_missing", sdk_key=connection.sdk_key, reason=str(error))
            kept = kept_datafile(connection.sdk_key)
            found.update(kept.attribute_keys() if kept else ())
    return sorted(found)


def _keep(work: Work, page: list[dict[str, Any]]) -> None:
    keys = work.position["keys"]
    names = needed_names(keys, user_id=work.settings.user_id)
    if not page:
        return
    odp.upsert_customers([profile(contact, keys=keys) for contact in page])
    storage.kv_store.put_many(
        {
            KEPT + contact_key(contact["email"]): snapshot(contact, names=names, seen=work.at)
            for contact in page
        }
    )


def _forget(work: Work) -> bool:
    """Forget a page of contacts that were not met; they are gone from Brevo."""
    page = storage.kv_store.scan(KEPT, after=work.position["forget_after"], limit=CONTACTS_PER_PAGE)
    gone = [key.removeprefix(KEPT) for key, kept in page if kept["seen"] < work.at]
    for prefix in (*FORGOTTEN_WITH, KEPT):
        storage.kv_store.delete_many([prefix + key for key in gone])
    if gone:
        work.job.handled(*gone)
        logger.info("contacts.forgotten", count=len(gone))
    if len(page) < CONTACTS_PER_PAGE:
        return True
    work.position["forget_after"] = page[-1][0]
    return False
