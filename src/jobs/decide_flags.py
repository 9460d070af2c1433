"""Stage flags: what does Optimizely decide for every known contact? A page of contacts a step.

Nobody is decided for again of whom nothing has changed: neither the contact, nor the datafiles,
the catalogue or the settings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mooring.sdk import errors, logger, storage

from ..core.computed import Decision, dated, fingerprint, from_record, to_record
from ..core.people import user_id_of
from .read_contacts import KEPT
from .ready_environments import Environment, environments_of, fingerprint_of, refreshed
from .stage import STEP_ROWS, Work

COMPUTED = "computed/"


def decide_flags(work: Work) -> bool:
    """Do one step; say whether the stage is done."""
    if "after" not in work.position:
        work.count(decided=0, contacts=0)
        work.position.update(after="", ready=refreshed(work))
    page = storage.kv_store.scan(KEPT, after=work.position["after"], limit=STEP_ROWS)
    _decide_for(work, {key.removeprefix(KEPT): kept for key, kept in page})
    if len(page) < STEP_ROWS:
        _refuse_nobody(work)
        return True
    work.position["after"] = page[-1][0]
    return False


def _decide_for(work: Work, contacts: Mapping[str, Mapping[str, Any]]) -> None:
    environments = environments_of(work)
    everything = fingerprint_of(environments)
    before = storage.kv_store.get_many([COMPUTED + key for key in contacts])
    records: dict[str, dict[str, Any]] = {}
    for key, kept in contacts.items():
        known = before.get(COMPUTED + key, {})
        decisions = from_record(known)
        user_id = user_id_of(kept, field=work.settings.user_id)
        made_of = fingerprint([everything, user_id, kept["email"], kept["values"]])
        if known.get("made_of") != made_of:
            fresh = _decided(kept, environments, user_id=user_id, at=work.at)
            fresh = dated(fresh, before=decisions)
            _log(work, [each for each in fresh if each not in decisions])
            records[COMPUTED + key] = to_record(fresh, made_of=made_of)
            decisions = fresh
        work.count(decided=len(decisions), contacts=1)
        if user_id is None:
            work.position["nameless"] = work.position.get("nameless", 0) + 1
    storage.kv_store.put_many(records)


def _refuse_nobody(work: Work) -> None:
    """Stop before everybody's values are taken away because of a mistyped field.

    Raises SettingsRefused when no contact has a user id; reports those that have none.
    """
    nameless, field = work.position.get("nameless", 0), work.settings.user_id
    if not nameless:
        return
    who = "1 contact has" if nameless == 1 else f"{nameless:,} contacts have"
    sentence = f"{who} no value in {field}, so nothing is decided for them."
    if nameless == work.report["contacts"]:
        raise errors.SettingsRefused(
            f"Not one contact has a value in {field}; nothing was written.",
            hint="Correct the user ID in the section Field mapping.",
        )
    work.problem(sentence)


def _decided(
    kept: Mapping[str, Any],
    environments: Sequence[Environment],
    *,
    user_id: str | None,
    at: float,
) -> list[Decision]:
    if user_id is None:
        return []
    return [
        decision
        for environment in environments
        for decision in environment.decide(kept, user_id=user_id, at=at)
    ]


def _log(work: Work, changed: list[Decision]) -> None:
    """Write down what was decided anew, where that is wished, but not for whom."""
    if work.settings.log_decisions and changed:
        told = {each.key: each.variation for each in changed}
        logger.info("decisions.changed", decisions=told)
