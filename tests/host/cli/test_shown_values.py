"""Of a stored value people see everything but what is called a secret."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.adapters.masking import MASK
from mooring.cli.shown_values import DEEPEST, hidden, shown_value, without_secrets
from mooring.hosting.host import Host


@pytest.mark.parametrize(
    "name", ["api_key", "Access Token", "password", "Authorization", "COOKIE", "X-Api-Key"]
)
def test_what_is_called_a_secret_is_hidden_at_any_depth(name: str) -> None:
    assert shown_value(name, "s3cret") == MASK
    assert without_secrets({"a": [{name: "s3cret", "b": "seen"}]}) == {
        "a": [{name: MASK, "b": "seen"}]
    }


@pytest.mark.parametrize("value", [None, 7, True, "text", [1, "a"], {}, {"key": "sync/17"}])
def test_everything_else_is_shown_as_it_is(value: Any) -> None:
    assert without_secrets(value) == value


def test_what_is_nested_too_deeply_is_refused() -> None:
    value: Any = "the bottom"
    for _ in range(DEEPEST):
        value = [value]
    assert without_secrets(value) == value
    with pytest.raises(ValueError, match="nested too deeply"):
        without_secrets([value])


def test_what_the_host_keeps_secret_is_hidden_whatever_it_is_called(host: Host) -> None:
    host.vault.set("install/1", "settings/auth/token", "hunter22-hunter22")
    assert hidden(host, {"said": "It is hunter22-hunter22.", "times": 1}) == {
        "said": f"It is {MASK}.",
        "times": 1,
    }
