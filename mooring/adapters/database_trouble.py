"""What does an error of the database mean to whoever can mend it?"""

from __future__ import annotations

from sqlalchemy.engine import URL
from sqlalchemy.exc import DatabaseError, OperationalError

from mooring.adapters.sqlite_engine import unusable
from mooring.errors import ConfigurationInvalid, DatabaseAway, DatabaseBusy

# Classes of PostgreSQL's SQLSTATE: no connection at all, lost, refused, out of resources, shut
# down, no such database; and the state of a missing privilege.
UNREACHABLE = frozenset({"", "08", "28", "53", "57", "3D"})
FORBIDDEN = "42501"
# Transactions that got into one another's way: a deadlock, no common order, a lock that is held.
ENTANGLED = frozenset({"40P01", "40001", "55P03"})


def explanation(error: DatabaseError, url: URL) -> Exception | None:
    """Find the error that tells the operator what to do; None for errors of our own."""
    place = url.render_as_string(hide_password=True)
    reason = str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else "no answer"
    if url.get_backend_name() == "sqlite":
        return _sqlite_explanation(error, str(url.database), reason)
    state = getattr(error.orig, "sqlstate", None) or ""
    if isinstance(error, OperationalError) and state[:2] in UNREACHABLE:
        return DatabaseAway(
            f"The database does not answer: {reason}.",
            where=place,
            hint="Check that PostgreSQL runs there and that MOORING_DATABASE_URL is right.",
        )
    if state in ENTANGLED:
        return DatabaseBusy(
            f"The database is busy: {reason}.",
            where=place,
            hint="Try again: other processes were writing the same at that moment.",
        )
    if state == FORBIDDEN:
        return ConfigurationInvalid(
            f"The database user may not do this: {reason}.",
            where=place,
            hint="Let this user own its database: it makes and changes its own tables.",
        )
    return None


def _sqlite_explanation(error: DatabaseError, file: str, reason: str) -> Exception | None:
    code = getattr(error.orig, "sqlite_errorname", "")
    if code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return busy(file)
    if code.startswith(("SQLITE_FULL", "SQLITE_IOERR")):
        return DatabaseAway(
            f"The database cannot be used at present: {reason}.",
            where=file,
            hint="Make room on its disk, and look whether the disk is sound.",
        )
    fatal = ("CANTOPEN", "READONLY", "NOTADB", "CORRUPT", "PERM", "AUTH")
    if code.startswith(tuple(f"SQLITE_{name}" for name in fatal)):
        return unusable(file, reason)
    return None


def busy(file: str) -> DatabaseBusy:
    """Say that others write to an SQLite file all the time."""
    return DatabaseBusy(
        "The database is busy: other processes are writing to it all the time.",
        where=file,
        hint="Try again; for heavy use by several processes, use PostgreSQL "
        "(MOORING_DATABASE_URL).",
    )
