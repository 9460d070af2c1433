"""One app version sees the values it declared, from its .env file and the host, and no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from mooring.adapters.app_environment import app_environment, credentials_in
from mooring.errors import AppInvalid


def write(root: Path, text: str) -> None:
    (root / ".env").write_text(text, "utf-8")


def test_declared_values_come_from_the_file(tmp_path: Path) -> None:
    write(tmp_path, "# addresses\nAPP_ENV_URL=https://api.example.org\nexport APP_ENV_NAME='Zoë'\n")
    found = app_environment(tmp_path, declared=["APP_ENV_URL", "APP_ENV_NAME"], given={})
    assert found == {"APP_ENV_URL": "https://api.example.org", "APP_ENV_NAME": "Zoë"}


def test_credentials_are_told_by_their_names() -> None:
    given = {"APP_ENV_URL": "a", "APP_ENV_CLIENT_SECRET": "b", "APP_ENV_API_KEY": "c"}
    assert list(credentials_in(given)) == ["b", "c"]


def test_a_password_in_an_address_is_a_credential() -> None:
    given = {"APP_ENV_PROXY_URL": "https://user:w%2Frd@proxy.example.com:8080/at@home"}
    assert list(credentials_in(given)) == ["w%2Frd", "w/rd"]
    harmless = {"APP_ENV_URL": "https://example.com:8080/a:b@c", "APP_ENV_NAME": "a:b@c"}
    assert list(credentials_in(harmless)) == []


def test_the_hosts_environment_wins(tmp_path: Path) -> None:
    write(tmp_path, "APP_ENV_URL=https://api.example.org\n")
    given = {"APP_ENV_URL": "http://127.0.0.1:9900"}
    assert app_environment(tmp_path, declared=["APP_ENV_URL"], given=given) == given


def test_an_empty_value_of_the_host_wins_too(tmp_path: Path) -> None:
    write(tmp_path, "APP_ENV_URL=https://api.example.org\n")
    found = app_environment(tmp_path, declared=["APP_ENV_URL"], given={"APP_ENV_URL": ""})
    assert found == {"APP_ENV_URL": ""}


def test_what_was_not_declared_is_not_seen(tmp_path: Path) -> None:
    write(tmp_path, "APP_ENV_OTHER=1\n")
    given = {"APP_ENV_FOREIGN": "2", "PATH": "/bin"}
    assert app_environment(tmp_path, declared=["APP_ENV_URL"], given=given) == {}


def test_a_name_without_a_value_is_absent(tmp_path: Path) -> None:
    write(tmp_path, "APP_ENV_URL\n")
    assert app_environment(tmp_path, declared=["APP_ENV_URL"], given={}) == {}


def test_no_file_is_no_trouble(tmp_path: Path) -> None:
    assert app_environment(tmp_path, declared=["APP_ENV_URL"], given={}) == {}


def test_the_file_cannot_reach_into_the_hosts_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOORING_MASTER_KEY", "the host's own")
    write(tmp_path, "APP_ENV_URL=${MOORING_MASTER_KEY}\n")
    found = app_environment(tmp_path, declared=["APP_ENV_URL"], given={})
    assert found == {"APP_ENV_URL": "${MOORING_MASTER_KEY}"}


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"APP_ENV_URL=\xff\xfe\n")
    with pytest.raises(AppInvalid, match=r"\.env: .*UTF-8"):
        app_environment(tmp_path, declared=["APP_ENV_URL"], given={})


def test_the_values_cannot_be_changed(tmp_path: Path) -> None:
    found = app_environment(tmp_path, declared=["APP_ENV_URL"], given={"APP_ENV_URL": "1"})
    with pytest.raises(TypeError):
        found["APP_ENV_URL"] = "2"  # type: ignore[index]  # that it has no such method is the point
