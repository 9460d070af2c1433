"""The database opens, migrates, explains itself and keeps what was promised."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DatabaseError, IntegrityError

from mooring.adapters.database import HEAD, Database, advisory_key, bump
from mooring.adapters.migrations import configuration
from mooring.adapters.tables import meta, metadata
from mooring.errors import ConfigurationInvalid, DatabaseAway, HomeUnusable
from mooring.testing.engine_contract import until
from tests.conftest import empty_database

OPEN = """
import sys
from mooring.adapters.database import Database
database = Database.open(sys.argv[1])
print(database.record_once("who", sys.argv[2]))
database.close()
"""

WRITE_UNTIL_KILLED = """
import sys
from mooring.adapters.database import Database
database = Database.open(sys.argv[1])
for number in range(100_000):
    database.record_once(f"written {number}", "yes")
    print(number, flush=True)
"""

IMPORTS_OF_OPEN = """
import sys
from pathlib import Path
from typing import Any
from mooring.adapters.database import Database
Database.open(file=Path(sys.argv[1])).close()
print("alembic" in sys.modules)
"""


def python(program: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_migrations_make_exactly_the_tables(database_url: str) -> None:
    database = Database.open(database_url)
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        difference = compare_metadata(context, metadata)
    database.close()
    assert difference == []


def test_head_is_the_newest_migration(database: Database) -> None:
    with database.read() as connection:
        script = ScriptDirectory.from_config(configuration(connection))
    assert script.get_current_head() == HEAD


def test_opening_an_up_to_date_database_does_without_alembic_which_takes_its_time(
    tmp_path: Path,
) -> None:
    file = tmp_path / "mooring.sqlite"
    said = [python(IMPORTS_OF_OPEN, str(file)).communicate(timeout=60)[0] for _ in range(2)]
    assert said == ["True\n", "False\n"], "the first one makes the tables"


def test_processes_that_open_a_new_database_at_once_agree(database_url: str) -> None:
    openers = [python(OPEN, database_url, str(number)) for number in range(4)]
    said = [opener.communicate(timeout=60) for opener in openers]
    assert [error for _, error in said] == [""] * 4
    assert len({answer for answer, _ in said}) == 1


def test_what_was_written_survives_sigkill(database_url: str) -> None:
    writer = python(WRITE_UNTIL_KILLED, database_url)
    assert writer.stdout is not None
    for line in writer.stdout:
        if int(line) >= 20:
            break
    os.kill(writer.pid, signal.SIGKILL)
    last = max([int(line), *map(int, writer.communicate()[0].split())])
    database = Database.open(database_url)
    kept = {number for number in range(last + 1) if database.recorded(f"written {number}")}
    database.close()
    assert kept == set(range(last + 1))


def test_a_database_of_a_newer_version_is_refused_with_both_revisions(database_url: str) -> None:
    database = Database.open(database_url)
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    with pytest.raises(ConfigurationInvalid, match=f"9999.*It knows {HEAD}"):
        Database.open(database_url)


def test_a_failed_write_leaves_nothing(database: Database) -> None:
    def write_and_fail() -> None:
        with database.write() as connection:
            connection.execute(meta.insert().values(key="a", value="b"))
            _ = 1 // 0

    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    assert database.recorded("a") is None


def test_an_error_does_not_repeat_what_was_to_be_written(database: Database) -> None:
    broken = text("INSERT INTO nowhere (value) VALUES (:value)")
    with pytest.raises(DatabaseError) as caught, database.write() as connection:
        connection.execute(broken, {"value": "canary-7f3a9c"})
    assert "canary-7f3a9c" not in str(caught.value)


def test_a_write_inside_a_write_belongs_to_the_outer_one(database: Database) -> None:
    def write_and_fail() -> None:
        with database.write():
            database.record_once("a", "b")
            _ = 1 // 0

    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    assert database.recorded("a") is None


def test_a_read_inside_a_write_sees_what_was_written(database: Database) -> None:
    with database.write():
        database.record_once("a", "b")
        assert database.recorded("a") == "b"


def test_a_read_is_not_held_up_by_a_writer(database: Database) -> None:
    with database.write(), ThreadPoolExecutor(1) as other:
        assert other.submit(database.recorded, "a").result(timeout=5) is None


def test_a_noted_value_is_never_replaced(database: Database) -> None:
    assert database.record_once("a", "first") == "first"
    assert database.record_once("a", "second") == "first"


def test_writers_in_threads_take_turns(database: Database) -> None:
    def count(_: int) -> None:
        with database.write() as connection:
            bump(connection, "topic")

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(count, range(100)))
    assert database.revision("topic") == 100


def test_a_revision_moves_only_if_the_change_is_stored(database: Database) -> None:
    def fail(connection: Connection) -> None:
        connection.execute(meta.insert().values(key="a", value="b"))
        bump(connection, "topic")
        connection.execute(meta.insert().values(key="a", value="b"))

    with pytest.raises(IntegrityError), database.write() as connection:
        fail(connection)
    assert database.revision("topic") == 0


def test_the_sqlite_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "mooring.sqlite"
    database = Database.open(file=file)
    with database.write() as connection:
        connection.execute(meta.insert().values(key="a", value="b"))
        modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    database.close()
    assert set(modes.values()) == {0o600}, modes


def test_sqlite_syncs_every_commit(tmp_path: Path) -> None:
    database = Database.open(file=tmp_path / "mooring.sqlite")
    with database.read() as connection:
        full = 2
        assert connection.scalar(text("PRAGMA synchronous")) == full
    database.close()


def test_a_file_that_is_no_database_is_named_with_a_remedy(tmp_path: Path) -> None:
    file = tmp_path / "mooring.sqlite"
    file.write_text("This is a letter, not a database. " * 100)
    with pytest.raises(HomeUnusable, match=f"{file}.*not a database.*--home"):
        Database.open(file=file)


def test_a_folder_in_place_of_the_file_is_named_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(HomeUnusable, match=r"Is a directory.*--home"):
        Database.open(file=tmp_path)


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="needs POSIX permissions")
def test_a_home_that_cannot_be_written_is_named_with_a_remedy(tmp_path: Path) -> None:
    file = tmp_path / "mooring.sqlite"
    Database.open(file=file).close()
    said = as_somebody_else(file)
    assert "HomeUnusable" in said
    assert "MOORING_HOME" in said


def as_somebody_else(file: Path) -> str:
    """Open a file that belongs to us as a user who may only read it."""
    program = (
        "import os, sys; from pathlib import Path\n"
        "from mooring.adapters.database import Database\n"
        "file = Path(sys.argv[1]); file.chmod(0o444); file.parent.chmod(0o555)\n"
        "os.chdir(file.parent)\n"
        "os.getuid() or os.setuid(65534)\n"
        "try: Database.open(file=Path(file.name))\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    return python(program, str(file)).communicate(timeout=60)[0]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://host/database", "names no PostgreSQL database"),
        ("postgresql://host", "names no PostgreSQL database"),
        ("what is this", "not a URL"),
    ],
)
def test_an_address_that_means_nothing_is_explained(url: str, said: str) -> None:
    with pytest.raises(ConfigurationInvalid, match=f"{said}.*postgresql://user"):
        Database.open(url)


def test_a_server_that_does_not_answer_is_named_without_its_password() -> None:
    with pytest.raises(ConfigurationInvalid, match="does not answer") as caught:
        Database.open("postgresql://mooring:tr0ub4dor@127.0.0.1:9/mooring")
    assert "127.0.0.1:9" in str(caught.value)
    assert "tr0ub4dor" not in str(caught.value)


def test_a_server_that_went_away_is_missed_by_every_way_of_writing(postgresql_server: str) -> None:
    with empty_database(postgresql_server) as address:
        database = Database.open(address)
        database.close()  # its connections, so that the next one is made when nobody answers
    with pytest.raises(DatabaseAway, match="does not answer"), database.write():
        pass
    with pytest.raises(DatabaseAway, match="does not answer"):
        database.write_one("UPDATE meta SET value = value", {})


def test_a_wrong_database_name_is_explained(postgresql_server: str) -> None:
    with pytest.raises(ConfigurationInvalid, match=r'does not answer.*"nowhere"'):
        Database.open(postgresql_server.replace("/postgres?", "/nowhere?"))


def test_a_lost_connection_is_replaced(postgresql_server: str) -> None:
    database = Database.open(postgresql_server)
    with database.read() as connection:
        backend = connection.scalar(text("SELECT pg_backend_pid()"))
    other = Database.open(postgresql_server)
    with other.write() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": backend})
    other.close()
    assert database.recorded("nothing") is None
    database.close()


def test_a_lock_whose_session_was_ended_is_left_without_a_word(postgresql_server: str) -> None:
    database, other = Database.open(postgresql_server), Database.open(postgresql_server)
    holder = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
    with database.session_lock("one") as held:
        assert held
        with other.write() as connection:
            ended = connection.scalars(
                text(f"{holder} AND (classid::bigint << 32 | objid::bigint) = :key"),
                {"key": advisory_key("one")},
            ).all()
        assert ended == [True]

    def is_free() -> bool:
        with other.session_lock("one") as free:
            return free

    until(is_free, seconds=30)  # The server takes a moment to end a session.
    database.close()
    other.close()


def test_what_is_written_by_itself_is_stored_at_once_and_leaves_the_connection_as_it_was(
    database: Database,
) -> None:
    database.record("note", "old")
    note = "%(value)s" if database.is_postgresql else ":value"
    sql = f"UPDATE meta SET value = {note} WHERE key = 'note'"  # noqa: S608  # a placeholder
    assert database.write_one(sql, {"value": "new"}) == 1
    assert database.recorded("note") == "new"

    def fail_after_writing() -> None:
        with database.write() as connection:
            connection.execute(text("UPDATE meta SET value = 'half done'"))
            assert database.write_one(sql, {"value": "with it"}) == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_writing()
    assert database.recorded("note") == "new"


def test_a_connection_that_is_in_use_at_the_end_is_closed_when_it_is_given_back(
    database: Database,
) -> None:
    with database.read() as connection:
        driver: Any = connection.connection.driver_connection
        database.close()
        assert connection.scalar(text("SELECT 1")) == 1
    with pytest.raises(database._driver.Error):
        driver.cursor().execute("SELECT 1")
