"""Does the app have the files that every app has?"""

from __future__ import annotations

from collections.abc import Iterator

from mooring.model.problem import Problem
from mooring.reading.app_reader import REQUIRED_FORM as REQUIRED_FILE
from mooring.rules.inspected import Inspected

RULES = (REQUIRED_FILE,)

REQUIRED = {
    "assets/directory/overview.md": "It is the app's page in the directory, in Markdown.",
    "assets/icon.svg": "It is shown beside the app's name.",
    "assets/logo.svg": "It is shown on the app's page.",
    "forms/settings.yml": "An app without settings has the single line: sections: []",
}
REQUIRED_OF_CHANNELS = {
    "forms/content-settings.yml": "A channel's content has settings; none is: sections: []",
    "forms/content-template.yml": "A channel's content has a template; none is: sections: []",
}


def check(app: Inspected) -> Iterator[Problem]:
    """Name each missing file."""
    has_channel = isinstance(app.manifest.get(("channel",)), dict)
    wanted = {**REQUIRED, **(REQUIRED_OF_CHANNELS if has_channel else {})}
    for file, reason in wanted.items():
        # A form that exists and is no file was reported when it was read.
        read = file.removeprefix("forms/").removesuffix(".yml") in app.files.forms
        if not read and not app.files.exists(file):
            yield REQUIRED_FILE.missing(file, f"The file {file} is missing.", hint=reason)
