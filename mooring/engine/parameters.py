"""May a run have these parameters? JSON of a bounded size, and as its job declares them.

What ``app.yml`` gives a job are its defaults: what is given in place of one has to be of its kind.
A default of null says nothing about kinds, and further parameters are the job's own business, but
for those of the host.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from mooring.errors import UsageError
from mooring.model.manifest import JobEntry
from mooring.model.reserved_parameters import RESERVED

LARGEST = 256 * 1024  # bytes, as JSON

_KINDS: tuple[tuple[str, type | tuple[type, ...]], ...] = (
    ("true or false", bool),  # which Python counts as a number
    ("a number", (int, float)),
    ("a text", str),
    ("a list", (list, tuple)),
    ("an object", Mapping),
)


def merged(job: JobEntry, given: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the job's defaults with what is given in place of them. Raises UsageError."""
    for name, value in (given or {}).items():
        _check_kind(job, name, value)
    parameters = {**job.parameters, **(given or {})}
    for name in RESERVED.keys() & parameters.keys():
        raise UsageError(
            f"The parameter {name} is the host's own.", where=job.name, hint=RESERVED[name]
        )
    text = _encoded(job, parameters)
    if len(text) > LARGEST:
        raise UsageError(
            f"The parameters have {len(text):,} bytes; {LARGEST:,} are the most.",
            where=job.name,
            hint="Keep what is large in storage.kv_store, and give the job the key.",
        )
    kept: dict[str, Any] = json.loads(text)
    return kept


def _check_kind(job: JobEntry, name: str, value: object) -> None:
    default = _kind(job.parameters.get(name))
    if default and value is not None and _kind(value) != default:
        raise UsageError(
            f"The parameter {name} is {_kind(value) or type(value).__name__}, not {default}.",
            where=job.name,
            hint=f"app.yml gives it the default {json.dumps(job.parameters[name])}.",
        )


def _encoded(job: JobEntry, parameters: Mapping[str, Any]) -> bytes:
    names: Iterable[object] = parameters
    odd = next((name for name in names if not isinstance(name, str)), None)
    try:
        if odd is not None:
            raise TypeError(f"the name {odd!r} is no text")
        return json.dumps(parameters, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(
            f"The parameters are not JSON: {error}.",
            where=job.name,
            hint="They are an object of texts, numbers, true, false, null, lists and objects.",
        ) from error


def _kind(value: object) -> str | None:
    """Name the kind of a JSON value; None for null and for what is none."""
    return next((name for name, kind in _KINDS if isinstance(value, kind)), None)
