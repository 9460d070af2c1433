"""What became of the contacts that were written? Into the ledger, or set aside with the reason.

A sample is read back, because Brevo drops what does not fit without a word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mooring.sdk import logger, storage

from ..clients.brevo import MOST_IDS, Brevo
from ..core.brevo_values import dropped, for_call, sample
from ..core.planning import ledger_entry
from ..core.told import note_refused
from .push_plan import LEDGER
from .stage import Work

NOT_KEPT = "Brevo accepted the change but does not show it: {names}."


def settle(
    work: Work, plans: Mapping[str, Mapping[str, Any]], *, refusals: Mapping[str, str]
) -> None:
    """Write the ledger of ``plans`` (by contact) and set aside those that were refused."""
    accepted = {key: plan for key, plan in plans.items() if key not in refusals}
    rejected = {**refusals, **_not_kept(work, list(accepted.items()))}
    written = [key for key in accepted if key not in rejected]
    _remember(work, {key: plans[key] for key in written})
    _set_aside(work, {key: (plans[key], reason) for key, reason in rejected.items()})
    work.count(written=len(written), rejected=len(rejected))


def _not_kept(work: Work, accepted: Sequence[tuple[str, Mapping[str, Any]]]) -> dict[str, str]:
    """Read a sample back; return what Brevo does not show, by contact."""
    drawn = sample([each for each in accepted if each[1]["id"] is not None], size=MOST_IDS)
    if not drawn:
        return {}
    brevo = Brevo(work.settings.brevo_api_key)
    sent = [{"id": p["id"], "attributes": for_call(p["values"])} for _, p in drawn]
    shown = brevo.contacts_by_ids([plan["id"] for _, plan in drawn], written=sent)
    found = {each["id"]: each for each in shown}
    told: dict[str, str] = {}
    for key, plan in drawn:
        contact = found.get(plan["id"])
        if contact is None:
            told[key] = "Brevo has no such contact any more."
        elif names := dropped(plan["values"], contact.get("attributes") or {}):
            told[key] = NOT_KEPT.format(names=", ".join(names))
    return told


def _remember(work: Work, written: Mapping[str, Mapping[str, Any]]) -> None:
    before = storage.kv_store.get_many([LEDGER + key for key in written])
    storage.kv_store.put_many(
        {
            LEDGER + key: ledger_entry(before.get(LEDGER + key, {}), plan["values"], at=work.at)
            for key, plan in written.items()
        }
    )
    work.job.handled(*written)


def _set_aside(work: Work, rejected: Mapping[str, tuple[Mapping[str, Any], str]]) -> None:
    for key, (plan, reason) in rejected.items():
        work.job.set_aside(plan, reason, key=key)
        note_refused(work.refused, plan["email"], reason)
    if rejected:  # of whom, and in which words of Brevo's, the letters say: logs are kept long
        logger.warn("push.rejected", count=len(rejected))
