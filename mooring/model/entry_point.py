"""In which module below ``src/`` is the class that a manifest names? Pure; imports nothing.

``HandleEvent`` of a function is class ``HandleEvent`` in ``functions/handle_event.py``;
``module:Class`` says it explicitly, with the module counted from the same folder.
"""

from __future__ import annotations

import re
from keyword import iskeyword

from mooring.errors import EntryPointInvalid

FOLDERS = {
    "function": "functions",
    "job": "jobs",
    "lifecycle": "lifecycle",
    "channel": "channel",
    "liquid_extension": "liquid_extensions",
    "destination": "destinations",
    "source": "sources",
    "source_job": "sources.jobs",
}

# Between "handle" and "Event", and between an abbreviation and the word after it (HTTP|Handler).
WORD_STARTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def resolve_entry_point(kind: str, entry_point: str) -> tuple[str, str]:
    """Return module (dotted, below ``src``) and class name: ``("functions.hook", "Hook")``.

    Raises EntryPointInvalid when the text is neither a class name nor ``module:Class``.
    """
    module, colon, class_name = entry_point.rpartition(":")
    if not colon:
        module = snake_case(class_name)
    # A module may be called import.py, for class Import: it is never named in a statement.
    named = all(part.isidentifier() for part in (*module.split("."), class_name))
    if not named or iskeyword(class_name):
        raise EntryPointInvalid(
            f"{entry_point!r} is not the name of a class.",
            hint="Write the class alone, as in HandleEvent, or module:Class.",
        )
    return f"{FOLDERS[kind]}.{module}", class_name


def module_file(module: str) -> str:
    """Return the file of a module below ``src``, relative to the app: ``src/jobs/sync.py``."""
    return f"src/{module.replace('.', '/')}.py"


def snake_case(class_name: str) -> str:
    """Turn a class name into the name of its module: ``HandleEvent`` into ``handle_event``."""
    return WORD_STARTS.sub("_", class_name).lower()
