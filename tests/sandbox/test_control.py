"""The control API: what only a sandbox can do."""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import Any

import httpx
import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from sandbox.running import Running

SHOP = 20_000_000_001


def datafile(sandbox: Running, sdk_key: str = "SandboxShopProd1") -> dict[str, Any]:
    url = f"{sandbox.info['optimizely_cdn']}/datafiles/{sdk_key}.json"
    return dict(sandbox.http.get(url).json())


def flag_of(document: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """Return the deliveries of a flag in a datafile, without the last, everyone else."""
    flag = next(each for each in document["featureFlags"] if each["key"] == key)
    rollout = next(each for each in document["rollouts"] if each["id"] == flag["rolloutId"])
    return list(rollout["experiments"][:-1])


def post(sandbox: Running, control: str, body: Any) -> httpx.Response:
    return sandbox.http.post(f"{sandbox.info['control']}/{control}", json=body)


def test_the_index_names_all_addresses_and_credentials(sandbox: Running) -> None:
    index = sandbox.http.get(f"{sandbox.url}/").json()
    assert index == sandbox.info
    assert set(index) == {
        "optimizely_api", "optimizely_flags", "optimizely_oauth", "optimizely_cdn",
        "optimizely_logx", "brevo", "tajo", "control", "credentials",
    }  # fmt: skip
    assert set(index["credentials"]) == {
        "optimizely_token", "oauth_client_id", "oauth_client_secret", "oauth_redirect_uri",
        "brevo_api_key", "webhook_secret",
    }  # fmt: skip


def test_a_change_shows_in_flags_at_once_and_in_the_datafile_when_published(
    sandbox: Running, flags: httpx.Client
) -> None:
    sandbox.change(project_id=SHOP, flag="gift_cards", enable=True)
    shown = flags.get(f"/projects/{SHOP}/flags/gift_cards").json()
    assert shown["environments"]["production"]["enabled"] is True
    assert flag_of(datafile(sandbox), "gift_cards") == []
    published = sandbox.publish(SHOP)
    assert published["revision"] == 43
    document = datafile(sandbox)
    assert document["revision"] == "43"
    assert [rule["key"] for rule in flag_of(document, "gift_cards")] == ["gift_cards_everyone"]


def test_other_environments_keep_their_revision(sandbox: Running) -> None:
    sandbox.control("publish", project_id=SHOP, environment="staging")
    assert datafile(sandbox)["revision"] == "42"
    assert datafile(sandbox, "SandboxShopStag1")["revision"] == "43"


def test_a_percentage_changes_who_is_delivered_to(sandbox: Running) -> None:
    sandbox.change(project_id=SHOP, flag="express_shipping", percentage=60)
    sandbox.publish(SHOP)
    (rule,) = flag_of(datafile(sandbox), "express_shipping")
    assert rule["trafficAllocation"][0]["endOfRange"] == 6000


def test_an_experiment_can_be_concluded_by_key_or_id(sandbox: Running, flags: httpx.Client) -> None:
    changed = sandbox.change(
        project_id=SHOP, experiment="checkout_q3", conclude=True, deploy="treatment"
    )
    rule = flags.get(f"/projects/{SHOP}/rules/{changed['experiment']}").json()
    assert (rule["status"], rule["outcome"]) == ("concluded", "positive")
    assert rule["deployed_variation_key"] == "treatment"
    again = sandbox.change(experiment=changed["experiment"], status="running")
    assert again["status"] == "running"


def test_a_contact_can_unsubscribe_change_and_vanish(sandbox: Running, brevo: httpx.Client) -> None:
    email = brevo.get("/contacts/5").json()["email"]
    sandbox.change(contact=email, unsubscribe=True, attributes={"plan": "pro", "AGE": None})
    contact = brevo.get("/contacts/5").json()
    assert contact["emailBlacklisted"] is True
    assert contact["attributes"]["PLAN"] == "pro"
    assert "AGE" not in contact["attributes"]
    sandbox.change(contact=5, delete=True)
    assert brevo.get("/contacts/5").status_code == 404


def test_credentials_can_be_revoked(
    sandbox: Running, rest: httpx.Client, brevo: httpx.Client
) -> None:
    sandbox.change(token=sandbox.credentials["optimizely_token"], revoke=True)
    sandbox.change(token=sandbox.credentials["brevo_api_key"], revoke=True)
    assert rest.get("/me").status_code == 401
    assert brevo.get("/account").status_code == 401


def test_new_credentials_are_let_in(sandbox: Running) -> None:
    token, key = "2:another-token-41", "xkeysib-another-key-41"
    sandbox.change(token=token, enable=True)
    sandbox.change(token=key, enable=True)
    optimizely, brevo = (sandbox.info[name] for name in ("optimizely_api", "brevo"))
    me = sandbox.http.get(f"{optimizely}/me", headers={"authorization": f"Bearer {token}"})
    account = sandbox.http.get(f"{brevo}/account", headers={"api-key": key})
    assert (me.status_code, account.status_code) == (200, 200)


def test_a_deleted_attribute_takes_its_values_along(sandbox: Running, brevo: httpx.Client) -> None:
    sandbox.change(attribute="plan", delete=True)
    names = [each["name"] for each in brevo.get("/contacts/attributes").json()["attributes"]]
    assert "PLAN" not in names
    assert not any("PLAN" in contact["attributes"] for contact in sandbox.contacts())


@pytest.mark.parametrize(
    ("control", "body", "field", "says"),
    [
        ("clock", {}, "advance", "missing required field"),
        ("clock", {"advance": "1"}, "advance", "Expected `float`"),
        ("clock", {"advance": -1}, "advance", ">= 0"),
        ("clock", {"advanced": 1}, "advanced", "known are advance"),
        ("clock", [], None, "Expected `object`"),
        (
            "change",
            {},
            None,
            "exactly one of flag, experiment, contact, token, attribute",
        ),
        ("change", {"flag": "a", "contact": "b"}, None, "exactly one of"),
        ("change", {"flag": "dark_mode"}, None, "enable, percentage"),
        (
            "change",
            {"flag": "dark_mode", "revoke": True},
            "revoke",
            "takes enable, percentage",
        ),
        ("change", {"flag": "dark_mode", "enable": True}, "project_id", str(SHOP)),
        (
            "change",
            {"project_id": SHOP, "flag": "nope", "enable": True},
            "flag",
            "new_checkout, loyalty_program",
        ),
        (
            "change",
            {
                "project_id": SHOP,
                "environment": "qa",
                "flag": "dark_mode",
                "enable": True,
            },
            "environment",
            "production, staging, development",
        ),
        (
            "change",
            {"project_id": SHOP, "flag": "dark_mode", "percentage": 101},
            "percentage",
            "100",
        ),
        (
            "change",
            {"project_id": SHOP, "flag": "homepage_banner", "percentage": 10},
            "percentage",
            "delivers nothing",
        ),
        (
            "change",
            {"experiment": "nope", "conclude": True},
            "experiment",
            "(checkout_q3)",
        ),
        (
            "change",
            {"experiment": "checkout_q3", "conclude": True, "deploy": "x"},
            "deploy",
            "control, treatment",
        ),
        (
            "change",
            {"experiment": "checkout_q3", "status": "x"},
            "status",
            "draft, running, paused",
        ),
        (
            "change",
            {"contact": "nobody@example.com", "delete": True},
            "contact",
            "e-mail or id",
        ),
        (
            "change",
            {"contact": 5, "attributes": {"NOPE": 1}},
            "attributes.NOPE",
            "attribute",
        ),
        ("change", {"token": "nope", "revoke": True}, "token", "accepted now"),
        ("change", {"token": "short", "enable": True}, "token", "at least 8"),
        ("change", {"token": "2:some-token", "enable": False}, "enable", "must be true"),
        ("change", {"token": "2:t", "enable": True, "revoke": True}, "revoke", "the only one"),
        ("change", {"attribute": "NOPE", "delete": True}, "attribute", "FIRSTNAME"),
        ("publish", {}, "project_id", "project_id, environment"),
        ("publish", {"project_id": 20_000_000_004}, "project_id", str(SHOP)),
        (
            "publish",
            {"project_id": SHOP, "environment": "qa"},
            "environment",
            "production",
        ),
        ("faults", {"route": "brevo", "status": 500}, "route", "^/"),
        ("faults", {"route": "/brevo", "status": 99}, "status", ">= 200"),
        ("faults", {"route": "/brevo"}, "status", "a status, a delay, or both"),
        ("faults", {"route": "/control", "status": 500}, "route", "/brevo/v3"),
        ("faults", {"route": "/brevo", "status": 500, "count": 0}, "count", ">= 1"),
    ],
)
def test_a_wrong_body_is_told_by_field_with_what_is_allowed(
    sandbox: Running, control: str, body: Any, field: str | None, says: str
) -> None:
    answer = post(sandbox, control, body)
    assert answer.status_code == 400
    assert answer.json()["field"] == field
    assert says in answer.json()["message"]


def test_a_body_that_is_not_json_is_told(sandbox: Running) -> None:
    answer = sandbox.http.post(f"{sandbox.info['control']}/clock", content=b"{")
    assert answer.status_code == 400
    assert "JSON object" in answer.json()["message"]


def test_an_unknown_control_names_the_ones_there_are(sandbox: Running) -> None:
    answer = post(sandbox, "shake", {})
    assert answer.status_code == 404
    assert "clock, change, publish, faults, reset" in answer.json()["message"]


def test_a_wrong_change_changes_nothing(sandbox: Running, brevo: httpx.Client) -> None:
    before = brevo.get("/contacts/5").json()
    body = {"contact": 5, "attributes": {"PLAN": "pro", "NOPE": 1}, "unsubscribe": True}
    assert post(sandbox, "change", body).status_code == 400
    assert brevo.get("/contacts/5").json() == before


def test_a_publication_is_told_to_whoever_registered_with_a_signature_over_the_bytes(
    sandbox: Running, rest: httpx.Client, httpserver: HTTPServer
) -> None:
    got: list[tuple[bytes, str]] = []

    def receive(request: Request) -> Response:
        got.append((request.get_data(), request.headers["X-Hub-Signature"]))
        return Response(status=204)

    httpserver.expect_request("/hook", method="POST").respond_with_handler(receive)
    body = {
        "name": "n",
        "url": httpserver.url_for("/hook"),
        "events": ["project.datafile_updated"],
    }
    rest.post(f"/projects/{SHOP}/webhooks", json=body)
    published = sandbox.publish(SHOP)
    ((raw, signature),) = got
    secret = sandbox.credentials["webhook_secret"].encode()
    assert signature == "sha1=" + hmac.new(secret, raw, hashlib.sha1).hexdigest()
    told = httpx.Response(200, content=raw).json()
    assert told["project_id"] == SHOP
    assert told["event"] == "project.datafile_updated"
    assert told["data"]["revision"] == published["revision"] == 43
    assert told["data"]["environment"] == "Production"
    assert told["data"]["cdn_url"].endswith("/cdn/datafiles/SandboxShopProd1.json")
    assert b": " not in raw
    assert published["webhooks"] == [
        {"url": httpserver.url_for("/hook"), "status": 204, "error": None}
    ]


def test_each_webhook_signs_with_a_secret_of_its_own(
    sandbox: Running, rest: httpx.Client, httpserver: HTTPServer
) -> None:
    got: dict[str, tuple[bytes, str]] = {}

    def receive(request: Request) -> Response:
        got[request.path] = (request.get_data(), request.headers["X-Hub-Signature"])
        return Response(status=204)

    for path in ("/first", "/second"):
        httpserver.expect_request(path, method="POST").respond_with_handler(receive)
        url, events = httpserver.url_for(path), ["project.datafile_updated"]
        shown = rest.post(
            f"/projects/{SHOP}/webhooks", json={"name": "n", "url": url, "events": events}
        )
        assert "secret" not in shown.json()
    sandbox.publish(SHOP)
    first, second = sandbox.webhook_secrets()
    assert first == sandbox.credentials["webhook_secret"] != second
    for path, secret in (("/first", first), ("/second", second)):
        raw, signature = got[path]
        assert signature == "sha1=" + hmac.new(secret.encode(), raw, hashlib.sha1).hexdigest()


def test_a_receiver_that_is_away_is_told_to_who_publishes(
    sandbox: Running, rest: httpx.Client
) -> None:
    body = {
        "name": "n",
        "url": "http://127.0.0.1:9/",
        "events": ["project.datafile_updated"],
    }
    rest.post(f"/projects/{SHOP}/webhooks", json=body)
    (delivery,) = sandbox.publish(SHOP)["webhooks"]
    assert delivery["status"] is None
    assert "ConnectError" in delivery["error"]


def test_a_fault_hits_so_many_requests_below_its_route(
    sandbox: Running, brevo: httpx.Client
) -> None:
    sandbox.control("faults", route="/brevo/v3/contacts/import", status=503, count=2)
    body = {"listIds": [2], "jsonBody": [{"email": "a@example.com"}]}
    assert brevo.get("/contacts/1").status_code == 200
    statuses = [brevo.post("/contacts/import", json=body).status_code for _ in range(3)]
    assert statuses == [503, 503, 202]
    assert len(sandbox.received(kind="contact.import")) == 1


def test_a_fault_answers_in_the_shape_of_its_service(
    sandbox: Running, rest: httpx.Client, flags: httpx.Client, brevo: httpx.Client
) -> None:
    sandbox.control("faults", route="/optimizely/v2", status=429, retry_after=7)
    sandbox.control("faults", route="/optimizely/flags", status=503)
    sandbox.control("faults", route="/brevo", status=425, retry_after=3)
    first, second, third = (
        rest.get("/me"),
        flags.get("/projects/1/flags"),
        brevo.get("/account"),
    )
    assert (first.json()["code"], first.headers["retry-after"]) == (
        "too_many_requests",
        "7",
    )
    assert second.headers["content-type"] == "application/problem+json"
    assert third.json()["code"] == "account_in_process"
    assert third.headers["x-sib-ratelimit-reset"] == "3"


def test_a_fault_may_only_delay_one_method(sandbox: Running, brevo: httpx.Client) -> None:
    sandbox.control("faults", route="/brevo/v3/contacts", delay=1.5, method="put")
    start = time.perf_counter()
    assert brevo.get("/contacts/1").status_code == 200
    assert time.perf_counter() - start < 1.5
    start = time.perf_counter()
    assert brevo.put("/contacts/1", json={}).status_code == 204
    assert time.perf_counter() - start >= 1.5


def test_what_arrived_is_told_in_order_as_it_was_sent(
    sandbox: Running, brevo: httpx.Client
) -> None:
    email = brevo.get("/contacts/5").json()["email"]
    brevo.put("/contacts/5", json={"attributes": {"PLAN": "pro", "NOPE": 1}})
    rows = [{"email": email, "attributes": {"IS_VIP": "Yes"}}]
    sandbox.advance(30)
    brevo.post("/contacts/import", json={"listIds": [2], "jsonBody": rows})
    brevo.put("/contacts/nobody@example.com", json={"attributes": {"PLAN": "x"}})
    first, second, third = sandbox.received(service="brevo")
    assert (first["kind"], first["contact"], first["status"]) == (
        "contact.update",
        email,
        204,
    )
    assert first["attributes"] == {"PLAN": "pro", "NOPE": 1}
    assert (second["kind"], second["rows"], second["list_ids"]) == (
        "contact.import",
        rows,
        [2],
    )
    assert (third["contact"], third["status"]) == ("nobody@example.com", 404)
    assert [first["sequence"], second["sequence"], third["sequence"]] == [1, 2, 3]
    assert first["at"] <= second["at"] <= third["at"]
    assert sandbox.received(after=1, kind="contact.update") == [third]


def test_reading_is_not_recorded(sandbox: Running, brevo: httpx.Client, rest: httpx.Client) -> None:
    brevo.get("/contacts?limit=1000")
    rest.get("/projects")
    assert sandbox.received() == []


def test_the_clock_only_moves_forward_and_reset_returns_it(sandbox: Running) -> None:
    first = sandbox.control("clock", advance=0)["now"]
    later = sandbox.control("clock", advance=86_400)["now"]
    assert later[:10] > first[:10]
    assert sandbox.control("reset")["now"][:10] == first[:10]


def test_reset_forgets_writes_faults_and_what_arrived(
    sandbox: Running, brevo: httpx.Client
) -> None:
    brevo.post("/contacts", json={"email": "new@example.com"})
    sandbox.control("faults", route="/brevo", status=500, count=9)
    sandbox.publish(SHOP)
    sandbox.control("reset")
    assert brevo.get("/contacts").json()["count"] == 2000
    assert sandbox.received() == []
    assert datafile(sandbox)["revision"] == "42"


def test_what_is_not_served_says_so_in_a_sentence(sandbox: Running) -> None:
    answer = sandbox.http.post(f"{sandbox.info['tajo']}/contacts")
    assert answer.status_code == 501
    assert "does not serve" in answer.json()["message"]


def test_a_fault_on_everything_spares_the_controls(sandbox: Running, rest: httpx.Client) -> None:
    sandbox.control("faults", route="/", status=500, count=2)
    sandbox.advance(1)
    assert rest.get("/me").status_code == 500
