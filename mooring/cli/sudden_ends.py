"""What becomes of a command whose app ends the process? It says so, and exits 70.

``os._exit`` runs nothing that is there to say how a command ended, and its status is the app's: a
job that calls ``os._exit(0)`` would look like one that went well. What the host itself ends in this
way, and processes that the app forked off, end as they say.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn

import click

from mooring.errors import MooringError

SHOW_CURSOR = "\x1b[?25h"  # which the bars of a run hide
HINT = "An app may raise or return, and not call os._exit."


@contextmanager
def sudden_ends_told(kept: Mapping[str, Any]) -> Iterator[None]:
    """Let app code in the block not end this process without a word.

    What is ``interrupted`` by that is read from what commands have ``kept``.
    """
    own, pid, stderr = os._exit, os.getpid(), sys.stderr

    def told(status: int) -> NoReturn:
        if os.getpid() != pid or _is_ours(sys._getframe(1).f_globals):
            own(status)
        if stderr.isatty():
            click.echo(SHOW_CURSOR, file=stderr, nl=False)
        click.echo(_words(status, kept), file=stderr)
        own(MooringError.exit_status)

    os._exit = told
    try:
        yield
    finally:
        os._exit = own


def _is_ours(module: Mapping[str, Any]) -> bool:
    return str(module.get("__name__")).partition(".")[0] == "mooring"


def _words(status: int, kept: Mapping[str, Any]) -> str:
    said = f"The app ended this process: os._exit({status})."
    said = " ".join(filter(None, [said, str(kept.get("interrupted", ""))]))
    error = MooringError(said, hint=HINT)
    if not kept.get("json"):
        return f"mooring: {error}"
    told = {"code": error.code, "message": said, "where": "", "hint": HINT}
    return json.dumps({"error": told}, ensure_ascii=False)
