"""What does a JSONPath (RFC 9535) find in a JSON value? As in OCP, ``$.`` may be left out.

The library costs as much to import as a small command to run; it is imported when a path is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

BEGINS_WITH_A_NAME = re.compile(r"[A-Za-z_]", re.ASCII)
LONGEST = 1000  # characters

Finder = Callable[[Any], list[Any]]  # Any: JSON


@lru_cache(maxsize=256)
def json_path(text: str) -> Finder:
    """Return what finds the values at a path. Raises ValueError saying what is wrong with it.

    The finder raises ValueError for a value that is nested too deeply for it.
    """
    from jsonpath_rfc9535 import JSONPathEnvironment, JSONPathError

    if len(text) > LONGEST:
        raise ValueError(f"it is longer than {LONGEST} characters")
    path = f"$.{text}" if BEGINS_WITH_A_NAME.match(text) else text
    try:
        query = JSONPathEnvironment().compile(path)
    except (JSONPathError, RecursionError, ValueError) as error:
        raise ValueError(_first_line(error)) from error

    def find(value: Any) -> list[Any]:
        try:
            return query.find(value).values()
        except (JSONPathError, RecursionError) as error:
            raise ValueError(_first_line(error)) from error

    return find


def _first_line(error: Exception) -> str:
    return str(error).partition(", line 1")[0] or "it is nested too deeply"
