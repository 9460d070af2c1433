"""Values come from files and stdin; what cannot be read is said with its remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from mooring.cli.given import read_body, read_secret
from mooring.errors import UsageError


def test_a_secret_is_read_from_a_file_without_the_line_break_at_its_end(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("canary-é\n", "utf-8")
    assert read_secret("token", f"@{file}") == "canary-é"


def test_a_secret_in_clear_is_refused_and_not_repeated() -> None:
    with pytest.raises(UsageError, match=r"token=- .*token=@FILE") as refused:
        read_secret("token", "canary-17")
    assert "canary" not in str(refused.value)


def test_a_file_that_is_no_text_is_no_secret(tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes(b"ab\xff")
    with pytest.raises(UsageError, match=r"not UTF-8 text \(byte 2\)"):
        read_secret("token", f"@{tmp_path / 'token'}")


@pytest.mark.parametrize("read", [read_body, lambda source: read_secret("token", source)])
def test_a_file_that_is_not_there_is_named(read: object, tmp_path: Path) -> None:
    assert callable(read)
    with pytest.raises(UsageError, match=r"nowhere cannot be read: No such file.*After @"):
        read(f"@{tmp_path / 'nowhere'}")


def test_a_body_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "body").write_bytes(b"\xff\n")
    assert read_body(f"@{tmp_path / 'body'}") == b"\xff\n"
    assert read_body("é@") == "é@".encode()
