"""What do the environment and the options of the program say of the host that is meant?"""

from __future__ import annotations

import getpass
import os
import re
import sys
from pathlib import Path
from typing import Any, cast

import click

from mooring.errors import ConfigurationInvalid, UsageError
from mooring.model.account import ACCOUNT_RULE, DEFAULT_ACCOUNT, is_account
from mooring.model.config import HostConfig, SecretsMode

PUBLIC_URL = re.compile(r"https?://[^\s/?#@]+(/[^\s?#]*)?", re.IGNORECASE)
LEVELS = ("debug", "info", "warn", "error")
SECRETS = ("auto", "keyring", "encrypted")


def configuration(ctx: click.Context, *, actor: str = "") -> HostConfig:
    """Read the environment and the global options into one value; a person is the actor."""
    options: dict[str, Any] = ctx.obj or {}
    environment = os.environ
    key_file = environment.get("MOORING_MASTER_KEY_FILE")
    return HostConfig(
        home=_home(options.get("home") or environment.get("MOORING_HOME")),
        account=_account(options.get("account") or DEFAULT_ACCOUNT),
        database_url=environment.get("MOORING_DATABASE_URL") or None,
        public_url=_public_url(environment.get("MOORING_PUBLIC_URL")),
        secrets=cast(SecretsMode, _choice("MOORING_SECRETS", "auto", SECRETS)),
        master_key=environment.get("MOORING_MASTER_KEY") or None,
        master_key_file=Path(key_file) if key_file else None,
        log_level=_choice("MOORING_LOG_LEVEL", "info", LEVELS),
        interactive=sys.stdin.isatty() and sys.stdout.isatty(),
        safe_mode=bool(options.get("safe_mode")),
        actor=actor or f"cli:{_user()}",
        environment={k: v for k, v in environment.items() if k.startswith("APP_ENV_")},
    )


def _user() -> str:
    """Name the person at the terminal; a container may know a number only."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _home(given: str | Path | None) -> Path:
    if given:
        return Path(given).expanduser().absolute()
    from platformdirs import user_data_path

    return user_data_path("mooring", appauthor=False)


def _account(given: str) -> str:
    if not is_account(given):
        raise UsageError(f"{given!r} cannot be an account.", hint=ACCOUNT_RULE)
    return given


def _public_url(given: str | None) -> str | None:
    if not given:
        return None
    if not PUBLIC_URL.fullmatch(given):
        raise ConfigurationInvalid(
            f"{given!r} is not the address of a server.",
            where="MOORING_PUBLIC_URL",
            hint="It begins with https:// or http:// and has no query: https://hooks.example.com",
        )
    return given.rstrip("/")


def _choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    value = (os.environ.get(name) or default).lower()
    if value not in allowed:
        raise ConfigurationInvalid(
            f"{name} is {value!r}.",
            where=name,
            hint=f"It may be: {', '.join(allowed)}.",
        )
    return value
