"""Brevo as strict as its documentation says, asked plainly."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from pytest_httpserver import HTTPServer

from sandbox.running import Running

NEWSLETTER = 2


def import_rows(brevo: httpx.Client, rows: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """Import rows and wait until the process has completed."""
    body = {
        "listIds": [NEWSLETTER],
        "jsonBody": rows,
        "disableNotification": True,
    } | more
    started = brevo.post("/contacts/import", json=body)
    assert started.status_code == 202, started.text
    return finished(brevo, started.json()["processId"])


def finished(brevo: httpx.Client, process_id: int) -> dict[str, Any]:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        process = brevo.get(f"/processes/{process_id}").json()
        if process["status"] == "completed":
            return dict(process)
        time.sleep(0.02)
    raise AssertionError(f"process {process_id} did not complete")


def attributes_of(brevo: httpx.Client, identifier: str | int) -> dict[str, Any]:
    return dict(brevo.get(f"/contacts/{quote(str(identifier), safe='')}").json()["attributes"])


def email_of(brevo: httpx.Client, number: int) -> str:
    return str(brevo.get(f"/contacts/{number}").json()["email"])


@pytest.mark.parametrize("key", [None, "xkeysib-wrong"])
def test_a_missing_or_wrong_key_is_unauthorized(sandbox: Running, key: str | None) -> None:
    headers = {"api-key": key} if key else {}
    answer = sandbox.http.get(f"{sandbox.info['brevo']}/contacts", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")


def test_pages_are_newest_first_and_at_most_a_thousand(brevo: httpx.Client) -> None:
    page = brevo.get("/contacts").json()
    assert (page["count"], len(page["contacts"]), page["contacts"][0]["id"]) == (
        2000,
        50,
        2000,
    )
    assert brevo.get("/contacts?limit=1001").json()["code"] == "out_of_range"


def test_a_full_page_comes_within_fifty_milliseconds(brevo: httpx.Client) -> None:
    brevo.get("/contacts?limit=1000")
    taken = []
    for offset in (0, 1000, 0, 1000):
        start = time.perf_counter()
        page = brevo.get(f"/contacts?limit=1000&sort=asc&offset={offset}")
        taken.append(time.perf_counter() - start)
        assert page.json()["contacts"][0]["id"] == offset + 1
    assert min(taken) < 0.05


def test_filters_narrow_the_page(brevo: httpx.Client) -> None:
    assert brevo.get("/contacts?ids=3&ids=5").json()["count"] == 2
    assert brevo.get("/contacts?ids=3,5,99999").json()["count"] == 2
    both = brevo.get("/contacts?listIds=3").json()["count"]
    assert 1000 < both < 1400
    country = brevo.get("/contacts", params={"filter": 'equals(COUNTRY,"NL")'}).json()
    assert {each["attributes"]["COUNTRY"] for each in country["contacts"]} == {"NL"}


def test_modified_since_gives_what_was_written_afterwards(
    sandbox: Running, brevo: httpx.Client
) -> None:
    now = sandbox.control("clock", advance=60)["now"]
    assert brevo.get("/contacts", params={"modifiedSince": now}).json()["count"] == 0
    assert brevo.put("/contacts/7", json={"attributes": {"PLAN": "pro"}}).status_code == 204
    changed = brevo.get("/contacts", params={"modifiedSince": now}).json()
    assert [each["id"] for each in changed["contacts"]] == [7]


@pytest.mark.parametrize("value", ["yesterday", "2026-01-01T00:00:00"])
def test_a_time_without_zone_is_refused(brevo: httpx.Client, value: str) -> None:
    answer = brevo.get("/contacts", params={"modifiedSince": value})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_parameter")


@pytest.mark.parametrize("number", [7, 77, 177, 277, 377, 477])
def test_awkward_addresses_work_when_encoded_as_one_segment(
    brevo: httpx.Client, number: int
) -> None:
    email = email_of(brevo, number)
    path = f"/contacts/{quote(email, safe='')}"
    assert brevo.put(path, json={"attributes": {"PLAN": "seen"}}).status_code == 204
    assert attributes_of(brevo, number)["PLAN"] == "seen"


def test_an_address_with_a_slash_works_raw_too(brevo: httpx.Client) -> None:
    assert brevo.get(f"/contacts/{email_of(brevo, 77)}").json()["id"] == 77


def test_updating_never_creates(brevo: httpx.Client) -> None:
    answer = brevo.put("/contacts/nobody@example.com", json={"attributes": {"PLAN": "pro"}})
    assert (answer.status_code, answer.json()["code"]) == (404, "document_not_found")
    assert brevo.get("/contacts").json()["count"] == 2000


def test_creating_an_existing_contact_needs_update_enabled(brevo: httpx.Client) -> None:
    email = email_of(brevo, 9)
    refused = brevo.post("/contacts", json={"email": email, "attributes": {"PLAN": "x"}})
    assert refused.status_code == 400
    assert refused.json()["metadata"] == {"duplicate_identifiers": ["email"]}
    body = {"email": email.upper(), "attributes": {"PLAN": "x"}, "updateEnabled": True}
    assert brevo.post("/contacts", json=body).status_code == 204
    assert attributes_of(brevo, 9)["PLAN"] == "x"


def test_a_new_contact_gets_an_id_and_can_be_deleted_once(brevo: httpx.Client) -> None:
    made = brevo.post("/contacts", json={"email": "new@example.com", "ext_id": "42"})
    assert (made.status_code, made.json()) == (201, {"id": 2001})
    assert brevo.get("/contacts/42").json()["id"] == 42
    assert brevo.get("/contacts/42?identifierType=ext_id").json()["id"] == 2001
    assert brevo.delete("/contacts/new@example.com").status_code == 204
    assert brevo.delete("/contacts/new@example.com").status_code == 404


@pytest.mark.parametrize("email", ["", "no-at", "a..b@example.com", "a@b", "ö@example.com"])
def test_an_address_that_is_none_is_refused(brevo: httpx.Client, email: str) -> None:
    assert brevo.post("/contacts", json={"email": email}).status_code == 400


def test_values_that_an_attribute_does_not_take_vanish_without_a_word(
    brevo: httpx.Client,
) -> None:
    before = attributes_of(brevo, 11)
    wrong = {"AGE": "44", "IS_VIP": "Yes", "PLAN": 7, "NO_SUCH": "x", "LTV": True}
    assert brevo.put("/contacts/11", json={"attributes": wrong}).status_code == 204
    assert attributes_of(brevo, 11) == before


def test_null_is_no_value_and_an_empty_text_clears(brevo: httpx.Client) -> None:
    assert brevo.put("/contacts/12", json={"attributes": {"PLAN": None}}).status_code == 400
    assert brevo.put("/contacts/12", json={"attributes": {"PLAN": "pro"}}).status_code == 204
    assert brevo.put("/contacts/12", json={"attributes": {"PLAN": ""}}).status_code == 204
    assert "PLAN" not in attributes_of(brevo, 12)


def test_choices_must_be_existing_options(brevo: httpx.Client) -> None:
    body = {"type": "multiple-choice", "multiCategoryOptions": ["a", "b"]}
    path = "/contacts/attributes/normal/SEGMENTS"
    assert brevo.post(path, json=body).status_code == 201
    brevo.put("/contacts/5", json={"attributes": {"SEGMENTS": ["a", "c"]}})
    assert "SEGMENTS" not in attributes_of(brevo, 5)
    assert brevo.put(path, json={"multiCategoryOptions": ["c"]}).status_code == 204
    brevo.put("/contacts/5", json={"attributes": {"SEGMENTS": ["a", "c"]}})
    assert attributes_of(brevo, 5)["SEGMENTS"] == ["a", "c"]
    removed = "/contacts/attributes/multiple-choice/SEGMENTS/a"
    assert brevo.delete(removed).status_code == 204
    assert attributes_of(brevo, 5)["SEGMENTS"] == ["c"]


def test_attributes_are_unique_typed_and_deletable(brevo: httpx.Client) -> None:
    path = "/contacts/attributes/normal/SYNCED"
    assert brevo.post(path, json={"type": "date"}).status_code == 201
    assert brevo.post(path, json={"type": "date"}).status_code == 400
    assert brevo.post("/contacts/attributes/normal/X", json={"type": "int"}).status_code == 400
    listed = {each["name"]: each for each in brevo.get("/contacts/attributes").json()["attributes"]}
    assert listed["SYNCED"] == {"name": "SYNCED", "category": "normal", "type": "date"}
    brevo.put("/contacts/5", json={"attributes": {"SYNCED": "2026-01-31T10:00:00Z"}})
    assert "SYNCED" not in attributes_of(brevo, 5)
    brevo.put("/contacts/5", json={"attributes": {"SYNCED": "2026-01-31"}})
    assert attributes_of(brevo, 5)["SYNCED"] == "2026-01-31"
    assert brevo.delete(path).status_code == 204
    assert "SYNCED" not in attributes_of(brevo, 5)


def test_an_import_applies_all_rows_and_drops_what_attributes_do_not_take(
    sandbox: Running, brevo: httpx.Client
) -> None:
    emails = [contact["email"] for contact in sandbox.contacts()]
    values = {"PLAN": "imported", "IS_VIP": "Yes", "AGE": "44", "NO_SUCH": 1}
    import_rows(brevo, [{"email": email, "attributes": values} for email in emails])
    after = sandbox.contacts()
    assert {contact["attributes"]["PLAN"] for contact in after} == {"imported"}
    assert {contact["attributes"]["IS_VIP"] for contact in after} == {True}
    assert "44" not in [c["attributes"].get("AGE") for c in after if c["id"] == 11]
    assert not any("NO_SUCH" in contact["attributes"] for contact in after)


def test_an_import_of_two_thousand_rows_takes_less_than_a_fifth_of_a_second(
    sandbox: Running, brevo: httpx.Client
) -> None:
    rows = [
        {
            "email": contact["email"],
            "attributes": {"PLAN": "pro", "IS_VIP": "No", "LTV": 1.5},
        }
        for contact in sandbox.contacts()
    ]
    taken = []
    for _ in range(3):
        start = time.perf_counter()
        import_rows(brevo, rows)
        taken.append(time.perf_counter() - start)
    assert min(taken) < 0.2


@pytest.mark.parametrize("value", [True, False, "true", "1", 1, "yes", "YES"])
def test_an_import_ignores_booleans_that_are_not_yes_or_no(
    sandbox: Running, brevo: httpx.Client, value: object
) -> None:
    brevo.post("/contacts/attributes/normal/FEATURE_ENABLED", json={"type": "boolean"})
    email = email_of(brevo, 3)
    import_rows(brevo, [{"email": email, "attributes": {"FEATURE_ENABLED": value}}])
    assert "FEATURE_ENABLED" not in attributes_of(brevo, 3)


def test_an_import_creates_unknown_addresses_and_reports_bad_ones(
    sandbox: Running, brevo: httpx.Client
) -> None:
    rows = [
        {"email": "fresh@example.com", "attributes": {"PLAN": "pro"}},
        {"email": "no address", "attributes": {"PLAN": "pro"}},
        {"email": "Fresh@example.com", "attributes": {"PLAN": "free"}},
    ]
    reports = import_rows(brevo, rows)["info"]["import"]
    assert attributes_of(brevo, "fresh@example.com") == {"PLAN": "pro"}
    assert brevo.get("/contacts").json()["count"] == 2001
    assert brevo.get(reports["invalid_emails"]).text.split() == [
        "EMAIL",
        "no",
        "address",
    ]
    assert brevo.get(reports["duplicate_email_id"]).text.split() == [
        "EMAIL",
        "Fresh@example.com",
    ]


def test_an_import_puts_everyone_on_the_list(brevo: httpx.Client) -> None:
    new = {"listName": "Owned", "folderId": 1}
    email = email_of(brevo, 3)
    import_rows(brevo, [{"email": email, "attributes": {}}], listIds=[], newList=new)
    owned = [
        each for each in brevo.get("/contacts/lists").json()["lists"] if each["name"] == "Owned"
    ]
    members = brevo.get(f"/contacts/lists/{owned[0]['id']}/contacts").json()
    assert [each["email"] for each in members["contacts"]] == [email]


def test_an_import_erases_only_when_told(brevo: httpx.Client) -> None:
    email = email_of(brevo, 3)
    brevo.put("/contacts/3", json={"attributes": {"PLAN": "pro"}})
    import_rows(brevo, [{"email": email, "attributes": {"PLAN": ""}}])
    assert attributes_of(brevo, 3)["PLAN"] == "pro"
    import_rows(
        brevo,
        [{"email": email, "attributes": {"PLAN": ""}}],
        emptyContactsAttributes=True,
    )
    assert "PLAN" not in attributes_of(brevo, 3)


def test_an_insert_only_import_leaves_existing_values_alone(
    brevo: httpx.Client,
) -> None:
    before = attributes_of(brevo, 3)
    row = {"email": email_of(brevo, 3), "attributes": {"PLAN": "other"}}
    import_rows(brevo, [row], updateExistingContacts=False)
    assert attributes_of(brevo, 3) == before


def test_a_csv_import_reads_semicolons_and_quotes(brevo: httpx.Client) -> None:
    email = email_of(brevo, 3)
    text = f'EMAIL;PLAN;AGE;IS_VIP\n{email};"a;b";41;Yes\n'
    started = brevo.post("/contacts/import", json={"listIds": [NEWSLETTER], "fileBody": text})
    finished(brevo, started.json()["processId"])
    after = attributes_of(brevo, 3)
    assert (after["PLAN"], after["AGE"], after["IS_VIP"]) == ("a;b", 41, True)


@pytest.mark.parametrize(
    "body",
    [
        {"jsonBody": [{"email": "a@example.com"}]},
        {"listIds": [2]},
        {"listIds": [2], "jsonBody": []},
        {"listIds": [999], "jsonBody": [{"email": "a@example.com"}]},
        {
            "listIds": [2],
            "jsonBody": [{"email": "a@example.com"}],
            "fileBody": "EMAIL\n",
        },
        {"listIds": [2], "fileBody": "ID,PLAN\n1,2"},
        {
            "newList": {"listName": "x", "folderId": 99},
            "jsonBody": [{"email": "a@example.com"}],
        },
    ],
)
def test_an_import_that_is_not_complete_is_refused(
    brevo: httpx.Client, body: dict[str, object]
) -> None:
    answer = brevo.post("/contacts/import", json=body)
    assert answer.status_code == 400
    assert set(answer.json()) == {"code", "message"}


def test_an_unknown_process_is_not_found(brevo: httpx.Client) -> None:
    assert brevo.get("/processes/99").json()["code"] == "document_not_found"


def test_list_members_are_added_and_removed_with_both_outcomes_told(
    brevo: httpx.Client,
) -> None:
    known, stranger = email_of(brevo, 5), "nobody@example.com"
    made = brevo.post("/contacts/lists", json={"name": "L", "folderId": 1}).json()["id"]
    members = f"/contacts/lists/{made}/contacts"
    for verb in ("add", "remove"):
        answer = brevo.post(f"{members}/{verb}", json={"emails": [known, stranger]})
        assert answer.status_code == 201
        assert answer.json() == {"contacts": {"success": [known], "failure": [stranger]}}
        again = brevo.post(f"{members}/{verb}", json={"emails": [known]})
        assert (again.status_code, again.json()["code"]) == (400, "invalid_parameter")


def test_at_most_a_hundred_and_fifty_members_per_call(brevo: httpx.Client) -> None:
    path = f"/contacts/lists/{NEWSLETTER}/contacts/remove"
    assert brevo.post(path, json={"ids": list(range(1, 152))}).status_code == 400
    assert brevo.post(path, json={"ids": list(range(1, 151))}).status_code == 201


def test_a_deleted_list_leaves_its_contacts(brevo: httpx.Client) -> None:
    assert brevo.delete(f"/contacts/lists/{NEWSLETTER}").status_code == 204
    assert brevo.get(f"/contacts/lists/{NEWSLETTER}").status_code == 404
    assert brevo.get("/contacts").json()["count"] == 2000
    assert brevo.get("/contacts/1").json()["listIds"] in ([], [3])


def test_the_contacts_meter_is_ten_a_second_and_says_so(brevo: httpx.Client) -> None:
    answers = [brevo.get("/contacts/1")]
    while answers[-1].status_code == 200 and len(answers) < 100:
        answers.append(brevo.get("/contacts/1"))
    assert len(answers) >= 11
    assert answers[0].headers["x-sib-ratelimit-limit"] == "10"
    assert answers[0].headers["x-sib-ratelimit-remaining"] == "9"
    assert answers[-1].status_code == 429
    assert answers[-1].headers["x-sib-ratelimit-remaining"] == "0"
    assert answers[-1].headers["x-sib-ratelimit-reset"] == "1"


def test_everything_else_is_a_hundred_an_hour_and_does_not_touch_contacts(
    sandbox: Running, brevo: httpx.Client
) -> None:
    assert {brevo.get("/account").status_code for _ in range(100)} == {200}
    refused = brevo.get("/processes")
    assert refused.status_code == 429
    assert 3500 < int(refused.headers["x-sib-ratelimit-reset"]) <= 3600
    assert brevo.get("/contacts/1").status_code == 200
    sandbox.advance(3600)
    assert brevo.get("/account").status_code == 200


def test_the_retired_batch_call_is_gone(brevo: httpx.Client) -> None:
    assert brevo.post("/contacts/batch", json={"contacts": []}).status_code == 405


def test_whoever_wants_to_know_is_told_when_an_import_is_done(
    brevo: httpx.Client, httpserver: HTTPServer
) -> None:
    httpserver.expect_oneshot_request("/done", method="POST").respond_with_data(status=204)
    row = {"email": "anna.jansen.1@example.com", "attributes": {"PLAN": "told"}}
    with httpserver.wait(timeout=5) as waiting:
        body = {"listIds": [2], "jsonBody": [row], "notifyUrl": httpserver.url_for("/done")}
        started = brevo.post("/contacts/import", json=body).json()
    assert waiting.result
    request, _ = httpserver.log[0]
    assert request.get_json() == started
    assert attributes_of(brevo, 1)["PLAN"] == "told"


@pytest.mark.parametrize(
    "path", ["/contacts?limit=ten", "/contacts?offset=" + "9" * 5000, "/contacts?ids=1,x"]
)
def test_what_is_no_number_is_refused(brevo: httpx.Client, path: str) -> None:
    answer = brevo.get(path)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_parameter")
