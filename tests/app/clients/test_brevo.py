from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from mooring.sdk import HttpResponse, errors
from mooring.sdk.ports import HttpRequest
from mooring.testing.memory import MemoryApp
from src.clients.brevo import Brevo, Process

BASE = "https://api.brevo.com/v3"
ANNA = "anna.jansen.1@example.com"


def client(connected: Any) -> Brevo:
    return Brevo(connected.sandbox.credentials["brevo_api_key"])


def test_contacts_come_in_pages_the_oldest_first(connected: Any) -> None:
    brevo = client(connected)
    (first, total), (last, _) = brevo.contacts(), brevo.contacts(offset=1990)
    assert total == 2000
    assert (len(first), len(last)) == (1000, 10)
    assert first[0]["email"] == ANNA
    assert {each["id"] for each in brevo.contacts_by_ids([3, 1])} == {1, 3}
    assert brevo.account()["companyName"] == "Sandbox Shop"


def test_creating_an_attribute_that_is_there_is_no_error(connected: Any) -> None:
    brevo = client(connected)
    brevo.create_attribute("SEGMENT", kind="text")
    brevo.create_attribute("SEGMENT", kind="text")
    assert "SEGMENT" in {each["name"] for each in brevo.attributes()}
    with pytest.raises(errors.RequestRefused, match="the attribute 1BAD"):
        brevo.create_attribute("1BAD", kind="text")


def test_an_update_creates_nobody_and_says_why_it_was_refused(connected: Any) -> None:
    brevo = client(connected)
    assert brevo.update_contact(ANNA, {"PLAN": "gold"}) == ""
    assert "any more" in brevo.update_contact("nobody@example.com", {"PLAN": "gold"})
    assert "Invalid email" in brevo.update_contact(ANNA, {"EMAIL": "none"})
    held = {each["email"]: each for each in brevo.contacts()[0]}
    assert held[ANNA]["attributes"]["PLAN"] == "gold"


def test_a_list_is_made_once_in_its_folder(connected: Any) -> None:
    brevo = client(connected)
    made = brevo.list_in_folder("Ours", folder="Optimizely")
    assert brevo.list_in_folder("Ours", folder="Optimizely") == made
    elsewhere = brevo.list_in_folder("Ours", folder="Other")
    assert elsewhere != made
    brevo.delete_folder(brevo.folder("Other"))
    brevo.delete_folder(987654)


def test_every_page_of_folders_is_looked_at(
    connected: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("src.clients.brevo.LISTS_PER_PAGE", 2)
    brevo = client(connected)
    made = [brevo.folder(f"F{n}") for n in range(4)]
    assert [brevo.folder(f"F{n}") for n in range(4)] == made


def test_an_import_is_followed_to_its_report(connected: Any) -> None:
    brevo = client(connected)
    list_id = brevo.list_in_folder("Ours", folder="Optimizely")
    rows = [{"email": each, "attributes": {"PLAN": "x"}} for each in (ANNA, "none", ANNA)]
    process_id = brevo.import_contacts(rows, list_id=list_id)
    connected.now.services.clock.sleep(1)
    process = brevo.process(process_id)
    assert process.finished
    assert not process.failed
    assert {name: brevo.report(url) for name, url in process.reports.items()} == {
        "invalid_emails": ["none"],
        "duplicate_email_id": [ANNA],
    }


@pytest.mark.parametrize(
    ("status", "finished", "failed"),
    [("queued", False, False), ("processing", False, False), ("in_process", False, False),
     ("completed", True, False), ("failed", True, True), ("cancelled", True, True)],
)  # fmt: skip
def test_processes_end_well_or_badly(status: str, finished: bool, failed: bool) -> None:
    process = Process(status, {})
    assert (process.finished, process.failed) == (finished, failed)


def test_reports_elsewhere_do_not_get_the_key(memory_app: MemoryApp) -> None:
    url = "https://files.example.com/r.csv"
    memory_app.http.answer("GET", url, body=b"EMAIL\n a@b.c\n")
    assert Brevo("secret-key").report(url) == ["a@b.c"]
    assert "api-key" not in memory_app.http.requests[0].headers


def test_contacts_and_everything_else_are_metered_apart(memory_app: MemoryApp) -> None:
    memory_app.http.answer("GET", f"{BASE}/account", json={})
    memory_app.http.answer("GET", f"{BASE}/contacts", json={"contacts": []})
    brevo = Brevo("secret-key")
    brevo.account()
    brevo.contacts()
    names = [[each.name for each in request.budgets] for request in memory_app.http.requests]
    assert names == [["brevo-other"], ["brevo-contacts"]]
    assert all("secret-key" not in request.url for request in memory_app.http.requests)


def test_an_import_may_be_repeated_and_nobody_is_mailed(memory_app: MemoryApp) -> None:
    url = f"{BASE}/contacts/import"
    memory_app.http.answer("POST", url, status=202, json={"processId": 5})
    assert Brevo("k").import_contacts([{"email": ANNA, "attributes": {}}], list_id=3) == 5
    (request,) = memory_app.http.requests
    assert request.idempotent is True
    assert b'"disableNotification":true' in request.body
    assert b"lacklist" not in request.body


def test_a_plan_goes_by_what_it_would_have_written(memory_app: MemoryApp) -> None:
    """As the host does while planning: what the app plans with is what it is answered."""

    def planned(request: HttpRequest) -> HttpResponse:
        said = request.planned if request.planned is not None else {}
        return HttpResponse(200, {}, json.dumps(said).encode(), request.url)

    for method, path in (
        *(("GET", "/contacts/folders"), ("POST", "/contacts/folders"), ("POST", "/contacts/lists")),
        *(("POST", "/contacts/import"), ("GET", "/processes/-3"), ("GET", "/contacts")),
    ):
        memory_app.http.answer_with(method, f"{BASE}{path}", planned)
    brevo = Brevo("k")
    list_id = brevo.list_in_folder("Ours", folder="New")
    process_id = brevo.import_contacts([{"email": ANNA, "attributes": {}}], list_id=list_id)
    assert list_id != process_id
    assert brevo.process(process_id).finished
    assert not brevo.process(process_id).failed
    shown = [{"id": 1, "attributes": {"PLAN": "x"}}]
    assert brevo.contacts_by_ids([1], written=shown) == shown
    assert brevo.contacts_by_ids([1]) == []
    made = [json.loads(r.body) for r in memory_app.http.requests if r.url.endswith("/lists")]
    assert made[0]["folderId"] not in (list_id, process_id)


def test_a_change_says_what_was_written_there_before(memory_app: MemoryApp) -> None:
    memory_app.http.answer("PUT", f"{BASE}/contacts/{quote(ANNA, safe='')}", status=204)
    brevo = Brevo("k")
    brevo.update_contact(ANNA, {"PLAN": "gold"}, known={"PLAN": "free"})
    brevo.update_contact(ANNA, {"PLAN": "gold"})
    assert [request.before for request in memory_app.http.requests] == [
        {"attributes": {"PLAN": "free"}},
        None,
    ]
