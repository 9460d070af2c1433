"""What may be stored under which key? One check for every store and every backend."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from mooring.errors import RecordInvalid
from mooring.sdk.ports import Record

MAX_KEY_CHARACTERS = 512
MAX_RECORD_BYTES = 4 * 1024 * 1024
SECRET_KEY = re.compile(r"[a-zA-Z0-9_-]+(/[a-zA-Z0-9_-]+)*", re.ASCII)

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def as_record(key: str, value: Any) -> Record:
    """Return a copy of ``value`` made of JSON values alone. Raises RecordInvalid."""
    if not isinstance(value, Mapping):
        raise RecordInvalid(
            f"A record is a map, not {type(value).__name__}.",
            where=key,
            hint='Store a single value as {"value": …}.',
        )
    try:
        text = json.dumps(dict(value), allow_nan=False, ensure_ascii=False)
        size = len(text.encode("utf-8"))
    except UnicodeEncodeError:
        raise RecordInvalid("The record holds text that is not Unicode.", where=key) from None
    except (TypeError, ValueError, RecursionError) as error:
        # The error of json names the type at fault, never the value.
        raise RecordInvalid(f"The record is not JSON: {error}.", where=key) from None
    if size > MAX_RECORD_BYTES:
        raise RecordInvalid(
            f"The record has {size} bytes; at most {MAX_RECORD_BYTES} are kept under one key.",
            where=key,
            hint="Split it over several keys.",
        )
    record: Record = json.loads(text)
    return record


def checked_key(key: str) -> str:
    """Return the key. Raises RecordInvalid for one that not every backend can hold."""
    given: object = key  # apps need not be checked by a type checker
    if not isinstance(given, str) or not 0 < len(key) <= MAX_KEY_CHARACTERS:
        raise RecordInvalid(f"A key is text of 1 to {MAX_KEY_CHARACTERS} characters.")
    if _CONTROL.search(key):
        raise RecordInvalid("A key has no control characters.", where=repr(key))
    return key


def checked_secret_key(key: str) -> str:
    """Return the key of a secret: words of letters, digits, ``_`` and ``-`` joined by ``/``.

    Raises RecordInvalid.
    """
    if not SECRET_KEY.fullmatch(checked_key(key)):
        raise RecordInvalid(
            "The key of a secret is made of letters, digits, _ and -, in parts joined by /.",
            where=repr(key),
        )
    return key


def checked_ttl(key: str, ttl: float | None) -> float | None:
    """Return the seconds that a record lives. Raises RecordInvalid unless they are positive."""
    if ttl is not None and not 0 < ttl < float("inf"):
        raise RecordInvalid(
            f"A ttl is a positive number of seconds, not {ttl}.",
            where=key,
            hint="Leave it out for a record that stays.",
        )
    return ttl
