"""How does a command end when something went wrong? One sentence and a status, no traceback."""

from __future__ import annotations

import json
import os
import sys
import traceback
from typing import Any

import click

from mooring.errors import MooringError, UsageError, in_words

INTERRUPTED = 130


def run(
    program: click.Command, arguments: list[str] | None, *, kept: dict[str, Any] | None = None
) -> int:
    """Call the program; turn every way of failing into a message on stderr and a status.

    What commands leave for each other is in ``kept``.
    """
    kept = {} if kept is None else kept
    try:
        status = program.main(args=arguments, prog_name="mooring", standalone_mode=False, obj=kept)
        sys.stdout.flush()
        return status if isinstance(status, int) else 0
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except click.ClickException as error:
        if kept.get("json"):
            _tell(UsageError(error.format_message()), kept)
        else:
            error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo(
            " ".join(["mooring: interrupted.", kept.get("interrupted", "")]).strip(), err=True
        )
        return INTERRUPTED
    except MooringError as error:
        _tell(error, kept)
        return error.exit_status
    except BrokenPipeError:
        # The reader (`| head`) went away; nothing is wrong, and nobody is left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001  # the last resort: nobody is shown a traceback
        _internal(error, kept)
        return MooringError.exit_status


def _tell(error: MooringError, kept: dict[str, Any]) -> None:
    hide = kept["masker"].hide if "masker" in kept else str
    problems = getattr(error, "problems", ())
    if kept.get("json"):
        said = {
            "code": error.code,
            "message": hide(error.message),
            "where": hide(error.where),
            "hint": hide(error.hint),
        }
        if problems:
            said["problems"] = [problem.to_json() for problem in problems]
        click.echo(json.dumps({"error": said}, ensure_ascii=False), err=True)
        return
    click.echo(f"mooring: {hide(str(error))}", err=True)
    for problem in problems:
        click.echo(
            f"  {problem.place} {problem.message}",
            err=True,
        )
        if problem.hint:
            click.echo(f"      {problem.hint}", err=True)


def _internal(error: Exception, kept: dict[str, Any]) -> None:
    """Say that this is the host's own fault; the traceback only on request (it is for us)."""
    hide = kept["masker"].hide if "masker" in kept else str
    click.echo(f"mooring: internal error: {hide(in_words(error))}", err=True)
    if os.environ.get("MOORING_LOG_LEVEL", "").lower() == "debug":
        click.echo(hide("".join(traceback.format_exception(error))), err=True)
    else:
        click.echo("  MOORING_LOG_LEVEL=debug shows where; please report it.", err=True)
