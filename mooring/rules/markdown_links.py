"""Do the links in an app's Markdown pages lead to headings and files that exist?"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from urllib.parse import unquote

from mooring.model.known_names import listed, nearest
from mooring.model.problem import Problem, Rule, shown
from mooring.reading.markdown_reader import Link, MarkdownDocument
from mooring.rules.inspected import Inspected

HEADING = Rule("AST-2", "A link to a heading in a Markdown page leads to one that exists.")
FILE = Rule("AST-3", "A link to a file in a Markdown page leads to one that exists.")
READABLE = Rule("AST-4", "The Markdown pages in assets can be read.")
RULES = (HEADING, FILE, READABLE)

ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.ASCII | re.IGNORECASE)


def check(app: Inspected) -> Iterator[Problem]:
    """Follow every link that stays within the app."""
    pages = {page.file: page for page in app.files.pages()}
    for page in pages.values():
        if page.error:
            said = f"{page.file} cannot be read: {page.error}."
            hint = "Save it as UTF-8 text of a page's size."
            yield READABLE.at(page.file, page.position, said, hint=hint)
        for link in page.links:
            if link.target and not ELSEWHERE.match(link.target):
                yield from _followed(app, pages, page, link)


def _followed(
    app: Inspected, pages: dict[str, MarkdownDocument], page: MarkdownDocument, link: Link
) -> Iterator[Problem]:
    path, _, heading = link.target.partition("#")
    path = unquote(path.partition("?")[0])
    file = _target(page.file, path)
    if file.startswith("../") or not (file == page.file or app.files.holds(file)):
        said = f"The page links to {shown(link.target)}; the app has no {shown(file)}."
        hint = "The path counts from the page's own folder."
        yield FILE.at(page.file, link.position, said, hint=hint)
    elif heading and file in pages and not _has(pages[file], heading):
        known = sorted(pages[file].anchors)
        said = f"The page links to {shown(link.target)}; {file} has no such heading."
        headings = listed(f"#{anchor}" for anchor in known)
        hint = f"{nearest(unquote(heading).lower(), known)}Headings there: {headings}."
        yield HEADING.at(page.file, link.position, said, hint=hint)


def _target(page: str, path: str) -> str:
    if not path:
        return page
    if path.startswith("/"):
        return posixpath.normpath(path.lstrip("/") or ".")
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), path))


def _has(page: MarkdownDocument, heading: str) -> bool:
    wanted = unquote(heading)
    return bool(page.error) or wanted in page.anchors or wanted.lower() in page.anchors
