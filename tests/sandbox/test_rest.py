"""REST v2 as the vendor documents it."""

from __future__ import annotations

import httpx
import pytest

from sandbox.running import Running

SHOP, LEGACY, CLASSIC, CLOSED = (
    20_000_000_001,
    20_000_000_003,
    20_000_000_004,
    20_000_000_005,
)


def test_projects_are_a_bare_array_of_those_the_token_may_read(
    rest: httpx.Client,
) -> None:
    projects = {each["id"]: each for each in rest.get("/projects").json()}
    assert projects[SHOP]["is_flags_enabled"] is True
    assert projects[LEGACY]["is_flags_enabled"] is False
    assert projects[CLASSIC]["status"] == "archived"
    assert projects[CLASSIC]["is_classic"] is True
    assert CLOSED not in projects


def test_a_project_that_is_not_for_this_token_is_forbidden(rest: httpx.Client) -> None:
    answer = rest.get("/audiences", params={"project_id": CLOSED})
    assert answer.status_code == 403
    assert answer.json()["code"] == "forbidden"


def test_a_project_that_does_not_exist_is_not_found(rest: httpx.Client) -> None:
    assert rest.get("/events", params={"project_id": 1}).status_code == 404


@pytest.mark.parametrize("header", [None, "Bearer wrong", "Basic 2:sandbox"])
def test_a_missing_or_wrong_token_is_told_in_the_v2_envelope(
    sandbox: Running, header: str | None
) -> None:
    headers = {"authorization": header} if header else {}
    answer = sandbox.http.get(f"{sandbox.info['optimizely_api']}/projects", headers=headers)
    assert answer.status_code == 401
    assert set(answer.json()) == {"code", "message", "messages", "uuid"}


def test_following_links_reads_every_audience_once(rest: httpx.Client) -> None:
    whole = rest.get("/audiences", params={"project_id": SHOP}).json()
    walked: list[int] = []
    url: str | None = f"{rest.base_url}audiences?project_id={SHOP}&per_page=4"
    while url:
        page = rest.get(url)
        walked += [each["id"] for each in page.json()]
        url = page.links.get("next", {}).get("url")
    assert walked == [each["id"] for each in whole]
    assert len(walked) > 8


def test_a_page_past_the_end_is_empty(rest: httpx.Client) -> None:
    answer = rest.get("/audiences", params={"project_id": SHOP, "page": 99})
    assert (answer.status_code, answer.json()) == (200, [])


@pytest.mark.parametrize("query", ["per_page=101", "per_page=0", "page=0", "page=one"])
def test_a_bad_page_is_refused(rest: httpx.Client, query: str) -> None:
    assert rest.get(f"/audiences?project_id={SHOP}&{query}").status_code == 400


def test_a_list_without_its_project_is_refused(rest: httpx.Client) -> None:
    answer = rest.get("/audiences")
    assert answer.status_code == 400
    assert "project_id" in answer.json()["message"]


@pytest.mark.parametrize("path", ["/experiments", "/features"])
def test_the_older_lists_are_refused_for_flags_first_projects(
    rest: httpx.Client, path: str
) -> None:
    answer = rest.get(path, params={"project_id": SHOP})
    assert answer.status_code == 400
    assert "flags-enabled" in answer.json()["message"]


def test_legacy_experiments_come_in_every_state_with_a_status_per_environment(
    rest: httpx.Client,
) -> None:
    listed = rest.get("/experiments", params={"project_id": LEGACY}).json()
    assert {each["status"] for each in listed} == {"running", "paused", "not_started"}
    assert {each["type"] for each in listed} == {"feature", "a/b"}
    for each in listed:
        assert set(each["environments"]) == {"production", "development"}
        assert sum(variation["weight"] for variation in each["variations"]) == 10_000
        assert rest.get(f"/experiments/{each['id']}").json() == each


