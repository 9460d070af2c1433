"""What does somebody see who comes back from a provider's consent page? One page, nothing secret.

The address that a browser comes back to holds a code and a state. Neither is shown or written
down, the page loads nothing, leads nowhere by itself, and tells the next page nothing of itself.
"""

from __future__ import annotations

import asyncio
import base64
import re
import threading
import traceback
from dataclasses import dataclass
from functools import cached_property, partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.types import Scope

from mooring.engine.attention import label_of
from mooring.engine.grants import Landing
from mooring.errors import MooringError, in_words
from mooring.hosting.host import Host
from mooring.sdk.headers import Headers
from mooring.sdk.webhook import Request, Response
from mooring.web.guard import SECURITY_HEADERS
from mooring.web.messages import headers_of, params_of
from mooring.web.threads import Threads

HERE = Path(__file__).parent
CALLBACK = re.compile(r"/oauth/(?P<app_id>[A-Za-z0-9_.~-]{1,128})/callback", re.ASCII)
LONGEST_QUERY = 8 * 1024
SECONDS = 45.0  # for the app; an exchange with the provider takes at most 30
MOST_AT_ONCE = 4
OF_THE_BROWSER = frozenset({"authorization", "cookie", "proxy-authorization"})


@dataclass(frozen=True, slots=True)
class Said:
    """The words of a page; ``{app}`` and ``{section}`` are filled in."""

    status: int
    badge: str
    title: str
    message: str
    next_step: str


PAGES = {
    "connected": Said(
        *(200, "complete", "{app} is connected"),
        "Access was granted. You can close this page.",
        "The rest is set up in the settings of {app}.",
    ),
    "refused": Said(
        *(400, "error", "{app} is not connected yet"),
        "Access was granted, but {app} could not use it:",
        "In the settings, in the section {section}, put right what is said here. Then press the "
        "button once more.",
    ),
    "denied": Said(
        *(200, "terminated", "Access was not granted"),
        "On the page before this one, access was declined. Nothing was connected or changed.",
        "If that was not meant, press the button in the section {section} once more and allow it.",
    ),
    "provider_failed": Said(
        *(400, "error", "The other service could not answer"),
        "It did not say whether access is granted. Nothing was connected or changed.",
        "Wait a few minutes, then press the button in the section {section} once more. If it goes "
        "wrong again, show this page to whoever runs this server.",
    ),
    "unknown": Said(
        *(400, "error", "This is not a connection that was begun here"),
        "Nothing was connected or changed. The address may be incomplete, or come from elsewhere.",
        "Open the settings of the app and press its button there.",
    ),
    "used": Said(
        *(410, "terminated", "This step was already done"),
        "Each attempt to connect counts once, and this page was opened before.",
        "The settings of the app show whether the account is connected. If not, press the button "
        "there once more.",
    ),
    "expired": Said(
        *(410, "terminated", "Too much time has passed"),
        "An attempt to connect is good for ten minutes. Nothing was connected or changed.",
        "Press the button in the settings of the app once more.",
    ),
    "slow": Said(
        *(504, "running", "This takes longer than it should"),
        "The app is still busy connecting. Please do not open this page again.",
        "Look into the settings of the app in a few minutes: they show whether it is connected.",
    ),
    "busy": Said(
        *(503, "running", "Too many are connecting at this moment"),
        "Your attempt is still good.",
        "Wait a moment, then load this page again.",
    ),
    "failed": Said(
        *(500, "error", "Something went wrong here"),
        "The connection could not be finished. The log of this server says why.",
        "Press the button in the settings of the app once more. If it goes wrong again, show this "
        "page to whoever runs this server.",
    ),
}


def callback_of(path: str) -> str | None:
    """Return whose callback a path is; None for any other path."""
    found = CALLBACK.fullmatch(path)
    return found["app_id"] if found else None


