"""The host works on its own copy of an app, whatever becomes of the author's folder."""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

import pytest

from mooring.adapters.app_folders import belongs, digest, forget_unused, keep, packed
from mooring.errors import AppInvalid, HomeUnusable

FILES = {
    "app.yml": "meta:\n  app_id: shop\n",
    ".env": "APP_ENV_TOKEN=tok-5e2b77c1d0\n",
    "forms/settings.yml": "sections: []\n",
    "src/__init__.py": "",
    "src/functions/greet.py": "class Greet: ...\n",
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        file = tmp_path / "source" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path / "source"


def kept(source: Path, home: Path, version: str = "1.0.0") -> Path:
    return keep(source, home, app_id="shop", version=version)


def texts(root: Path) -> dict[str, str]:
    return {
        file.relative_to(root).as_posix(): file.read_text()
        for file in root.rglob("*")
        if file.is_file()
    }


def test_the_copy_holds_the_apps_own_files(source: Path, home: Path) -> None:
    copy = kept(source, home)
    assert texts(copy) == FILES
    assert copy.parent == home / "apps" / "shop"
    assert copy.name.startswith("1.0.0-")


def test_it_outlives_the_authors_folder(source: Path, home: Path) -> None:
    copy = kept(source, home)
    shutil.rmtree(source)
    assert texts(copy) == FILES


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "tests/test_app.py",
        ".git/config",
        ".env/bin/python",
        "src/__pycache__/greet.cpython-311.pyc",
        "src/stale.pyc",
    ],
)
def test_other_files_stay_where_they_are(source: Path, home: Path, name: str) -> None:
    if name.startswith(".env/"):
        (source / ".env").rename(source / ".env.local")
    file = source / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("not the app's")
    assert name not in texts(kept(source, home))


def test_files_that_may_hold_secrets_are_the_owners_alone(source: Path, home: Path) -> None:
    copy = kept(source, home)
    assert (copy / ".env").stat().st_mode & 0o777 == 0o600
    assert copy.stat().st_mode & 0o777 == 0o700


def test_equal_content_is_stored_once(source: Path, home: Path, tmp_path: Path) -> None:
    shutil.copytree(source, tmp_path / "elsewhere")
    assert kept(source, home) == kept(tmp_path / "elsewhere", home)
    assert len(list((home / "apps" / "shop").iterdir())) == 1


@pytest.mark.parametrize("change", ["content", "name", "version"])
def test_another_content_name_or_version_is_another_copy(
    source: Path, home: Path, change: str
) -> None:
    first = kept(source, home)
    greet = source / "src" / "functions" / "greet.py"
    if change == "content":
        greet.write_text("class Greet: pass\n")
    elif change == "name":
        greet.rename(greet.with_name("meet.py"))
    second = kept(source, home, "1.0.1" if change == "version" else "1.0.0")
    assert second != first
    assert first.is_dir()


def test_a_name_tells_contents_apart_with_more_than_chance(source: Path, home: Path) -> None:
    copy = kept(source, home)
    assert copy.name == f"1.0.0-{digest(copy)[:32]}"
    assert len(copy.name) == len("1.0.0-") + 32


def test_many_who_copy_at_once_get_one_copy(source: Path, home: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        copies = set(threads.map(lambda _: kept(source, home), range(16)))
    assert len(copies) == 1
    assert list((home / "apps" / "shop").iterdir()) == list(copies)


def test_a_copy_that_nothing_has_used_for_a_day_goes(source: Path, home: Path) -> None:
    copy = kept(source, home)
    other = copy.with_name("2.0.0-000000000000")
    other.mkdir()
    for each in (copy, other):
        os.utime(each, (0, 0))
    forget_unused(home, app_id="shop", used=[copy])
    assert (copy.exists(), other.exists()) == (True, False)
    forget_unused(home, app_id="shop", used=[])
    assert copy.exists()
    os.utime(copy, (0, 0))
    forget_unused(home, app_id="shop", used=[])
    assert not copy.exists()


def test_the_files_of_a_copy_can_be_packed(source: Path, home: Path) -> None:
    names = [record["file"] for record in packed(kept(source, home))]
    assert "app.yml" in names
    assert all(belongs(PurePosixPath(name)) for name in names)
    assert not any(belongs(PurePosixPath(name)) for name in ("", "x.py", "tests/x.py", "a/.env"))


def test_a_home_that_cannot_be_written_is_named(source: Path, home: Path) -> None:
    home.mkdir()
    (home / "apps").write_text("a file in the way")
    with pytest.raises(HomeUnusable, match=r"cannot be copied .*--home"):
        kept(source, home)


def test_a_failed_copy_leaves_nothing_behind(
    source: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(HomeUnusable, match="No space left on device"):
        kept(source, home)
    assert list((home / "apps" / "shop").iterdir()) == []


def test_a_file_that_cannot_be_read_is_named(
    source: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(AppInvalid, match=r"cannot be read: Permission denied") as unreadable:
        kept(source, home)
    assert unreadable.value.where == str(source / ".env")
