"""What does whoever runs this host see in a browser? Pages that only show; nothing changes here."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from mooring import __version__
from mooring.engine.failures import OUR_DATABASE
from mooring.errors import MooringError, NotFound
from mooring.hosting.host import Host
from mooring.model.moment import iso
from mooring.web.guard import Guard
from mooring.web.metrics import PATH, Metrics
from mooring.web.outage import AGAIN_AFTER, Outage
from mooring.web.overview import all_apps, latest_runs, one_app

HERE = Path(__file__).parent


def console(host: Host, *, bound_to: str) -> ASGIApp:
    """Make the console of a host, which listens on the address ``bound_to``."""
    metrics = Metrics(host)
    shown = Guard(Console(host, metrics=metrics).app, bound_to=bound_to)
    return metrics.to_holders_of_the_token(shown)


class Console:
    """The pages of one host."""

    def __init__(self, host: Host, *, metrics: Metrics) -> None:
        self._host = host
        self._outage = Outage(host.log, "console")
        self._pages = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=self._without_secrets,
        )
        self._pages.filters["moment"] = moment
        self._pages.filters["iso"] = iso
        self.app = Starlette(
            routes=[
                Route("/", self._overview),
                Route("/apps/{app_id}", self._app),
                Route(PATH, metrics.to_this_machine),
                Mount("/static", StaticFiles(directory=HERE / "static")),
            ],
            exception_handlers={
                404: self._missing,
                405: self._missing,
                MooringError: self._failed,
                **dict.fromkeys(OUR_DATABASE, self._away),
            },
        )

    # Plain functions: Starlette runs them in threads, for they read the database.

    def _overview(self, request: Request) -> HTMLResponse:
        apps, runs = all_apps(self._host), latest_runs(self._host)
        return self._page("overview.html", apps=apps, runs=runs)

    def _app(self, request: Request) -> HTMLResponse:
        try:
            page = one_app(self._host, request.path_params["app_id"])
        except NotFound as error:
            return self._problem("Not found", str(error), status=404)
        return self._page("app.html", page=page, name=page.installations[0].display_name)

    def _missing(self, request: Request, error: Exception) -> HTMLResponse:
        status = getattr(error, "status_code", 404)
        said = {405: "This address only shows; it takes nothing."}
        missing = "There is no page at this address."
        return self._problem("Not found", said.get(status, missing), status=status)

    def _failed(self, request: Request, error: Exception) -> HTMLResponse:
        self._host.log.log("error", "console.failed", {"error": str(error)})
        return self._problem("This page cannot be shown", str(error), status=500)

    def _away(self, request: Request, error: Exception) -> HTMLResponse:
        """Say that the database is away, without asking it for anything."""
        assert isinstance(error, MooringError)
        self._outage.began(error)
        page = self._rendered(
            "problem.html", status=503, title="The database is away", message=str(error)
        )
        page.headers["retry-after"] = str(AGAIN_AFTER)
        return page

    def _problem(self, title: str, message: str, *, status: int) -> HTMLResponse:
        return self._page("problem.html", status=status, title=title, message=message)

    def _page(self, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        self._host.know_secrets()
        self._outage.is_over()
        return self._rendered(template, status=status, **values)

    def _rendered(self, template: str, *, status: int, **values: Any) -> HTMLResponse:
        text = self._pages.get_template(template).render(
            **values,
            account=self._host.config.account,
            home=str(self._host.home.path),
            public_url=self._host.public_url(),
            now=self._host.clock.now(),
            version=__version__,
        )
        return HTMLResponse(text, status_code=status)

    def _without_secrets(self, value: Any) -> Any:
        """Hide secrets in whatever a page prints, before HTML's escapes change how they look.

        What is HTML already, such as a macro's, was hidden when it was made of its parts.
        """
        plain = isinstance(value, str) and not hasattr(value, "__html__")
        return self._host.masker.hide(value) if plain else value


def moment(value: datetime | None) -> str:
    """Spell a moment for people: ``2026-05-01 14:05:09 UTC``."""
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if value else "never"
