"""The OAuth server: a consent page, codes, tokens; the errors of RFC 6749."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from html import escape
from urllib.parse import parse_qsl, unquote, urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox import wire
from sandbox.account.account import Account
from sandbox.account.oauth import SCOPES, Declined

DECIDED = {"approve": "allow", "deny": "deny"}
ASKED = ("redirect_uri", "state", "code_challenge")
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}", re.ASCII)
NO_STORE = {"cache-control": "no-store", "pragma": "no-cache"}
PAGE = """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Optimizely (sandbox)</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:4rem auto;padding:0 1rem}}
button{{font:inherit;padding:.5rem 1rem;margin-right:.5rem}}</style></head>
<body><main><h1>{title}</h1><p>{text}</p>{form}</main></body></html>
"""
FORM = """\
<form method="post" action="authorize"><input type="hidden" name="ticket" value="{ticket}">
<button name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Deny</button></form>
"""


def oauth_application(account: Account) -> Starlette:
    """Build the application that answers below the OAuth address."""
    server = OAuthServer(account)
    return Starlette(
        routes=[
            Route("/authorize", server.authorize),
            Route("/authorize", server.decide, methods=["POST"]),
            Route("/token", server.token, methods=["POST"]),
        ]
    )


class OAuthServer:
    """The endpoints, over one account."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def authorize(self, request: Request) -> Response:
        """Show the consent page, or decide at once if a control says so."""
        query = _once(request.query_params.multi_items())
        if query is None:
            return _page("This request is malformed", "A parameter is repeated.", status=400)
        uri = query.get("redirect_uri", "")
        oauth = self._account.oauth
        if not oauth.is_registered(query.get("client_id", ""), uri):
            # Whoever asks is not known, so nobody is sent anywhere.
            text = "The client is not registered, or not with this redirect address."
            return _page("This app cannot be connected", text, status=400)
        if wrong := _wrong(query):
            return _back(query, error=wrong[0], error_description=wrong[1])
        asked = {name: query.get(name, "") for name in ASKED}
        if decision := query.get("decision") or DECIDED.get(oauth.consent):
            return self._decided(asked, allowed=decision == "allow")
        text = "The app Optimizely Connector wants to read your projects and add webhooks."
        form = FORM.format(ticket=escape(oauth.wait_for_consent(asked)))
        return _page("Allow access to Optimizely?", text, form=form)

    async def decide(self, request: Request) -> Response:
        """Take the answer of whoever looked at the consent page."""
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        asked = self._account.oauth.take_up(form.get("ticket", ""))
        if asked is None:
            return _page("This page is out of date", "Begin again in the app.", status=400)
        return self._decided(asked, allowed=form.get("decision") == "allow")

    async def token(self, request: Request) -> Response:
        """Give out tokens; parameters come in the body or, as the vendor has it, in the query."""
        sent = [*request.query_params.multi_items()]
        sent += parse_qsl((await request.body()).decode("utf-8", "replace"))
        kind = ""
        try:
            given = _once(sent)
            if given is None:
                raise Declined("invalid_request", "a parameter is repeated")
            kind = given.get("grant_type", "")
            self._account.oauth.check_client(*_client(request, given))
            reply = self._reply(kind, given)
        except Declined as declined:
            self._note(kind, declined.code)
            body = {"error": declined.code, "error_description": declined.description}
            return wire.json(body, status=declined.status, headers=NO_STORE)
        self._note(kind, "ok")
        return wire.json(reply, headers=NO_STORE)

    def _reply(self, kind: str, given: Mapping[str, str]) -> dict[str, object]:
        oauth = self._account.oauth
        if kind == "refresh_token":
            return oauth.refresh(given.get("refresh_token", ""))
        if kind == "authorization_code":
            verifier = given.get("code_verifier", "")
            if verifier and not VERIFIER.fullmatch(verifier):
                raise Declined("invalid_request", "code_verifier has 43 to 128 characters")
            uri = given.get("redirect_uri", "")
            return oauth.redeem(given.get("code", ""), redirect_uri=uri, verifier=verifier)
        raise Declined("unsupported_grant_type", "authorization_code and refresh_token are")

    def _note(self, kind: str, outcome: str) -> None:
        self._account.received.add("optimizely", "oauth.token", grant_type=kind, outcome=outcome)

    def _decided(self, asked: Mapping[str, str], *, allowed: bool) -> Response:
        if not allowed:
            return _back(asked, error="access_denied")
        code = self._account.oauth.grant(
            redirect_uri=asked["redirect_uri"], challenge=asked["code_challenge"]
        )
        return _back(asked, code=code)


def _wrong(query: Mapping[str, str]) -> tuple[str, str] | None:
    """Say what is wrong with an authorization request, by its code and in words."""
    if query.get("response_type") != "code":
        return "unsupported_response_type", "response_type must be code"
    if query.get("scopes", SCOPES) != SCOPES:
        return "invalid_scope", f"scopes must be {SCOPES}"
    method = query.get("code_challenge_method", "")
    challenge = query.get("code_challenge", "")
    if challenge and (method != "S256" or not CHALLENGE.fullmatch(challenge)):
        return "invalid_request", "code_challenge must be of method S256"
    return None


def _client(request: Request, given: Mapping[str, str]) -> tuple[str, str]:
    """Read who asks: in the parameters, or as HTTP Basic authentication."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return given.get("client_id", ""), given.get("client_secret", "")
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise Declined("invalid_client", "the authorization header is malformed", 401) from None
    return unquote(name), unquote(secret)


def _once(pairs: list[tuple[str, str]]) -> dict[str, str] | None:
    """Return parameters by name; None when one is repeated, which RFC 6749 forbids."""
    found = dict(pairs)
    return found if len(found) == len(pairs) else None


def _back(asked: Mapping[str, str], **answer: str) -> Response:
    state = {"state": asked["state"]} if asked.get("state") else {}
    joint = "&" if "?" in asked["redirect_uri"] else "?"
    return RedirectResponse(f"{asked['redirect_uri']}{joint}{urlencode({**answer, **state})}", 302)


def _page(title: str, text: str, *, form: str = "", status: int = 200) -> Response:
    page = PAGE.format(title=escape(title), text=escape(text), form=form)
    headers = {**NO_STORE, "referrer-policy": "no-referrer", "x-frame-options": "DENY"}
    return HTMLResponse(page, status, headers=headers)
