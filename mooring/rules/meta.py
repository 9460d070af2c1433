"""Is what ``meta`` says about the app plausible?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from mooring.model.problem import Problem, Rule, shown
from mooring.rules.inspected import Inspected

SUPPORT_URL = Rule("META-4", "`meta.support_url` is an address that begins with https://.")
CONTACT_EMAIL = Rule("META-5", "`meta.contact_email` is an e-mail address.")
SAME_CATEGORY = Rule("META-9", "`meta.categories` names no category twice.")
ALL_ALONE = Rule("META-11", "`all` stands alone in `meta.availability`.")
KNOWN_ZONES = Rule("META-12", "`meta.availability` names zones that exist.")
RULES = (SUPPORT_URL, CONTACT_EMAIL, SAME_CATEGORY, ALL_ALONE, KNOWN_ZONES)

ZONES = ("us", "eu", "au")

LOCAL_PART = r"[a-z0-9!#$%&'*+\-/=?^_{|}~][a-z0-9!#$%&'*+\-/=?^_`{|}~]*"
LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
EMAIL = re.compile(
    rf"(?=.{{1,254}}$)(?=[^@]{{1,64}}@){LOCAL_PART}(?:\.{LOCAL_PART})*"
    rf"@(?:{LABEL}\.)+[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])",
    re.ASCII | re.IGNORECASE,
)


def check(app: Inspected) -> Iterator[Problem]:
    """Look at addresses, categories and zones."""
    yield from _support_url(app)
    yield from _contact_email(app)
    yield from _categories(app)
    yield from _availability(app)


def _support_url(app: Inspected) -> Iterator[Problem]:
    path = ("meta", "support_url")
    url = app.manifest.text(path)
    if url is not None and not _is_web_address(url):
        yield app.fault(
            SUPPORT_URL,
            path,
            f"`meta.support_url` is {shown(url)}; that is not the address of a web page.",
            hint="Begin with https://, as in https://example.com/support.",
        )


def _is_web_address(url: str) -> bool:
    if not url.startswith("https://") or re.search(r"\s", url):
        return False
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def _contact_email(app: Inspected) -> Iterator[Problem]:
    path = ("meta", "contact_email")
    address = app.manifest.text(path)
    if address is not None and not EMAIL.fullmatch(address):
        yield app.fault(
            CONTACT_EMAIL,
            path,
            f"`meta.contact_email` is {shown(address)}; that is not an e-mail address.",
            hint="Write it without a name, as in support@example.com.",
        )


def _categories(app: Inspected) -> Iterator[Problem]:
    path = ("meta", "categories")
    categories = app.manifest.items(path)
    if len(categories) == 2 and categories[0] == categories[1]:
        yield app.fault(
            SAME_CATEGORY,
            (*path, 1),
            f"`meta.categories` names {shown(categories[1])} twice.",
            hint="Remove it, or name a second category.",
        )


def _availability(app: Inspected) -> Iterator[Problem]:
    path = ("meta", "availability")
    zones = app.manifest.items(path)
    for index, zone in enumerate(zones):
        if not isinstance(zone, str):
            continue
        if zone == "all" and len(zones) > 1:
            yield app.fault(
                ALL_ALONE,
                (*path, index),
                "`meta.availability` names `all` beside other zones.",
                hint="Keep either all or the single zones.",
            )
        elif zone not in (*ZONES, "all"):
            yield app.fault(
                KNOWN_ZONES,
                (*path, index),
                f"`meta.availability` names {shown(zone)}; there is no such zone.",
                hint=f"The zones are {', '.join(ZONES)}; `all` means all of them.",
            )
