"""What can an account be called?"""

from __future__ import annotations

import re

ACCOUNT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", re.ASCII)
ACCOUNT_RULE = "It takes 1 to 64 letters, digits, _ and -, beginning with a letter or digit."


def is_account(text: str) -> bool:
    """Tell whether a text could be an account; what it cannot, no database has to be asked for."""
    return ACCOUNT.fullmatch(text) is not None
