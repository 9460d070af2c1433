"""Brevo's own Python client works against the sandbox."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest
from brevo import Brevo
from brevo.contacts import ImportContactsRequestJsonBodyItem
from brevo.core.api_error import ApiError

from sandbox.running import Running


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, timeout=10) as client:
        yield client


@pytest.fixture
def client(sandbox: Running, http: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> Brevo:
    # With these in the environment the client would fetch an OAuth token first.
    for name in ("BREVO_CLIENT_ID", "BREVO_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    key = sandbox.credentials["brevo_api_key"]
    return Brevo(api_key=key, base_url=sandbox.info["brevo"], httpx_client=http)


def test_it_reads_pages_and_single_contacts(client: Brevo) -> None:
    page = client.contacts.get_contacts(limit=1000, sort="asc")
    assert (page.count, len(page.contacts)) == (2000, 1000)
    one = client.contacts.get_contact_info("anna.jansen.1@example.com")
    assert (one.id, one.email_blacklisted) == (1, False)


def test_it_creates_updates_and_deletes_contacts(client: Brevo) -> None:
    made = client.contacts.create_contact(email="new+1@example.com", list_ids=[2])
    assert made is not None
    assert made.id == 2001
    client.contacts.update_contact("new+1@example.com", attributes={"PLAN": "pro"})
    assert client.contacts.get_contact_info(2001).attributes.model_dump()["PLAN"] == "pro"
    client.contacts.delete_contact(2001)
    with pytest.raises(ApiError) as gone:
        client.contacts.get_contact_info(2001)
    assert gone.value.status_code == 404


def test_it_imports_and_follows_the_process(client: Brevo) -> None:
    row = ImportContactsRequestJsonBodyItem(
        email="anna.jansen.1@example.com", attributes={"PLAN": "imported"}
    )
    started = client.contacts.import_contacts(list_ids=[2], json_body=[row])
    deadline = time.monotonic() + 5
    while client.process.get_process(started.process_id).status != "completed":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    read = client.contacts.get_contact_info("anna.jansen.1@example.com")
    assert read.attributes.model_dump()["PLAN"] == "imported"


def test_it_manages_attributes_folders_and_lists(client: Brevo) -> None:
    client.contacts.create_attribute(
        "normal", "OPT_SEGMENTS", type="multiple-choice", multi_category_options=["vip"]
    )
    client.contacts.update_attribute("normal", "OPT_SEGMENTS", multi_category_options=["new"])
    listed = {each.name: each for each in client.contacts.get_attributes().attributes}
    assert listed["OPT_SEGMENTS"].multi_category_options == ["vip", "new"]
    folder = client.contacts.create_folder(name="Optimizely")
    made = client.contacts.create_list(name="Audience", folder_id=folder.id)
    assert client.contacts.get_list(made.id).name == "Audience"
    assert client.contacts.get_lists(limit=50).count == 4


def test_it_reads_the_account_and_is_told_of_a_wrong_key(client: Brevo, sandbox: Running) -> None:
    assert client.account.get_account().email == "owner@example.com"


def test_it_is_told_of_a_wrong_key(sandbox: Running, http: httpx.Client) -> None:
    stranger = Brevo(api_key="xkeysib-wrong", base_url=sandbox.info["brevo"], httpx_client=http)
    with pytest.raises(ApiError) as refused:
        stranger.account.get_account()
    assert refused.value.status_code == 401
