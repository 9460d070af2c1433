"""What may be stored under which key, and how is it written? One answer for every backend.

A record is kept as JSON text. JSON has no sets, so one is written as a map with a single mark for
a key; a map of the app's own that looks like that gets one more ``$`` and loses it again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from mooring.errors import RecordInvalid
from mooring.sdk.ports import Record
from mooring.sdk.sets import NumberSet, StringSet, belongs_in, is_number, is_text

MAX_KEY_CHARACTERS = 512
MAX_TTL = 100 * 366 * 24 * 3600
SETTINGS_BYTES = 100 * 1024
SECRET_BYTES = 100 * 1024
KEY_VALUE_BYTES = 4 * 1024 * 1024

MOST_SCANNED = 2**31 - 1
MAX_EXPLAINED_DEPTH = 200

SECRET_KEY = re.compile(r"[a-zA-Z0-9_-]+(/[a-zA-Z0-9_-]+)*", re.ASCII)

_SETS: dict[str, type[NumberSet] | type[StringSet]] = {"$numbers": NumberSet, "$strings": StringSet}
_MARKS: dict[type, str] = {kind: mark for mark, kind in _SETS.items()}
_LOOKS_MARKED = re.compile(r"\$+(numbers|strings)", re.ASCII)
_MARKED_TEXT = '"$'
_UNKEEPABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def encoded(key: str, value: Any, most_bytes: int, *, sets: bool = False) -> str:
    """Write a record, or a value of one, as text. Raises RecordInvalid, which quotes no value."""
    try:
        text = _JSON.encode(value)
        if _MARKED_TEXT in text:
            text = _JSON.encode(_marked(value, sets=sets))
        size = len(text.encode())
    except (TypeError, ValueError, RecursionError):
        _explain(key, value, sets=sets)
    if size > most_bytes:
        raise RecordInvalid(
            f"The record has {size:,} bytes; at most {most_bytes:,} are kept under one key"
            f"{_largest(value)}.",
            where=key,
            hint="Split it over several keys.",
        )
    return text


def as_map(key: str, record: object) -> Record:
    """Return a record as a dict. Raises RecordInvalid for what an app made instead of one."""
    if not isinstance(record, Mapping):
        raise RecordInvalid(
            f"A record is a map, not {type(record).__name__}.",
            where=key,
            hint='Store a single value as {"value": …}; an updater returns the whole record.',
        )
    return dict(record)


def decoded(text: str) -> Any:
    """Read back what ``encoded`` wrote."""
    return json.loads(text, object_hook=_unmarked if _MARKED_TEXT in text else None)


def as_record(key: str, value: Any) -> Record:
    """Return a copy of ``value`` made of JSON values alone. Raises RecordInvalid."""
    record: Record = decoded(encoded(key, as_map(key, value), KEY_VALUE_BYTES))
    return record


def checked_key(key: str) -> str:
    """Return the key. Raises RecordInvalid for one that not every backend can hold."""
    given: object = key  # apps need not be checked by a type checker
    if not isinstance(given, str) or not 0 < len(key) <= MAX_KEY_CHARACTERS:
        raise RecordInvalid(f"A key is text of 1 to {MAX_KEY_CHARACTERS} characters.")
    return checked_prefix(key)


def checked_prefix(prefix: str) -> str:
    """Return what keys may begin with. Raises RecordInvalid."""
    given: object = prefix
    if not isinstance(given, str):
        raise RecordInvalid(f"Keys begin with text, not with {type(given).__name__}.")
    if _UNKEEPABLE.search(prefix):
        raise RecordInvalid(
            "A key has no control characters and no halves of characters.",
            where=ascii(prefix[:80]),
        )
    return prefix


def checked_secret_key(key: str) -> str:
    """Return the key of a secret: words of letters, digits, ``_`` and ``-`` joined by ``/``.

    Raises RecordInvalid.
    """
    if not SECRET_KEY.fullmatch(checked_key(key)):
        raise RecordInvalid(
            "The key of a secret is made of letters, digits, _ and -, in parts joined by /.",
            where=ascii(key[:80]),
        )
    return key


def checked_limit(limit: int) -> int:
    """Return how many records are wanted. Raises RecordInvalid."""
    given: object = limit
    if not isinstance(given, int) or isinstance(given, bool) or given < 1:
        raise RecordInvalid(f"A scan returns up to so many records: 1 or more, not {given!r:.40}.")
    return min(limit, MOST_SCANNED)


def checked_ttl(key: str, ttl: float | None) -> float | None:
    """Return the seconds that a record lives. Raises RecordInvalid unless they are positive."""
    if ttl is None or (is_number(ttl) and 0 < ttl <= MAX_TTL):
        return ttl
    raise RecordInvalid(
        f"A ttl is a positive number of seconds, at most a hundred years, not {ttl!r:.40}.",
        where=key,
        hint="Leave it out for a record that stays.",
    )


def _stand_in(value: Any) -> Mapping[str, Any]:
    """Give JSON something for a map that is no dict, and for a set, which ``_marked`` writes."""
    if isinstance(value, Mapping):
        return dict(value)
    if type(value) in _MARKS:
        return {_MARKS[type(value)]: None}
    raise TypeError


_JSON = json.JSONEncoder(
    allow_nan=False, ensure_ascii=False, separators=(",", ":"), default=_stand_in
)


def _marked(value: Any, *, sets: bool) -> Any:
    """Return the value with JSON in place of its sets."""
    if type(value) in _MARKS:
        if not sets or _wrong_elements(value):
            raise TypeError
        return {_MARKS[type(value)]: sorted(value)}
    if isinstance(value, Mapping):
        inner = {name: _marked(each, sets=sets) for name, each in value.items()}
        return {f"${name}": inner[name] for name in inner} if _looks_marked(inner) else inner
    if isinstance(value, list | tuple):
        return [_marked(each, sets=sets) for each in value]
    return value


def _unmarked(value: dict[str, Any]) -> Any:
    if not _looks_marked(value):
        return value
    [(name, inner)] = value.items()
    return _SETS[name](inner) if name in _SETS else {name[1:]: inner}


def _looks_marked(value: Mapping[Any, Any]) -> bool:
    """Say whether a map is the mark of a set, or would be taken for one."""
    if len(value) != 1:
        return False
    name = next(iter(value))
    return isinstance(name, str) and bool(_LOOKS_MARKED.fullmatch(name))


def _wrong_elements(value: NumberSet | StringSet) -> bool:
    return not all(belongs_in(type(value), each) for each in value)


def _explain(key: str, value: Any, *, sets: bool) -> NoReturn:
    """Say which field cannot be kept, by its place and type and never by its value."""
    for place, reason in _faults(value, "", sets=sets):
        subject = f"The field {place}" if place else "The record"
        raise RecordInvalid(f"{subject} is not JSON: {reason}.", where=key) from None
    raise RecordInvalid("The record is not JSON: it contains itself.", where=key) from None


def _faults(value: Any, place: str, *, sets: bool, depth: int = 0) -> Iterator[tuple[str, str]]:
    if depth > MAX_EXPLAINED_DEPTH:
        yield "", "it is nested too deeply, or contains itself"
    elif isinstance(value, Mapping):
        for name, each in value.items():
            inner = f"{place}.{name}" if place else str(name)
            if not isinstance(name, str | int | float | None):
                yield place, f"a name in it is of type {type(name).__name__}"
            elif isinstance(name, str) and not is_text(name):
                yield place, "a name in it is not Unicode"
            yield from _faults(each, inner, sets=sets, depth=depth + 1)
    elif isinstance(value, list | tuple):
        for number, each in enumerate(value):
            yield from _faults(each, f"{place}[{number}]", sets=sets, depth=depth + 1)
    elif reason := _fault(value, sets=sets):
        yield place, reason


def _fault(value: Any, *, sets: bool) -> str:
    """Return why one value cannot be kept; nothing if it can."""
    if isinstance(value, str):
        return "" if is_text(value) else "its text is not Unicode"
    if isinstance(value, int | float):
        return "" if _is_writable(value) else "its number is not finite, or is endless"
    if type(value) in _MARKS:
        if not sets:
            return f"a {type(value).__name__} is kept in kv_store alone"
        wrong = _wrong_elements(value)
        return f"an element does not belong in a {type(value).__name__}" if wrong else ""
    if isinstance(value, set | frozenset):
        return "a plain set has no kind; keep a NumberSet or a StringSet"
    return "" if value is None else f"it is a {type(value).__name__}"


def _is_writable(number: float) -> bool:
    try:
        json.dumps(number, allow_nan=False)
    except ValueError:  # NaN, infinity, or more digits than Python writes
        return False
    return True


def _largest(value: Any) -> str:
    """Name the field that takes up most of a record."""
    if not isinstance(value, Mapping) or len(value) < 2:
        return ""
    sizes = {name: len(repr(each)) for name, each in value.items()}
    return f" (most of it in the field {max(sizes, key=lambda name: sizes[name])})"
