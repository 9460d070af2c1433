"""Who may ask Optimizely's APIs, how often, and in which shape a refusal is told."""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from sandbox import wire
from sandbox.account.account import Account
from sandbox.account.meters import Meter
from sandbox.account.projects import Project
from sandbox.addresses import Addresses

Payload = TypeVar("Payload")


@dataclass(frozen=True, slots=True)
class Call:
    """One request that was let in; `limited_to` is how refusals are written."""

    account: Account
    addresses: Addresses
    method: str
    path: str
    params: Mapping[str, Any]
    query: Any  # Starlette's multi-valued query
    body: bytes

    def number(self, name: str, default: int | None = None) -> int:
        """Read a whole number from the query; a missing one without default is refused."""
        text = self.query.get(name)
        if text is None:
            if default is None:
                raise Refusal(400, f"{name} is required")
            return default
        number = wire.whole(text)
        if number is None:
            raise Refusal(400, f"{name} must be a whole number, not {text!r}")
        return number

    def flag(self, name: str) -> bool | None:
        """Read `true` or `false` from the query; None when absent."""
        text = self.query.get(name)
        if text not in (None, "true", "false"):
            raise Refusal(400, f"{name} must be true or false, not {text!r}")
        return None if text is None else text == "true"

    def words(self, name: str) -> set[str]:
        """Read a list from the query, repeated or separated by commas."""
        return {word for text in self.query.getlist(name) for word in text.split(",") if word}

    def project(self, project_id: int) -> Project:
        """Return a project that the token may read."""
        project = self.account.optimizely.project(project_id)
        if project is None:
            raise Refusal(404, f"Project {project_id} was not found")
        if not project.readable:
            raise Refusal(403, f"You do not have permission to read project {project_id}")
        return project

    def payload(self, shape: type[Payload]) -> Payload:
        """Read the body as `shape`."""
        try:
            return msgspec.json.decode(self.body, type=shape)
        except msgspec.DecodeError as error:
            raise Refusal(400, str(error)) from error


class Refusal(Exception):
    """A request that Optimizely would refuse."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


Handler = Callable[[Call], Response]
CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    429: "too_many_requests",
}
TITLES = {code: name.replace("_", " ").capitalize() for code, name in CODES.items()}


def v2_error(status: int, detail: str) -> Response:
    """Write an error as REST v2 does."""
    code = CODES.get(status, "server_error")
    body = {"code": code, "message": detail, "messages": {}, "uuid": str(uuid.uuid4())}
    return wire.json(body, status=status)


def problem(status: int, detail: str) -> Response:
    """Write an error as Flags v1 does (RFC 7807)."""
    body = {
        "type": f"https://developers.optimizely.com/problems/{CODES.get(status, 'server-error')}",
        "title": TITLES.get(status, "Server error"),
        "status": status,
        "detail": detail,
        "uuid": str(uuid.uuid4()),
    }
    answer = wire.json(body, status=status)
    answer.headers["content-type"] = "application/problem+json"
    return answer


@dataclass(frozen=True, slots=True)
class Gate:
    """Lets requests through to handlers: token first, then the meter."""

    account: Account
    addresses: Addresses
    meter: Callable[[], Meter]
    error: Callable[[int, str], Response]

    def __call__(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        """Wrap a handler."""

        async def endpoint(request: Request) -> Response:
            body = await request.body()
            try:
                self._admit(request)
                return handler(self._call(request, body))
            except Refusal as refusal:
                return self.error(refusal.status, refusal.detail)

        return endpoint

    def _admit(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        known = self.account.credentials.optimizely_tokens
        given = token.strip().encode()
        personal = any(hmac.compare_digest(given, each.encode()) for each in known)
        standing = "good" if personal else self.account.oauth.standing(token.strip())
        if scheme.lower() == "bearer" and standing == "ended":
            # Of tokens that came by OAuth, the vendor's pages say 403.
            raise Refusal(403, "The access of this token has expired or was revoked")
        if scheme.lower() != "bearer" or standing == "unknown":
            raise Refusal(401, "Authentication failed: the token is missing, wrong or revoked")
        if not self.meter().take(token).allowed:
            raise Refusal(429, "Too many requests for this token")

    def _call(self, request: Request, body: bytes) -> Call:
        return Call(
            self.account,
            self.addresses,
            request.method,
            request.url.path,
            request.path_params,
            request.query_params,
            body,
        )

    async def unrouted(self, request: Request, error: Exception) -> Response:
        """Answer what no route answers (404, 405) in the service's own shape."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        return self.error(status, f"{request.method} {request.url.path} is not here")
