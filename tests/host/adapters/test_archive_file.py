"""Archives are sealed; what is not as it was written is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mooring.adapters.archive_file import (
    BLOCK_BYTES,
    LENGTH_BYTES,
    LONGEST_LABEL,
    MAGIC,
    Label,
    read_label,
    read_records,
    write_archive,
)
from mooring.adapters.secrets.aes import TAG_BYTES, new_key
from mooring.errors import ArchiveInvalid, HomeUnusable

KEY = new_key()
LABEL = Label("a1", 7, "shop", "local", "1.0.0", "2026-11-25T12:00:00Z")
RECORDS: list[dict[str, Any]] = [
    {"kv": "first", "value": "canary-in-clear"},
    {"kv": "long", "value": "x" * 3 * BLOCK_BYTES},
    {"secret": "last", "value": "ü"},
]


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "archives/shop.mooring-archive"
    write_archive(path, LABEL, key=KEY, records=RECORDS)
    return path


def test_an_archive_gives_back_what_was_put_in(archive: Path) -> None:
    assert read_label(archive) == LABEL
    assert list(read_records(archive, key=KEY)) == RECORDS
    assert archive.stat().st_mode & 0o777 == 0o600


def test_an_archive_of_nothing_is_whole(tmp_path: Path) -> None:
    write_archive(tmp_path / "empty", LABEL, key=KEY, records=[])
    assert list(read_records(tmp_path / "empty", key=KEY)) == []


def test_nothing_of_it_is_in_clear(archive: Path) -> None:
    assert b"canary" not in archive.read_bytes()


def test_another_key_opens_nothing(archive: Path) -> None:
    with pytest.raises(ArchiveInvalid, match="was changed"):
        list(read_records(archive, key=new_key()))


def test_no_part_can_be_cut_off(archive: Path) -> None:
    whole = archive.read_bytes()
    block = LENGTH_BYTES + BLOCK_BYTES + TAG_BYTES
    start = whole.index(b"\n", len(MAGIC)) + 1
    for end in (0, 5, len(MAGIC), start - 1, start, start + 2, start + block, start + 3 * block):
        archive.write_bytes(whole[:end])
        with pytest.raises(ArchiveInvalid):
            list(read_records(archive, key=KEY))
    archive.write_bytes(whole[:-1])
    with pytest.raises(ArchiveInvalid, match="cut off"):
        list(read_records(archive, key=KEY))


def test_no_byte_can_be_changed(archive: Path) -> None:
    whole = bytearray(archive.read_bytes())
    for place in [*range(0, 200, 7), *range(200, len(whole), 40_009), len(whole) - 1]:
        changed = whole.copy()
        changed[place] ^= 1
        archive.write_bytes(changed)
        with pytest.raises(ArchiveInvalid):
            list(read_records(archive, key=KEY))


def test_blocks_cannot_change_places(archive: Path) -> None:
    whole = archive.read_bytes()
    start = whole.index(b"\n", len(MAGIC)) + 1
    size = LENGTH_BYTES + BLOCK_BYTES + TAG_BYTES
    first, second = whole[start : start + size], whole[start + size : start + 2 * size]
    archive.write_bytes(whole[:start] + second + first + whole[start + 2 * size :])
    with pytest.raises(ArchiveInvalid, match="was changed"):
        list(read_records(archive, key=KEY))


def test_a_label_of_another_archive_does_not_fit(archive: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other_label = Label("a2", 8, "shop", "acme", "1.0.0", "2026-11-25T12:00:00Z")
    write_archive(other, other_label, key=KEY, records=[])
    whole = archive.read_bytes()
    start = whole.index(b"\n", len(MAGIC)) + 1
    stranger = other.read_bytes()
    archive.write_bytes(stranger[: stranger.index(b"\n", len(MAGIC)) + 1] + whole[start:])
    assert read_label(archive).account == "acme"
    with pytest.raises(ArchiveInvalid, match="was changed"):
        list(read_records(archive, key=KEY))


def test_a_huge_block_is_refused_before_it_is_read(archive: Path) -> None:
    whole = archive.read_bytes()
    start = whole.index(b"\n", len(MAGIC)) + 1
    archive.write_bytes(whole[:start] + b"\xff\xff\xff\xff" + b"x" * 100)
    with pytest.raises(ArchiveInvalid, match="damaged"):
        list(read_records(archive, key=KEY))


def _label(**changes: Any) -> bytes:
    values = {part: getattr(LABEL, part) for part in LABEL.__dataclass_fields__}
    return MAGIC + json.dumps({**values, **changes}).encode() + b"\n"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04 a zip file",
        MAGIC,
        MAGIC + b"{" * LONGEST_LABEL,
        MAGIC + b"[" * 4000 + b"\n",
        MAGIC + b"null\n",
        MAGIC + b'{"install_id": 7}\n',
        MAGIC + b"\xff\xfe\n",
        _label(install_id="7"),
        _label(install_id=True),
        _label(app_id=None),
        _label(extra=1),
    ],
)
def test_a_file_that_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(ArchiveInvalid, match="file"):
        read_label(path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArchiveInvalid, match="cannot be read"):
        read_label(tmp_path / "missing")


def _failing(records: list[dict[str, Any]]) -> Callable[[], Any]:
    def give() -> Any:
        yield from records
        raise OSError(28, "No space left on device")

    return give


def test_a_failed_write_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "archives/shop"
    with pytest.raises(HomeUnusable, match="No space left"):
        write_archive(path, LABEL, key=KEY, records=_failing(RECORDS)())
    assert list((tmp_path / "archives").iterdir()) == []
