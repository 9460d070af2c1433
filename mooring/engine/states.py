"""What of a status can be kept? A map of JSON values that is not too large, and a progress.

A state is encoded once: what is read back from that text is what the run keeps, so that whatever
a job does to its own objects afterwards changes nothing. Only where it does not read back as it
was written is it walked through, to take it as plain values or to name the part that is none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from mooring.errors import EntryPointInvalid, MooringError
from mooring.model.run import Standing
from mooring.sdk.job import JobStatus, Progress

MEGABYTE = 1024 * 1024
LARGEST_STATE = 8 * MEGABYTE  # as JSON
LONGEST_NUMBER = 8192  # bits; Python writes numbers of 4,300 digits at most
LONGEST_MESSAGE = 500  # characters
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class StateInvalid(MooringError):
    """What a job returned cannot be kept as its state."""

    code = "job.state"


def checked(status: object, method: str) -> JobStatus:
    """Return what a job answered if it is a status. Raises EntryPointInvalid."""
    if isinstance(status, JobStatus):
        return status
    raise EntryPointInvalid(
        f"{method} returned {_kind(status)}.", hint="It must return a JobStatus."
    )


def standing(status: JobStatus, method: str, *, statistics: Mapping[str, Any]) -> Standing:
    """Return what is kept of a status. Raises StateInvalid and EntryPointInvalid."""
    values, text = _kept(status.state, method)
    return Standing(values, text, _progress(status.progress, method), statistics)


def _kept(state: object, method: str) -> tuple[dict[str, Any], str]:
    try:
        data = msgspec.json.encode(state)
        values = msgspec.json.decode(data)
        if type(values) is not dict or values != state:
            values, data = _plain(state, method)
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError):
        values, data = _plain(state, method)
    if len(data) > LARGEST_STATE:
        raise StateInvalid(
            f"{method} returned a state of {len(data) / MEGABYTE:.1f} MB; "
            f"it may have {LARGEST_STATE // MEGABYTE} MB.",
            hint="Keep what is large in storage.kv_store, and in the state the key alone.",
        )
    return values, data.decode()


def _plain(state: object, method: str) -> tuple[dict[str, Any], bytes]:
    """Take a state part by part, tuples as lists; name the part that is no JSON value."""
    try:
        wrong = _not_json(state, "state") if isinstance(state, dict) else f"state is {_kind(state)}"
        text = "" if wrong else _text(state)
    except RecursionError:
        wrong, text = "state contains itself, or is nested too deeply", ""
    if wrong:
        raise StateInvalid(
            f"{method} returned a status whose {wrong}.",
            hint="A state is a map of JSON values: text, numbers, true, false, null, lists, maps.",
        )
    values: dict[str, Any] = json.loads(text)
    return values, text.encode()


def _text(state: object) -> str:
    """Write JSON; text that is not Unicode stays escaped, so that it can be stored."""
    text = json.dumps(state, ensure_ascii=False, separators=(",", ":"))
    return json.dumps(state, separators=(",", ":")) if _UNSTORABLE.search(text) else text


def _not_json(value: object, path: str) -> str | None:
    """Say which part is no JSON value, or return None."""
    if isinstance(value, int) and value.bit_length() > LONGEST_NUMBER:
        return f"{path} is a number of more than {LONGEST_NUMBER} bits"
    if value is None or isinstance(value, (bool, int, str)):
        return None
    if isinstance(value, float):
        return None if abs(value) < float("inf") else f"{path} is {value}"
    if isinstance(value, dict):
        if odd := next((key for key in value if not isinstance(key, str)), None):
            return f"{path} has the key {odd!r}, which is {_kind(odd)}"
        parts = ((part, f"{path}.{key}") for key, part in value.items())
    elif isinstance(value, (list, tuple)):
        parts = ((part, f"{path}[{index}]") for index, part in enumerate(value))
    else:
        return f"{path} is {_kind(value)}"
    return next(filter(None, (_not_json(part, where) for part, where in parts)), None)


def _progress(progress: object, method: str) -> dict[str, Any] | None:
    if progress is None:
        return None
    if not isinstance(progress, Progress):
        raise EntryPointInvalid(
            f"{method} returned a status whose progress is {_kind(progress)}.",
            hint="It must be a Progress, or None.",
        )
    done, total = progress.done, progress.total
    if not (_is_count(done) and (total is None or _is_count(total))):
        raise EntryPointInvalid(
            f"{method} returned a progress of {done!r} of {total!r}.",
            hint="Both are whole numbers from 0; a total that nobody knows is None.",
        )
    unit, message = (_short(said) for said in (progress.unit, progress.message))
    return {"done": done, "total": total, "unit": unit, "message": message}


def _short(said: object) -> str:
    """Return what is said of a progress; no sign of it that cannot be stored costs the step."""
    return _UNSTORABLE.sub("\ufffd", str(said)[:LONGEST_MESSAGE])


def _is_count(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and 0 <= number < 2**63


def _kind(value: object) -> str:
    name = type(value).__name__
    return "None" if value is None else f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"
