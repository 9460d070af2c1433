"""How is an archive sealed into a file, and what of a file is believed?

A line of JSON says whose archive it is; what follows are records, cut into blocks that are sealed
with AES-256-GCM under a key of the archive's own, which stays in this home's secret store. Each
block's nonce is its number and whether it is the last, and each is bound to the first line: what
was changed, cut off, reordered or joined from several archives is refused before it is used.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, BinaryIO

from mooring.adapters.durable_names import sync_folder
from mooring.adapters.secrets.aes import TAG_BYTES, Cipher, DoesNotOpen
from mooring.errors import ArchiveInvalid, HomeUnusable

MAGIC = b"mooring archive 1\n"
SUFFIX = ".mooring-archive"
BLOCK_BYTES = 256 * 1024
LENGTH_BYTES = 4
LONGEST_LABEL = 4096
LONGEST_RECORD = 256 * 1024 * 1024
TAKE_ANOTHER = "Take the file that `mooring uninstall` wrote, unchanged and whole."


@dataclass(frozen=True, slots=True)
class Label:
    """Whose archive it is; readable without the key, and believed only with it."""

    archive_id: str
    install_id: int
    app_id: str
    account: str
    version: str
    created_at: str


def write_archive(
    path: Path, label: Label, *, key: bytes, records: Iterable[Mapping[str, Any]]
) -> None:
    """Write a whole archive, or nothing. Raises HomeUnusable."""
    draft = path.with_name(f".{path.name}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            _write(file, label, key, records)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise HomeUnusable(
            f"The archive cannot be written: {error.strerror or error}.",
            where=str(path),
            hint="Make room, or make the folder writable.",
        ) from error


def read_label(path: Path) -> Label:
    """Say whose archive a file claims to be. Raises ArchiveInvalid."""
    with _opened(path) as file:
        return _label(path, _first_line(path, file))


def read_records(path: Path, *, key: bytes) -> Iterator[dict[str, Any]]:
    """Give the records of an archive; only a whole pass proves it whole. Raises ArchiveInvalid."""
    with _opened(path) as file:
        first = _first_line(path, file)
        rest = b""
        for block in _blocks(path, file, Cipher(key), first):
            *lines, rest = (rest + block).split(b"\n")
            if len(rest) > LONGEST_RECORD:
                raise _invalid(path, "has a record that is too long")
            yield from (json.loads(line) for line in lines)
        if rest:
            raise _invalid(path, "ends in the middle of a record")


def _write(file: BinaryIO, label: Label, key: bytes, records: Iterable[Mapping[str, Any]]) -> None:
    first = MAGIC + json.dumps(asdict(label)).encode() + b"\n"
    file.write(first)
    cipher, number, block = Cipher(key), 0, b""
    for record in records:
        block += json.dumps(record).encode() + b"\n"
        while len(block) > BLOCK_BYTES:
            _write_block(file, cipher.seal_at(_nonce(number), block[:BLOCK_BYTES], about=first))
            number, block = number + 1, block[BLOCK_BYTES:]
    _write_block(file, cipher.seal_at(_nonce(number, last=True), block, about=first))


def _write_block(file: BinaryIO, sealed: bytes) -> None:
    file.write(len(sealed).to_bytes(LENGTH_BYTES, "big") + sealed)


def _blocks(path: Path, file: BinaryIO, cipher: Cipher, first: bytes) -> Iterator[bytes]:
    number, ahead = 0, _sealed(path, file)
    while ahead is not None:
        sealed, ahead = ahead, _sealed(path, file)
        try:
            yield cipher.open_at(_nonce(number, last=ahead is None), sealed, about=first)
        except DoesNotOpen as error:
            raise _invalid(path, "was changed, or a part of it is missing") from error
        number += 1
    if number == 0:
        raise _invalid(path, "is cut off")


def _sealed(path: Path, file: BinaryIO) -> bytes | None:
    length = file.read(LENGTH_BYTES)
    if not length:
        return None
    size = int.from_bytes(length, "big")
    if len(length) < LENGTH_BYTES or not TAG_BYTES <= size <= BLOCK_BYTES + TAG_BYTES:
        raise _invalid(path, "is damaged")
    sealed = file.read(size)
    if len(sealed) < size:
        raise _invalid(path, "is cut off")
    return sealed


def _nonce(number: int, *, last: bool = False) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise _invalid(path, f"cannot be read: {error.strerror}") from error


def _first_line(path: Path, file: BinaryIO) -> bytes:
    magic = file.read(len(MAGIC))
    line = file.readline(LONGEST_LABEL)
    if magic != MAGIC or not line.endswith(b"\n"):
        raise _invalid(path, "is no archive of an app")
    return magic + line


def _label(path: Path, first: bytes) -> Label:
    try:
        found = json.loads(first.removeprefix(MAGIC))
        label = Label(**found)
    except (ValueError, TypeError, RecursionError) as error:
        raise _invalid(path, "does not say whose it is") from error
    kinds = {"int": int, "str": str}
    if any(type(found[part.name]) is not kinds[str(part.type)] for part in fields(Label)):
        raise _invalid(path, "does not say whose it is")
    return label


def _invalid(path: Path, said: str) -> ArchiveInvalid:
    return ArchiveInvalid(f"The file {said}.", where=str(path), hint=TAKE_ANOTHER)
