"""What whoever runs the host sees in a browser, and who else does not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise

import httpx
import pytest

from mooring.errors import CredentialsRejected, DatabaseAway
from mooring.hosting.host import Host
from mooring.model.installation import Installation
from mooring.model.run import RunStatus
from mooring.web.console import console
from tests.host.apps import App

CANARY = 'canary-"<7f3a9c>&'
CRON = {"entry_point": "Tidy", "description": "Tidies.", "cron": "0 0 3 * * ?"}
JOB = """\
from mooring.sdk import Job, JobStatus


class Tidy(Job):
    def prepare(self, parameters, status=None, resuming=False):
        return JobStatus(state={})

    def perform(self, status):
        return JobStatus(state={}, complete=True)
"""


@pytest.fixture
def installed(host: Host, app: App) -> Installation:
    """Install an app with two functions and a job."""
    app.function("hello", "return Response(200)")
    app.function("hook", "return Response(200)", verify="github")
    app.jobs["tidy"] = CRON
    app.write("src/jobs/tidy.py", JOB)
    return host.lifecycle.install(app.finish())


def get(host: Host, path: str = "/", *, method: str = "GET", **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(app=console(host, bound_to="127.0.0.1"))

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:3000") as it:
            return await it.request(method, path, headers=headers)

    return asyncio.run(ask())


def failed_run(host: Host, installation: Installation, error: str) -> str:
    now = host.clock.now()
    run = host.jobs.trigger(installation, "tidy", {})
    taken = host.runs.take(run.run_id, worker="test", now=now)
    return host.runs.finish(taken, RunStatus.ERROR, now=now, error=error).run_id


class Page(HTMLParser):
    """What matters of a page: its elements in order, its text, and whether it is well nested."""

    VOID = frozenset({"meta", "link", "img", "br", "hr"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, *tags: str) -> list[tuple[str, dict[str, str | None]]]:
        return [element for element in self.elements if element[0] in tags]


def test_a_host_without_apps_says_how_to_get_one(host: Host) -> None:
    answer = get(host)
    assert answer.status_code == 200
    assert "mooring install PATH" in answer.text
    assert "No job has run yet." in answer.text


def test_the_first_page_shows_apps_and_their_latest_runs(
    host: Host, installed: Installation
) -> None:
    run_id = failed_run(host, installed, "Brevo <does> not answer.")
    page = Page(get(host).text)
    for said in ("The <Shop> & Co", "1.0.0-dev", "local", "installed", "03:00:00 UTC"):
        assert said in page.text
    assert run_id in page.text
    assert "Brevo <does> not answer." in page.text


def test_the_page_of_an_app_shows_its_addresses_and_schedules(
    host: Host, installed: Installation
) -> None:
    failed_run(host, installed, "Odd.")
    page = Page(get(host, "/apps/shop").text)
    for url in host.endpoints(installed).values():
        assert url in page.text
    for said in ("Does hello.", "signed", "inbox", "0 0 3 * * ?", "Odd.", "error"):
        assert said in page.text


def test_every_account_of_an_app_has_its_part(
    host: Host, installed: Installation, open_host: Callable[..., Host]
) -> None:
    with open_host(account="acme") as other:
        other.lifecycle.install(installed.root)
    page = Page(get(host, "/apps/shop").text)
    assert "Account local" in page.text
    assert "Account acme" in page.text


@pytest.mark.parametrize("path", ["/", "/apps/shop", "/nothing"])
def test_pages_have_landmarks_a_language_and_one_heading_of_each_step(
    host: Host, installed: Installation, path: str
) -> None:
    failed_run(host, installed, "Odd.")
    page = Page(get(host, path).text)
    assert page.all("html") == [("html", {"lang": "en"})]
    for landmark in ("header", "main", "footer", "title", "h1"):
        assert len(page.all(landmark)) == 1, landmark
    assert all("aria-label" in attributes for _, attributes in page.all("nav"))
    levels = [int(tag[1]) for tag, _ in page.all("h1", "h2", "h3")]
    assert levels[0] == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
    assert all("scope" in attributes for _, attributes in page.all("th"))
    assert all("alt" in attributes for _, attributes in page.all("img"))
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))


def test_nothing_on_a_page_runs_or_comes_from_elsewhere(
    host: Host, installed: Installation
) -> None:
    answer = get(host, "/apps/shop")
    page = Page(answer.text)
    assert page.all("script", "style", "iframe", "form") == []
    assert not [a for _, a in page.elements if "style" in a or any(k.startswith("on") for k in a)]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    for _, attributes in page.all("link", "img"):
        local = get(host, str(attributes.get("href") or attributes.get("src")))
        assert local.status_code == 200


def test_a_secret_is_on_no_page_whoever_set_it(
    host: Host, installed: Installation, open_host: Callable[..., Host]
) -> None:
    assert get(host).status_code == 200
    with open_host() as other:
        other.secrets(installed).put("token", {"value": CANARY})
    failed_run(host, installed, f"Refused: {CANARY}.")
    for path in ("/", "/apps/shop"):
        page = Page(get(host, path).text)
        assert "Refused: •••." in page.text
        assert page.all("time")  # the markup of macros is still markup once there are secrets
        assert "7f3a9c" not in page.text


@pytest.mark.parametrize("path", ["/apps/nobody", "/nothing", "/static/nothing.css", "/apps"])
def test_what_is_not_there_is_a_404_on_a_page_of_ours(host: Host, path: str) -> None:
    answer = get(host, path)
    assert answer.status_code == 404
    assert "<h1>Not found</h1>" in answer.text


def test_the_console_takes_nothing(host: Host) -> None:
    assert get(host, "/", method="POST").status_code == 405


def test_an_app_that_cannot_be_read_is_shown_with_its_problem(
    host: Host, installed: Installation, open_host: Callable[..., Host]
) -> None:
    manifest = installed.root / "app.yml"
    manifest.chmod(0o644)
    manifest.write_text("meta: [")
    with open_host() as other:
        answer = get(other)
    assert answer.status_code == 200
    assert "app.yml" in answer.text


def test_what_needs_attention_is_said_with_what_to_do_on_both_pages(
    host: Host, installed: Installation
) -> None:
    host.attention.raise_for(installed, CredentialsRejected(f"{CANARY} is refused."))
    host.know_secrets()
    for path in ("/", "/apps/shop"):
        page = Page(get(host, path).text)
        assert "is refused. Go to section Main: mooring settings shop main" in page.text
        assert not any("canary" in str(attributes) for _, attributes in page.elements)
    host.attention.clear(installed, "main")
    assert "Go to section" not in get(host).text


def test_a_function_for_the_form_alone_shows_no_address(host: Host, app: App) -> None:
    app.function("options", "return Response(200, [])", access="form")
    host.lifecycle.install(app.finish())
    assert "Serves the settings form; it has no address." in get(host, "/apps/shop").text


def test_a_database_that_is_away_is_said_and_when_to_come_again(
    host: Host, installed: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> int:
        raise DatabaseAway("The database does not answer: refused.")

    monkeypatch.setattr(type(host.database), "revision", away)
    monkeypatch.setattr(type(host.database), "read", away)
    answer = get(host)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "The database does not answer: refused." in answer.text
    assert "Traceback" not in answer.text
