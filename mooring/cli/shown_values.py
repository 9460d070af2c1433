"""What of a stored JSON value may people see? All of it, but for what is called a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mooring.adapters.masking import MASK
from mooring.model.secret_shapes import names_secret

if TYPE_CHECKING:
    from mooring.hosting.host import Host

CREDENTIALS = {"authorization", "cookie", "proxy-authorization", "x-api-key", "api-key"}
DEEPEST = 50


def without_secrets(value: Any, depth: int = 0) -> Any:  # Any: JSON
    """Hide what is called a secret. Raises ValueError for what is nested too deeply to show."""
    if depth > DEEPEST:
        raise ValueError("nested too deeply")
    if isinstance(value, dict):
        return {
            name: shown_value(name, each)
            if isinstance(each, str)
            else without_secrets(each, depth + 1)
            for name, each in value.items()
        }
    if isinstance(value, list):
        return [without_secrets(each, depth + 1) for each in value]
    return value


def shown_value(name: str, value: Any) -> Any:  # Any: JSON
    """Hide a value that is called a secret."""
    return MASK if name.lower() in CREDENTIALS or names_secret(name) else value


def hidden(host: Host, facts: dict[str, Any]) -> dict[str, Any]:
    """Hide every secret of a host in what is shown of something it keeps."""
    host.know_secrets()
    shown: dict[str, Any] = host.masker.hide_in(facts)
    return shown
