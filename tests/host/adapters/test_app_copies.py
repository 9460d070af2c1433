"""What one home installed is found by the homes of other machines, whole, or not at all."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select, update

from mooring.adapters import app_folders
from mooring.adapters.app_copies import MOST_BYTES, AppCopies
from mooring.adapters.database import Database
from mooring.adapters.secrets.sealing import Seal
from mooring.adapters.secrets.vault import Vault
from mooring.adapters.tables import app_copies
from mooring.errors import AppInvalid, NotFound, RecordInvalid
from mooring.testing.clock import FakeClock

FILES = {
    "app.yml": b"meta: {}\n",
    ".env": b"APP_ENV_TOKEN=canary-2f60\n",
    "assets/icon.svg": bytes(range(256)),
    "src/jobs/tidy.py": "X = 'ü'\n".encode(),
}
only_postgresql = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


@pytest.fixture
def copies(database: Database, vault: Vault, clock: FakeClock) -> AppCopies:
    return AppCopies(database, seal=Seal("app", vault=lambda: vault), clock=clock)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A version in the home that installed it."""
    for name, content in FILES.items():
        file = tmp_path / "source" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return app_folders.keep(
        tmp_path / "source", tmp_path / "first", app_id="shop", version="1.0.0-beta.1"
    )


@pytest.fixture
def elsewhere(tmp_path: Path, kept: Path) -> Path:
    """Where another home would have it."""
    return tmp_path / "second" / "apps" / "shop" / kept.name


def content(connection: Connection) -> str:
    return str(connection.scalar(select(app_copies.c.content)))


@only_postgresql
def test_a_copy_with_the_shorter_name_of_an_older_host_is_laid_out_under_that_name(
    copies: AppCopies, tmp_path: Path, kept: Path
) -> None:
    version, _, digest = kept.name.rpartition("-")
    older = kept.rename(kept.with_name(f"{version}-{digest[:12]}"))
    copies.store(older)
    there = tmp_path / "second" / "apps" / "shop" / older.name
    copies.fetch(there)
    assert (there / "app.yml").read_bytes() == FILES["app.yml"]
    too_short = kept.with_name(f"{version}-{digest[:4]}")
    copies.store(older.rename(too_short))
    with pytest.raises(RecordInvalid, match="its digest is another one"):
        copies.fetch(there.with_name(too_short.name))


@only_postgresql
def test_another_home_lays_out_what_was_installed(
    copies: AppCopies, database: Database, kept: Path, elsewhere: Path
) -> None:
    copies.store(kept)
    copies.store(kept)
    copies.fetch(elsewhere)
    assert {name: (elsewhere / name).read_bytes() for name in FILES} == FILES
    assert (elsewhere / ".env").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in elsewhere.parent.iterdir()] == [kept.name]
    with database.read() as connection:
        assert "canary" not in content(connection)


@only_postgresql
def test_what_is_here_is_not_asked_for(copies: AppCopies, kept: Path) -> None:
    copies.fetch(kept)
    assert kept.is_dir()


@only_postgresql
def test_what_nobody_kept_is_named_with_the_remedy(copies: AppCopies, elsewhere: Path) -> None:
    with pytest.raises(NotFound, match=r"Neither this home nor the database .*shop 1.0.0-beta.1-"):
        copies.fetch(elsewhere)
    assert not elsewhere.exists()


@only_postgresql
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text[:-40], "does not open"),
        (lambda text: text.removeprefix("sealed:"), "it is not sealed"),
    ],
)
def test_what_was_changed_in_the_database_is_refused(
    copies: AppCopies, database: Database, kept: Path, elsewhere: Path, change: object, said: str
) -> None:
    assert callable(change)
    copies.store(kept)
    with database.write() as connection:
        values = {"content": change(content(connection))}
        connection.execute(update(app_copies).values(values))
    with pytest.raises(RecordInvalid, match=said):
        copies.fetch(elsewhere)
    assert not elsewhere.exists()


@only_postgresql
def test_a_folder_that_is_not_what_its_name_says_is_refused_elsewhere(
    copies: AppCopies, kept: Path, elsewhere: Path
) -> None:
    (kept / "app.yml").write_text("changed: after installing\n")
    copies.store(kept)
    with pytest.raises(RecordInvalid, match=r"is not what was installed.*mooring upgrade PATH"):
        copies.fetch(elsewhere)
    assert not elsewhere.exists()


@only_postgresql
def test_an_app_that_is_too_large_is_refused_where_it_is_installed(
    copies: AppCopies, kept: Path
) -> None:
    with (kept / "assets" / "film.bin").open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(AppInvalid, match=r"32\.0 MB together.*may have 32 MB"):
        copies.store(kept)


@only_postgresql
def test_what_was_not_in_use_for_a_day_is_forgotten(
    copies: AppCopies, kept: Path, elsewhere: Path, clock: FakeClock
) -> None:
    copies.store(kept)
    copies.forget("shop", used=())
    clock.advance(timedelta(days=2).total_seconds())
    copies.forget("shop", used={kept.name})
    copies.forget("other", used=())
    copies.fetch(elsewhere)
    shutil.rmtree(elsewhere)
    copies.forget("shop", used=())
    with pytest.raises(NotFound):
        copies.fetch(elsewhere)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_nothing_is_kept_where_there_is_no_other_home(
    copies: AppCopies, database: Database, kept: Path, elsewhere: Path
) -> None:
    copies.store(kept)
    copies.fetch(elsewhere)
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(app_copies)) == 0
    assert not elsewhere.exists()
