"""What can a person ask an embedded ODP in SQL, and how is it kept from doing harm?

The views: ``customers`` (``zaius_id``, every identifier and attribute, ``created_at``,
``updated_at``), ``events`` (``event_id``, ``zaius_id``, ``event_type``, ``action``, ``ts``,
``received_at`` and everything in ``data``) and one view per object, named as the object, with its
fields and ``updated_at``. Times that ODP itself keeps are ISO 8601 text in UTC; a timestamp of an
app's is epoch seconds, as in ODP. A name that a view already has gets ``data_`` in front.

The file is opened read-only, an authorizer allows reading alone, one statement is run, and it is
stopped when it takes too long or gives too much.
"""

from __future__ import annotations

import sqlite3
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mooring.errors import RequestInvalid

SECONDS = 10.0
MOST_ROWS = 100_000
MOST_COLUMNS = 1000
LONGEST_VALUE = 16 * 1024 * 1024
STEPS_BETWEEN_LOOKS = 10_000

_READING = frozenset(
    {
        sqlite3.SQLITE_SELECT,
        sqlite3.SQLITE_READ,
        sqlite3.SQLITE_FUNCTION,
        sqlite3.SQLITE_RECURSIVE,
    }
)
_FORBIDDEN_FUNCTIONS = frozenset({"load_extension", "fts3_tokenizer"})


def views(
    objects: Mapping[str, Sequence[str]],
    identifiers: Sequence[str],
    seen: Iterable[tuple[str, str]],
) -> dict[str, str]:
    """Return the SELECT of each view; ``objects`` holds declared fields, ``seen`` names in use."""
    names: dict[str, list[str]] = defaultdict(list)
    for name, field in seen:
        names[name].append(field)
    made = {
        "customers": _select(
            {"zaius_id": "zaius_id"},
            _json("attributes", [*identifiers, *sorted(names["customers"])]),
            {"created_at": _time("created_at"), "updated_at": _time("updated_at")},
            source="main.customer",
        ),
        "events": _select(
            {
                "event_id": "event_id",
                "zaius_id": "(SELECT c.zaius_id FROM main.customer c WHERE c.number = e.number)",
                "event_type": "type",
                "action": "action",
                "ts": _time("ts"),
                "received_at": _time("received_at"),
            },
            _json("data", sorted(names["events"])),
            {},
            source="main.event e",
        ),
    }
    for name, fields in objects.items():
        made[name] = _select(
            {},
            _json('"row"', [*fields, *sorted(names[name])]),
            {"updated_at": _time("updated_at")},
            source=f"main.object_row WHERE object = {_text(name)}",
        )
    return made


def run(
    path: Path, statement: str, *, views: Mapping[str, str], seconds: float = SECONDS
) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Run one SELECT; return its columns and rows. Raises RequestInvalid."""
    address = f"file:{quote(str(path.absolute()))}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
        for name, select in views.items():
            connection.execute(f"CREATE TEMP VIEW {_name(name)} AS {select}")
        _restrict(connection, seconds)
        try:
            cursor = connection.execute(statement)
            found = cursor.fetchmany(MOST_ROWS + 1)
        except (sqlite3.Error, sqlite3.Warning, OverflowError) as error:
            raise _refusal(error, views, seconds) from error
        if cursor.description is None:
            raise RequestInvalid("That is no question.", hint="Write a SELECT.")
    if len(found) > MOST_ROWS:
        raise RequestInvalid(
            f"The answer has more than {MOST_ROWS:,} rows.", hint="Add a LIMIT, or count them."
        )
    return tuple(column[0] for column in cursor.description), found


def _restrict(connection: sqlite3.Connection, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    connection.execute("PRAGMA query_only = ON")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    connection.set_progress_handler(lambda: time.monotonic() > deadline, STEPS_BETWEEN_LOOKS)
    connection.set_authorizer(_authorized)


def _authorized(action: int, _first: Any, second: Any, *_: Any) -> int:
    if action not in _READING:
        return sqlite3.SQLITE_DENY
    if action == sqlite3.SQLITE_FUNCTION and second in _FORBIDDEN_FUNCTIONS:
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK


def _refusal(error: Exception, views: Mapping[str, str], seconds: float) -> RequestInvalid:
    said = str(error)
    if "interrupted" in said:
        return RequestInvalid(
            f"The query took longer than {seconds:g} seconds.", hint="Ask for less of it."
        )
    if "not authorized" in said or "prohibited" in said or "readonly" in said:
        return RequestInvalid("Only reading is allowed here.", hint="Write a SELECT.")
    if "one statement" in said:
        return RequestInvalid("Only one statement is run.", hint="Ask one question at a time.")
    return RequestInvalid(f"The query means nothing here: {said}.", hint=_there_are(views))


def _there_are(views: Mapping[str, str]) -> str:
    example = "SELECT * FROM customers LIMIT 1"
    return f"There are: {', '.join(sorted(views))}. Columns are shown by, for example, {example}."


def _select(
    before: Mapping[str, str], given: Mapping[str, str], after: Mapping[str, str], *, source: str
) -> str:
    """Write a SELECT whose columns have distinct names, as SQLite compares them.

    ``before`` and ``after`` are ODP's own columns; a ``given`` name that is one of them steps back.
    """
    own = {name.lower() for name in (*before, *after)}
    stepped = {f"data_{n}" if n.lower() in own else n: column for n, column in given.items()}
    room = MOST_COLUMNS - len(own)
    distinct = {name.lower(): (name, column) for name, column in reversed(stepped.items())}
    chosen = [pair for pair in stepped.items() if distinct[pair[0].lower()] == pair][:room]
    columns = [*before.items(), *chosen, *after.items()]
    listed = ", ".join(f"{column} AS {_name(name)}" for name, column in columns)
    return f"SELECT {listed} FROM {source}"  # noqa: S608  # all of it is written here or quoted


def _json(column: str, names: Iterable[str]) -> dict[str, str]:
    """Read each name out of a JSON column; SQLite cannot address a name with a quote in it."""
    return {
        name: f"json_extract({column}, {_text(_path(name))})"
        for name in names
        if '"' not in name and name.isprintable()
    }


def _path(name: str) -> str:
    return f'$."{name}"'


def _time(column: str) -> str:
    """Show microseconds since 1970 as ISO 8601 in UTC."""
    seconds = f"{column} / 1000000, 'unixepoch'"
    return f"strftime('%Y-%m-%dT%H:%M:%S', {seconds}) || printf('.%06dZ', {column} % 1000000)"


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
