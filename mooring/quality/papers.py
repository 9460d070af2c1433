"""Does the app come with what people read before they trust it?"""

from __future__ import annotations

import re
from collections.abc import Iterator

# Python's expat bounds what entities may grow to, and a document that declares any is refused.
from xml.etree import ElementTree

from mooring.model.problem import Position
from mooring.quality.rule import Finding, Level, QualityRule, Studied, in_file

OVERVIEW = "assets/directory/overview.md"
ICONS = ("assets/icon.svg", "assets/logo.svg")
LICENCES = ("LICENSE", "LICENSE.md", "LICENSE.txt", "LICENCE", "COPYING")
SVG = "{http://www.w3.org/2000/svg}svg"
SCRIPT = re.compile(r"<script|\son\w+\s*=|javascript:", re.IGNORECASE)
FOREIGN = re.compile(
    r"href\s*=\s*[\"'](?!#|data:image/)|url\(\s*[\"']?(?!#|[\"']?#)", re.IGNORECASE
)
WORD = re.compile(r"\w+")
HEADING = re.compile(r"^#{1,6} \S", re.MULTILINE)
INVENTED = re.compile(r"(?:^|[@./])example\.(?:com|org|net)\b")
SMALLEST_README, SMALLEST_OVERVIEW = 20, 60  # words


def _foreign_runtime(app: Studied) -> Iterator[Finding]:
    runtime = app.manifest.text(("runtime",)) or ""
    if app.inspected.is_for_node:
        place = app.manifest.position(("runtime",))
        yield in_file(app.manifest.file, f"An app for `{runtime}` cannot run here.", place)


def _bad_icons(app: Studied) -> Iterator[Finding]:
    for file in ICONS:
        text = app.folder.text(file)
        if text is None or (said := _fault_of_icon(text)):
            yield in_file(file, f"{file} {said if text is not None else 'cannot be read'}.")


def _fault_of_icon(text: str) -> str:
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        return "has a document type"
    try:
        root = ElementTree.fromstring(text)  # noqa: S314  # without entities, see the import
    except ElementTree.ParseError:
        return "is not well-formed XML"
    if root.tag != SVG:
        return "is no SVG"
    if not (root.get("viewBox") or (root.get("width") and root.get("height"))):
        return "has no size: a viewBox, or width and height"
    if SCRIPT.search(text):
        return "contains a script"
    return "loads something from elsewhere" if FOREIGN.search(text) else ""


def _thin_readme(app: Studied) -> Iterator[Finding]:
    text = app.folder.text("README.md")
    if text is None:
        yield in_file("README.md", "There is no README.md.")
    elif len(WORD.findall(text)) < SMALLEST_README:
        yield in_file("README.md", "README.md says next to nothing.")


def _thin_overview(app: Studied) -> Iterator[Finding]:
    text = app.folder.text(OVERVIEW) or ""
    if len(WORD.findall(text)) < SMALLEST_OVERVIEW or not HEADING.search(text):
        yield in_file(OVERVIEW, "The app's page in the directory says next to nothing.")
    for number, line in enumerate(text.splitlines(), 1):
        if "Replace this page" in line:
            place = Position(number, line.index("Replace this page") + 1)
            yield in_file(OVERVIEW, "This sentence comes from the template.", place)


def _invented_contact(app: Studied) -> Iterator[Finding]:
    if _is_unreleased(app):
        return
    for key in ("support_url", "contact_email"):
        written = app.manifest.text(("meta", key)) or ""
        if INVENTED.search(written):
            place = app.manifest.position(("meta", key))
            yield in_file(app.manifest.file, f"`{written}` reaches nobody.", place)


def _stale_changelog(app: Studied) -> Iterator[Finding]:
    text = app.folder.text("CHANGELOG.md")
    version = app.manifest.text(("meta", "version")) or ""
    if text is None:
        yield in_file("CHANGELOG.md", "There is no CHANGELOG.md.")
    elif version not in text and not (_is_unreleased(app) and "unreleased" in text.lower()):
        yield in_file("CHANGELOG.md", f"CHANGELOG.md says nothing of {version}.")


def _is_unreleased(app: Studied) -> bool:
    return "-dev" in (app.manifest.text(("meta", "version")) or "")


def _no_licence(app: Studied) -> Iterator[Finding]:
    if not any(app.folder.text(file) for file in LICENCES):
        yield in_file("LICENSE", "There is no LICENSE.")


RULES = (
    QualityRule(
        id="runs-here",
        level=Level.BRONZE,
        summary="The app is written for a Python runtime.",
        reason="An app for Node is valid, and can be ported; here it can be neither run nor "
        "judged.",
        looks_at="`runtime` in app.yml.",
        remedy="Port it: mooring port OCP_APP_DIR DIR",
        check=_foreign_runtime,
    ),
    QualityRule(
        id="safe-icons",
        level=Level.BRONZE,
        summary="Icon and logo are self-contained SVG images with a size.",
        reason="They are shown on pages where people are signed in; a script or a foreign address "
        "in them acts there.",
        looks_at="assets/icon.svg and assets/logo.svg.",
        remedy="Export a plain SVG with a viewBox: no scripts, no links, no document type.",
        check=_bad_icons,
    ),
    QualityRule(
        id="readme",
        level=Level.BRONZE,
        summary="README.md says how the app is tried out.",
        reason="It is the first thing that the next developer opens.",
        looks_at=f"Whether README.md has at least {SMALLEST_README} words.",
        remedy="Say in README.md what the app does, how it is installed and how it is tested.",
        check=_thin_readme,
    ),
    QualityRule(
        id="directory-page",
        level=Level.SILVER,
        summary="The app's page in the directory says what it does and what it needs.",
        reason="People decide by it whether to install the app.",
        looks_at=f"Whether {OVERVIEW} has a heading and at least {SMALLEST_OVERVIEW} words, none "
        "of them the template's.",
        remedy="Say what the app does, for whom, what it needs, and how to begin.",
        check=_thin_overview,
    ),
    QualityRule(
        id="reachable-contact",
        level=Level.SILVER,
        summary="A released app can be asked for help.",
        reason="Support addresses that the template invented reach nobody.",
        looks_at="`support_url` and `contact_email` in app.yml, unless the version ends with -dev.",
        remedy="Write an address that somebody reads.",
        check=_invented_contact,
    ),
    QualityRule(
        id="changelog",
        level=Level.GOLD,
        summary="CHANGELOG.md tells what the present version changes.",
        reason="Whoever upgrades wants to know what will be different.",
        looks_at="Whether CHANGELOG.md names the version of app.yml, or, for a -dev version, "
        "what is unreleased.",
        remedy="Write a section for the version.",
        check=_stale_changelog,
    ),
    QualityRule(
        id="licence",
        level=Level.GOLD,
        summary="The app says under which licence it may be used.",
        reason="Without one, nobody else may use it.",
        looks_at="A file LICENSE, LICENCE or COPYING beside app.yml.",
        remedy="Add a file LICENSE.",
        check=_no_licence,
    ),
)
