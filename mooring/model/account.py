"""What can an account be called?"""

from __future__ import annotations

import re

ACCOUNT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", re.ASCII)
ACCOUNT_RULE = "It takes 1 to 64 letters, digits, _ and -, beginning with a letter or digit."


DEFAULT_ACCOUNT = "local"


def is_account(text: str) -> bool:
    """Tell whether a text could be an account; what it cannot, no database has to be asked for."""
    return ACCOUNT.fullmatch(text) is not None


def account_option(account: str) -> str:
    """Return what a command that is told to people needs in the end, to be about this account."""
    return "" if account == DEFAULT_ACCOUNT else f" --account {account}"
