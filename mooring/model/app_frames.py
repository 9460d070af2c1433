"""Where in an app's own code was an error raised? The place that its author looks at first."""

from __future__ import annotations

import traceback
from pathlib import PurePath

MOUNTED = "mooring_apps"  # the loader's name for what has all apps below it


def place_in_app(error: BaseException) -> str:
    """Name the last line of an app that the error passed: ``src/jobs/sync.py:17``; or nothing."""
    place = ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        outermost, _, module = str(frame.f_globals.get("__name__")).partition(".")
        if outermost == MOUNTED:
            place = f"{_file(frame.f_code.co_filename, module)}:{line}"
    return place


def file_of(defined: type) -> str:
    """Name the file of an app that defines a class; its module where it is of no app."""
    outermost, _, module = defined.__module__.partition(".")
    below = module.split(".")[1:]
    return "/".join(["src", *below]) + ".py" if outermost == MOUNTED else defined.__module__


def _file(name: str, module: str) -> str:
    """Return a file below its app; ``module`` is the app's key and the module's name in it."""
    path = PurePath(name)
    below = module.count(".") + (path.stem == "__init__")
    return "/".join(["src", *path.parts[len(path.parts) - below :]])
