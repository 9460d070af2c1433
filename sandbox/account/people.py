"""Who the 2,000 contacts are. Pure and seeded: the same people on every start and machine."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.account.contact import Contact

SEED = 20_260_110
PEOPLE = 2_000
MISSING = 0.10
WRONG_TYPE = 0.02
BLOCKLISTED = 0.03
FIRST_SEEN = datetime(2024, 1, 8, 7, 30, tzinfo=UTC)

FIRST_NAMES = (
    ("Anna", "anna"), ("Zoë", "zoe"), ("Søren", "soeren"), ("Łukasz", "lukasz"),
    ("Renée", "renee"), ("Мария", "maria"), ("陽菜", "hina"), ("José", "jose"),
    ("Çağla", "cagla"), ("Jürgen", "juergen"), ("أمينة", "amina"), ("Sophie", "sophie"),
    ("Daan", "daan"), ("Νίκος", "nikos"), ("Emma", "emma"), ("Siobhán", "siobhan"),
    ("Björk", "bjork"), ("Noah", "noah"), ("Đorđe", "djordje"), ("Mia", "mia"),
)  # fmt: skip
LAST_NAMES = (
    ("Jansen", "jansen"), ("Müller", "mueller"), ("García", "garcia"), ("O'Brien", "obrien"),
    ("Øster", "oester"), ("佐藤", "sato"), ("Kovač", "kovac"), ("de Vries", "devries"),
    ("Петрова", "petrova"), ("Nguyễn", "nguyen"), ("Smith", "smith"), ("Lefèvre", "lefevre"),
)  # fmt: skip
COUNTRIES = ("NL", "NL", "NL", "DE", "DE", "FR", "BE", "GB", "ES", "IT", "SE", "PL")
LANGUAGES = ("nl", "nl", "de", "de-AT", "fr", "nl-BE", "en", "es", "it", "sv", "pl", "en")
PLANS = ("free", "free", "free", "starter", "starter", "pro", "pro", "enterprise")
APP_VERSIONS = ("1.9.4", "2.0.0", "2.3.1", "2.10.0", "3.0.0-beta.1", "3.1.2")
DOMAINS = ("example.com", "example.com", "example.org", "example.net")
# Legal local parts that go wrong wherever an address is not encoded as one path segment.
AWKWARD = {
    7: "plus+tag",
    77: "slash/er",
    177: "hash#er",
    277: "per%20cent",
    377: "quest?ion",
    477: "o'hara",
}


def people(count: int = PEOPLE) -> list[Contact]:
    """Return the contacts of the account, oldest first."""
    chance = random.Random(SEED)
    return [_person(chance, number) for number in range(1, count + 1)]


def _pick(chance: random.Random, options: Sequence[Any]) -> Any:
    # random() alone is promised to give the same numbers in every Python version.
    return options[int(chance.random() * len(options))]


def _person(chance: random.Random, number: int) -> Contact:
    first, last = _pick(chance, FIRST_NAMES), _pick(chance, LAST_NAMES)
    if number == 1:  # named by an allow list in the project Shop backend
        first, last = FIRST_NAMES[0], LAST_NAMES[0]
    local = AWKWARD.get(number, f"{first[1]}.{last[1]}")
    joined = FIRST_SEEN + timedelta(minutes=487 * number)
    contact = Contact(
        id=number,
        email=f"{local}.{number}@{_pick(chance, DOMAINS) if number > 1 else DOMAINS[0]}",
        created_at=joined,
        modified_at=joined + timedelta(minutes=int(chance.random() * 40_000)),
        attributes=_attributes(chance, first[0], last[0]),
        list_ids=[2, 3] if chance.random() < 0.6 else [2],
    )
    if chance.random() < BLOCKLISTED:
        contact.email_blacklisted = True
    return contact


def _attributes(chance: random.Random, first: str, last: str) -> dict[str, Any]:
    values = _complete(chance, first, last)
    wrong = _mistyped(values)
    kept: dict[str, Any] = {}
    for name, value in values.items():
        fate = chance.random()
        if fate >= MISSING:
            kept[name] = wrong[name] if fate >= 1 - WRONG_TYPE and name in wrong else value
    return kept


def _complete(chance: random.Random, first: str, last: str) -> dict[str, Any]:
    place = int(chance.random() * len(COUNTRIES))
    return {
        "FIRSTNAME": first,
        "LASTNAME": last,
        "COUNTRY": COUNTRIES[place],
        "PLAN": _pick(chance, PLANS),
        "AGE": 18 + int(chance.random() * 62),
        "IS_VIP": chance.random() < 0.15,
        "APP_VERSION": _pick(chance, APP_VERSIONS),
        "LTV": round(chance.random() ** 4 * 4000, 2),
        "SIGNUP_DAYS": int(chance.random() ** 2 * 900),
        "LANGUAGE": LANGUAGES[place],
    }


def _mistyped(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values as years of careless imports have left some of them."""
    return {
        "COUNTRY": values["COUNTRY"].lower(),
        "PLAN": 3,
        "AGE": str(values["AGE"]),
        "IS_VIP": "Yes" if values["IS_VIP"] else "No",
        "APP_VERSION": f"v{values['APP_VERSION']}",
        "LTV": str(values["LTV"]).replace(".", ","),
        "SIGNUP_DAYS": str(values["SIGNUP_DAYS"]),
        "LANGUAGE": 0,
    }
