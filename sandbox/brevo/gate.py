"""Who may ask Brevo's API, how often, and in which shape a refusal is told."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from sandbox import wire
from sandbox.account.account import Account
from sandbox.account.brevo import Brevo
from sandbox.account.meters import Reading

Payload = TypeVar("Payload")
MOST_BYTES = 10 * 1024 * 1024
CODES = {404: "document_not_found", 405: "method_not_allowed"}


class Refusal(Exception):
    """A request that Brevo would refuse."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {"code": code, "message": message}
        if metadata:
            self.body["metadata"] = metadata


def invalid(message: str) -> Refusal:
    """Refuse a parameter."""
    return Refusal(400, "invalid_parameter", message)


def missing(message: str) -> Refusal:
    """Refuse because a parameter is not there."""
    return Refusal(400, "missing_parameter", message)


def unknown(message: str) -> Refusal:
    """Refuse because the thing asked about does not exist."""
    return Refusal(404, "document_not_found", message)


@dataclass(slots=True)
class Call:
    """One request that was let in; `note` is what the sandbox's record will say of it."""

    account: Account
    base: str
    params: Mapping[str, Any]
    query: Any  # Starlette's multi-valued query
    body: bytes
    note: dict[str, Any] = field(default_factory=dict)

    @property
    def brevo(self) -> Brevo:
        """Return what Brevo holds."""
        return self.account.brevo

    def payload(self, shape: type[Payload]) -> Payload:
        """Read the body as `shape`."""
        try:
            return msgspec.json.decode(self.body or b"{}", type=shape)
        except msgspec.ValidationError as error:
            raise invalid(str(error)) from error
        except msgspec.DecodeError as error:
            raise Refusal(
                400, "bad_request", f"Input must be a valid JSON object: {error}"
            ) from error

    def number(self, name: str, default: int, *, most: int | None = None) -> int:
        """Read a whole number from the query."""
        number = wire.whole(self.query.get(name, str(default)))
        if number is None:
            raise invalid(f"{name} should be a whole number")
        if most is not None and number > most:
            raise Refusal(400, "out_of_range", f"{name} should not be greater than {most}")
        return number

    def numbers(self, name: str) -> list[int]:
        """Read whole numbers from the query, repeated or separated by commas."""
        words = [word for text in self.query.getlist(name) for word in text.split(",") if word]
        numbers = [number for word in words if (number := wire.whole(word)) is not None]
        if len(numbers) < len(words):
            raise invalid(f"{name} should be whole numbers")
        return numbers

    def moment(self, name: str) -> datetime | None:
        """Read a time with its zone from the query."""
        text = self.query.get(name)
        if text is None:
            return None
        try:
            # A plus sign that was not encoded arrives as a space.
            moment = datetime.fromisoformat(text.replace(" ", "+"))
        except ValueError as error:
            raise invalid(f"{name} should be a UTC date-time (YYYY-MM-DDTHH:mm:ss.SSSZ)") from error
        if moment.tzinfo is None:
            raise invalid(f"{name} should carry a time zone")
        return moment

    def newest_first(self, *, default: str = "desc") -> bool:
        """Read the direction of sorting from the query."""
        order = self.query.get("sort", default)
        if order not in ("asc", "desc"):
            raise invalid("sort should be asc or desc")
        return bool(order == "desc")


Handler = Callable[[Call], Response]
Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Gate:
    """Lets requests through to handlers: key first, then the meter; remembers writes."""

    account: Account
    base: str

    def contacts(self, handler: Handler, *, write: str = "") -> Endpoint:
        """Wrap a handler of the contacts group; `write` names it in the record."""
        return self._wrapped(handler, write=write, contacts=True)

    def other(self, handler: Handler) -> Endpoint:
        """Wrap a handler of the group of all other endpoints."""
        return self._wrapped(handler, write="", contacts=False)

    def _wrapped(self, handler: Handler, *, write: str, contacts: bool) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            body = await request.body()
            self.account.brevo.settle()
            if not self._knows(request.headers.get("api-key", "")):
                return refused(Refusal(401, "unauthorized", "Key not found"))
            meter = self.account.contacts_meter if contacts else self.account.other_meter
            reading = meter.take(request.headers["api-key"])
            if not reading.allowed:
                told = Refusal(429, "too_many_requests", "Rate limit exceeded")
                return _metered(refused(told), reading)
            call = Call(self.account, self.base, request.path_params, request.query_params, body)
            response = _handled(handler, call)
            if write:
                self._remember(write, request, call, response)
            return _metered(response, reading)

        return endpoint

    def _knows(self, key: str) -> bool:
        given = key.encode()
        known = self.account.credentials.brevo_keys
        return any(hmac.compare_digest(given, each.encode()) for each in known)

    def _remember(self, kind: str, request: Request, call: Call, response: Response) -> None:
        facts = {
            "method": request.method,
            "path": request.url.path,
            "status": response.status_code,
        }
        self.account.received.add("brevo", kind, **facts, **call.note)

    async def unrouted(self, request: Request, error: Exception) -> Response:
        """Answer what no route answers (404, 405) in Brevo's shape."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        message = f"{request.method} {request.url.path} is not here"
        return refused(Refusal(status, CODES.get(status, "bad_request"), message))


def _handled(handler: Handler, call: Call) -> Response:
    try:
        if len(call.body) > MOST_BYTES:
            raise invalid("The body should not exceed 10 MB")
        return handler(call)
    except Refusal as refusal:
        return refused(refusal)


def refused(refusal: Refusal) -> Response:
    """Write a refusal as Brevo does."""
    return wire.json(refusal.body, status=refusal.status)


def _metered(response: Response, reading: Reading) -> Response:
    response.headers["x-sib-ratelimit-limit"] = str(reading.limit)
    response.headers["x-sib-ratelimit-remaining"] = str(reading.remaining)
    response.headers["x-sib-ratelimit-reset"] = str(reading.reset_seconds)
    return response
