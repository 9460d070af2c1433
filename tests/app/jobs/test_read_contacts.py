"""Which contacts are read and kept, without any service at the other end."""

from __future__ import annotations

from typing import Any

from mooring.sdk import storage
from mooring.sdk.job import JobInvocation
from mooring.testing.memory import MemoryApp
from src.core.settings import Connection, Settings
from src.jobs.read_contacts import read_contacts
from src.jobs.stage import Work
from src.jobs.sync import Sync

CONTACTS = "https://api.brevo.com/v3/contacts"
DATAFILE = "https://cdn.optimizely.com/datafiles/k.json"
SETTINGS = Settings(
    access_token="t",
    brevo_api_key="k",
    connections=(Connection("1", "Shop", "production", "k"),),
)


def contact(number: int, **more: Any) -> dict[str, Any]:
    return {"id": number, "email": f"c{number}@example.com", "attributes": {"PLAN": "x"}, **more}


def read(memory_app: MemoryApp, *pages: list[dict[str, Any]], at: float = 100) -> dict[str, Any]:
    """Run the stage to its end over these pages; return its report."""
    for page in pages:
        memory_app.http.answer("GET", CONTACTS, json={"contacts": page})
    position: dict[str, Any] = {}
    report: dict[str, Any] = {}
    job = Sync(JobInvocation("run", memory_app.clock.now()))
    work = Work(SETTINGS, "run", at, position, report, False, lambda seconds: None, job, {})
    while not read_contacts(work):
        pass
    return report


def has_datafile(memory_app: MemoryApp, *keys: str) -> None:
    document = {"version": "4", "revision": "1", "attributes": [{"key": key} for key in keys]}
    memory_app.http.answer("GET", DATAFILE, json=document)


def test_pages_are_read_until_one_is_not_full(memory_app: MemoryApp) -> None:
    has_datafile(memory_app, "plan")
    full = [contact(number) for number in range(1000)]
    assert read(memory_app, full, [contact(1000)]) == {"read": 1001}
    offsets = [dict(r.params)["offset"] for r in memory_app.http.requests if r.url == CONTACTS]
    assert offsets == [0, 1000]
    assert storage.kv_store.count("contact/") == 1001


def test_what_audiences_ask_for_is_kept_and_nothing_else(memory_app: MemoryApp) -> None:
    has_datafile(memory_app, "plan", "age")
    read(memory_app, [contact(1, attributes={"PLAN": "x", "FIRSTNAME": "A", "SMS": "123"})])
    kept = storage.kv_store.get("contact/c1@example.com")
    assert kept["values"] == {"PLAN": "x"}
    profile = memory_app.odp.customer("email", "c1@example.com")
    assert profile is not None
    assert profile.attributes == {
        "email": "c1@example.com",
        "first_name": "A",
        "optimizely_connector_plan": "x",
    }


def test_a_contact_without_address_is_passed_over(memory_app: MemoryApp) -> None:
    has_datafile(memory_app)
    assert read(memory_app, [contact(1, email=None), contact(2)]) == {"read": 2}
    assert storage.kv_store.count("contact/") == 1


def test_addresses_differ_in_more_than_their_case(memory_app: MemoryApp) -> None:
    has_datafile(memory_app)
    read(memory_app, [contact(1, email="Anna@Example.com")])
    assert storage.kv_store.get("contact/anna@example.com")["email"] == "Anna@Example.com"


def test_whoever_is_not_met_any_more_is_forgotten_with_everything(memory_app: MemoryApp) -> None:
    has_datafile(memory_app)
    read(memory_app, [contact(1), contact(2)], [contact(2)], at=100)
    for prefix in ("computed/", "ledger/"):
        storage.kv_store.put(f"{prefix}c1@example.com", {"a": 1})
    read(memory_app, at=200)
    assert [key for key, _ in storage.kv_store.scan("")] == [
        "contact/c2@example.com",
        "datafile/k",
    ]


def test_without_a_datafile_contacts_are_read_all_the_same(memory_app: MemoryApp) -> None:
    memory_app.http.answer("GET", DATAFILE, status=404)
    assert read(memory_app, [contact(1)]) == {"read": 1}
    assert [line.event for line in memory_app.log.lines] == ["contacts.datafile_missing"]
