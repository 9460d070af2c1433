"""An app that connects an account, its button, and whoever comes back from the provider."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from mooring.engine.settings import SettingsOutcome
from mooring.hosting.host import Host
from tests.host.apps import App
from tests.host.web.conftest import Site

LIFECYCLE = """\
from mooring.sdk import (
    AuthorizationGrantResult, Lifecycle as Base, LifecycleResult, LifecycleSettingsResult, errors,
    functions, logger, oauth, storage,
)
from urllib.parse import urlencode


class Lifecycle(Base):
    def on_install(self):
        return LifecycleResult(success=True)

    def on_settings_form(self, section, action, form_data):
        return LifecycleSettingsResult()

    def on_authorization_request(self, section, form_data):
        if form_data["name"] == "script":
            return LifecycleSettingsResult().redirect("javascript:alert(1)")
        if form_data["name"] == "unreadable":
            return LifecycleSettingsResult().redirect("http://[")
        if form_data["name"].startswith("by hand"):
            own = form_data["name"].removeprefix("by hand")
            query = {"redirect_uri": functions.get_authorization_grant_url(), "client_id": "me"}
            query |= {"state": own} if own else {}
            url = "https://provider.example/authorize?" + urlencode(query)
            return LifecycleSettingsResult().redirect(url)
        if form_data["name"] == "nowhere":
            return LifecycleSettingsResult().add_error("name", "No such shop.")
        storage.settings.put(section, form_data)
        url = oauth.authorization_url(
            "https://provider.example/authorize?x=1", client_id="me", section=section,
            scope="read write", extra={"prompt": "consent"},
        )
        return LifecycleSettingsResult().redirect(url)

    def on_authorization_grant(self, request):
        logger.info("granted", params=dict(request.params), headers=dict(request.headers.items()))
        storage.kv_store.increment("grants", "count")
        GRANT
"""
FORM = """\
sections:
  - key: account
    label: Your <shop>
    elements:
      - {type: text, key: name, label: Name, help: Any name.}
      - {type: oauth_button, label: Connect, hidden: false}
  - key: other
    label: Other
    elements:
      - {type: text, key: name, label: Name, help: Any name.}
""".replace(", hidden: false", "")
GOOD = 'return AuthorizationGrantResult("account").add_toast("success", "Hello <you>.")'
CODE = "code-canary-1f2e3d"


class Connecting(App):
    """An app with an OAuth button; ``grant`` is what `on_authorization_grant` ends with."""

    grant = GOOD

    def finish(self) -> Any:
        root = super().finish()
        body = self.grant.replace("\n", "\n        ")
        self.write("src/lifecycle/lifecycle.py", LIFECYCLE.replace("GRANT", body))
        self.write("forms/settings.yml", FORM)
        return root


@pytest.fixture
def app(tmp_path: Any) -> Connecting:
    """Give an app that connects an account."""
    return Connecting(tmp_path / "app")


@pytest.fixture
def shop(site: Callable[..., Site], app: Connecting) -> Callable[..., Site]:
    """Open the public server of the app, whose grant ends so."""

    def opened(grant: str = GOOD) -> Site:
        app.grant = grant
        return site(app.function("hello", "return Response(200)"))

    return opened


def press(site: Site, name: str = "Ada", *, host: Host | None = None) -> SettingsOutcome:
    """Press the button."""
    return (host or site.host).settings.of(site.installation).authorize("account", {"name": name})


def state_of(outcome: SettingsOutcome) -> str:
    assert outcome.redirect, outcome
    return str(httpx.URL(outcome.redirect).params["state"])


def come_back(site: Site, app_id: str = "shop", **params: Any) -> httpx.Response:
    """Open the callback as the browser does that the provider sends back."""
    return asyncio.run(site.ask("GET", f"/oauth/{app_id}/callback", params=params))


def heading(page: httpx.Response) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", page.text, re.DOTALL)
    assert found, page.text
    return html.unescape(re.sub("<[^>]+>", "", found[1]))


def grants(site: Site) -> int:
    """Count how often the app was called."""
    invocation = site.host.invocation(site.installation, entry_point="test")
    return int(invocation.services.kv_store.get("grants").get("count", 0))


def log_of(site: Site) -> str:
    return "".join(path.read_text() for path in site.host.home.logs.glob("*"))