class Callback:
    """Answers ``GET /oauth/{app_id}/callback``; ``desk`` are threads that it shares with others."""

    def __init__(self, host: Host, *, desk: Threads, seconds: float = SECONDS) -> None:
        self._host = host
        self._desk = desk
        self._seconds = seconds
        # An app that hangs must not take the desk's threads one after another.
        self._turns = threading.BoundedSemaphore(MOST_AT_ONCE)

    async def answer(self, app_id: str, scope: Scope) -> Response:
        """Take in who comes back, and say how it ended."""
        if len(scope["query_string"]) > LONGEST_QUERY:
            return self._page("unknown")
        headers = [
            pair for pair in headers_of(scope["headers"]).items() if pair[0] not in OF_THE_BROWSER
        ]
        request = Request("GET", params=params_of(scope["query_string"]), headers=Headers(headers))
        work = asyncio.wrap_future(self._desk.submit(partial(self._received, app_id, request)))
        try:
            return await asyncio.wait_for(asyncio.shield(work), self._seconds)
        except TimeoutError:
            self._host.log.log("warn", "authorization.slow", {"app_id": app_id})
            return self._page("slow")

    def _received(self, app_id: str, request: Request) -> Response:
        try:
            # Strangers take nobody's turn.
            if not self._host.oauth.knows(app_id, request):
                self._host.log.log("warn", "authorization.unknown", {"app_id": app_id})
                return self._page("unknown")
            return self._taken_in(app_id, request)
        except Exception as error:  # noqa: BLE001  # the visitor gets a page, the log the reason
            expected = isinstance(error, MooringError) and error.http_status != 500
            fields = {
                "app_id": app_id,
                "error": in_words(error),
                "traceback": None if expected else traceback.format_exc(),
            }
            self._host.log.log("error", "authorization.failed", fields)
            return self._page("failed")

    def _taken_in(self, app_id: str, request: Request) -> Response:
        if not self._turns.acquire(blocking=False):
            return self._page("busy")
        try:
            return self._landed(self._host.oauth.receive(app_id, request))
        finally:
            self._turns.release()

    def _landed(self, landing: Landing) -> Response:
        if landing.installation is None:
            return self._page(landing.end)
        self._host.know_secrets()
        definition = self._host.definition(landing.installation)
        running = self._host.home.addresses()
        app_id = landing.installation.app_id
        return self._page(
            landing.end,
            app=definition.manifest.meta.display_name,
            section=label_of(definition.settings_form, landing.section),
            sentences=_sentences(landing),
            settings=f"{running.console}/apps/{app_id}/settings" if running else "",
        )

    def _page(
        self,
        end: str,
        *,
        app: str = "the app",
        section: str = "",
        sentences: tuple[str, ...] = (),
        settings: str = "",
    ) -> Response:
        said = PAGES[end]
        words = {"app": app, "section": section}
        text = self._pages.get_template("authorization.html").render(
            style=self._style,
            mark=self._mark,
            badge=said.badge,
            title=_capital(said.title.format(**words)),
            message=said.message.format(**words),
            next_step=said.next_step.format(**words),
            sentences=sentences,
            app=app,
            settings=settings,
        )
        waits = {"retry-after": "5"} if end == "busy" else {}
        return Response(said.status, headers={**self._headers, **waits}, body=text.encode())

    @cached_property
    def _pages(self) -> Environment:
        return Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=self._without_secrets,
        )

    def _without_secrets(self, value: Any) -> Any:
        """Hide secrets in whatever the page prints, before HTML's escapes change how they look."""
        plain = isinstance(value, str) and not hasattr(value, "__html__")
        return self._host.masker.hide(value) if plain else value

    @cached_property
    def _style(self) -> str:
        """The console's style; it stands in the page, for here no files are served."""
        return (HERE / "static" / "console.css").read_text("utf-8")

    @cached_property
    def _mark(self) -> str:
        return (HERE / "static" / "mooring.svg").read_text("utf-8")

    @cached_property
    def _headers(self) -> dict[str, str]:
        digest = base64.b64encode(sha256(self._style.encode()).digest()).decode()
        policy = (
            *("default-src 'none'", f"style-src 'sha256-{digest}'", "base-uri 'none'"),
            *("form-action 'none'", "frame-ancestors 'none'"),
        )
        return {
            **SECURITY_HEADERS,
            "content-security-policy": "; ".join(policy),
            "content-type": "text/html; charset=utf-8",
            "cache-control": "no-store",
            "x-robots-tag": "noindex",
        }


def _sentences(landing: Landing) -> tuple[str, ...]:
    """Return what the app says; what the host itself says of other ends, the page says better."""
    if landing.outcome is None or landing.end not in ("connected", "refused"):
        return ()
    toasts = (toast["message"] for toast in landing.outcome.toasts)
    return (*(each for own in landing.outcome.errors.values() for each in own), *toasts)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