def test_legacy_features_carry_their_rollout_rules(rest: httpx.Client) -> None:
    listed = rest.get("/features", params={"project_id": LEGACY}).json()
    assert {each["key"] for each in listed} == {"signup_form", "pdf_invoice"}
    form = next(each for each in listed if each["key"] == "signup_form")
    rule = form["environments"]["production"]["rollout_rules"][0]
    assert rule["audience_conditions"].startswith('["or", {"audience_id":')
    assert rest.get(f"/features/{form['id']}").json() == form


def test_audiences_use_the_rest_word_for_the_operator(rest: httpx.Client) -> None:
    conditions = " ".join(
        each["conditions"] for each in rest.get(f"/audiences?project_id={SHOP}").json()
    )
    assert '"match_type": "exact"' in conditions
    assert '"match":' not in conditions


def test_archived_audiences_can_be_asked_for(rest: httpx.Client) -> None:
    names = [
        each["name"] for each in rest.get(f"/audiences?project_id={SHOP}&archived=true").json()
    ]
    assert names == ["Black Friday 2024"]


def test_attributes_are_lower_case_and_email_is_not_among_them(
    rest: httpx.Client,
) -> None:
    keys = {each["key"] for each in rest.get(f"/attributes?project_id={SHOP}").json()}
    assert keys == {
        "country", "plan", "age", "is_vip", "app_version", "ltv", "signup_days", "language",
    }  # fmt: skip


def test_every_environment_has_an_sdk_key_that_the_cdn_knows(
    sandbox: Running, rest: httpx.Client
) -> None:
    for project in (SHOP, LEGACY):
        for each in rest.get(f"/environments?project_id={project}").json():
            datafile = sandbox.http.get(each["datafile"]["url"]).json()
            assert datafile["sdkKey"] == each["datafile"]["sdk_key"]
            assert datafile["environmentKey"] == each["key"]
            assert datafile["projectId"] == str(project)


def test_the_fifty_first_call_in_a_minute_is_refused_until_time_passes(
    sandbox: Running, rest: httpx.Client
) -> None:
    assert [rest.get("/me").status_code for _ in range(51)] == [200] * 50 + [429]
    sandbox.advance(60)
    assert rest.get("/me").status_code == 200


def test_webhooks_can_be_registered_listed_and_removed(rest: httpx.Client) -> None:
    body = {
        "name": "n",
        "url": "http://127.0.0.1:1/x",
        "events": ["project.datafile_updated"],
    }
    made = rest.post(f"/projects/{SHOP}/webhooks", json=body)
    assert made.status_code == 201
    assert "secret" not in made.text
    assert rest.get(f"/projects/{SHOP}/webhooks").json() == [made.json()]
    assert rest.delete(f"/webhooks/{made.json()['id']}").status_code == 204
    assert rest.get(f"/projects/{SHOP}/webhooks").json() == []


@pytest.mark.parametrize("wrong", [{"url": "ftp://x"}, {"events": []}, {"events": ["snippet"]}])
def test_a_wrong_webhook_is_refused(rest: httpx.Client, wrong: dict[str, object]) -> None:
    body = {
        "name": "n",
        "url": "http://127.0.0.1:1",
        "events": ["project.datafile_updated"],
    }
    assert rest.post(f"/projects/{SHOP}/webhooks", json=body | wrong).status_code == 400


def test_changes_show_what_was_changed_newest_first(sandbox: Running, rest: httpx.Client) -> None:
    sandbox.change(project_id=SHOP, flag="gift_cards", enable=True)
    sandbox.change(project_id=SHOP, flag="dark_mode", enable=False)
    feed = rest.get(f"/changes?project_id={SHOP}").json()
    assert [each["entity"]["name"] for each in feed] == ["dark_mode", "gift_cards"]


def test_an_unknown_address_is_told_in_the_v2_envelope(rest: httpx.Client) -> None:
    answer = rest.get("/nothing")
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"
