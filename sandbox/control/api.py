"""The control API: clock, change, publish, faults, received, reset."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox import wire
from sandbox.account.account import Account
from sandbox.account.faults import Fault
from sandbox.account.oauth import Consent
from sandbox.addresses import SERVED, Addresses
from sandbox.control import changes, webhooks
from sandbox.control.refusal import BadControl

Payload = TypeVar("Payload")
LONGEST = 10 * 366 * 86_400  # seconds: ten years
WHERE = re.compile(r"(?P<what>.*?) - at `\$\.?(?P<field>.*)`", re.DOTALL)
UNKNOWN_FIELD = re.compile(r"Object contains unknown field `(?P<field>.*?)`")


class ClockBody(msgspec.Struct, forbid_unknown_fields=True):
    """How far the clock moves."""

    advance: Annotated[float, msgspec.Meta(ge=0, le=LONGEST)]


class PublishBody(msgspec.Struct, forbid_unknown_fields=True):
    """Whose datafile is published; the edge has it `edge_lag` sandbox seconds later."""

    project_id: int | str
    environment: str | None = None
    edge_lag: Annotated[float, msgspec.Meta(ge=0, le=LONGEST)] = 0


class FaultBody(msgspec.Struct, forbid_unknown_fields=True):
    """Which requests go wrong, and how."""

    route: Annotated[str, msgspec.Meta(pattern="^/")]
    status: Annotated[int, msgspec.Meta(ge=200, le=599)] | None = None
    count: Annotated[int, msgspec.Meta(ge=1)] = 1
    delay: Annotated[float, msgspec.Meta(ge=0, le=300)] = 0
    method: str | None = None
    retry_after: Annotated[int, msgspec.Meta(ge=0)] | None = None


class OAuthBody(msgspec.Struct, forbid_unknown_fields=True):
    """How the OAuth server behaves from now on; what is left out stays as it is."""

    consent: Consent | None = None
    rotates: bool | None = None
    lifetime: Annotated[float, msgspec.Meta(gt=0, le=LONGEST)] | None = None
    refusal_status: Literal[400, 403] | None = None


def control_application(account: Account, addresses: Addresses) -> Starlette:
    """Build the application that answers below the control address."""
    controls = Controls(account, addresses)
    posts = {
        "/clock": controls.clock,
        "/change": controls.change,
        "/publish": controls.publish,
        "/faults": controls.faults,
        "/oauth": controls.oauth,
        "/reset": controls.reset,
    }
    routes = [Route(path, _told(handler), methods=["POST"]) for path, handler in posts.items()]
    routes.append(Route("/received", _told(controls.received)))
    routes.append(Route("/webhooks", _told(controls.webhooks)))
    return Starlette(routes=routes, exception_handlers={HTTPException: _unrouted})


def _told(
    handler: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    """Wrap a handler so that what it refuses is answered as JSON."""

    async def endpoint(request: Request) -> Response:
        try:
            return await handler(request)
        except BadControl as error:
            return wire.json(error.body, status=400)

    return endpoint


async def _unrouted(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    offers = "POST clock, change, publish, faults, reset, oauth; GET received, webhooks"
    message = f"{request.method} {request.url.path} is no control. There are: {offers}."
    return wire.json({"field": None, "message": message}, status=status)


async def _payload(request: Request, shape: type[Payload]) -> Payload:
    """Read a control body, or say which field is wrong and what it takes."""
    body = await request.body()
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.ValidationError as error:
        raise _blamed(str(error), shape) from error
    except msgspec.DecodeError as error:
        raise BadControl("", f"the body must be a JSON object: {error}") from error


def _blamed(text: str, shape: type) -> BadControl:
    names = ", ".join(field.name for field in msgspec.structs.fields(shape))
    unknown = UNKNOWN_FIELD.match(text)
    if unknown:
        return BadControl(unknown["field"], f"is not known here; known are {names}")
    where = WHERE.fullmatch(text)
    if where:
        return BadControl(where["field"], where["what"])
    missing = re.search(r"missing required field `(.*?)`", text)
    return BadControl(missing[1] if missing else "", f"{text}; fields are {names}")


class Controls:
    """The handlers, over one account."""

    def __init__(self, account: Account, addresses: Addresses) -> None:
        self._account = account
        self._addresses = addresses

    async def clock(self, request: Request) -> Response:
        """Move the clock forward; imports that become due are carried out."""
        body = await _payload(request, ClockBody)
        self._account.clock.advance(body.advance)
        self._account.brevo.settle()
        return wire.json({"now": self._account.clock.now()})

    async def change(self, request: Request) -> Response:
        """Change the model."""
        body = await _payload(request, changes.Change)
        return wire.json(changes.apply(self._account, body))

    async def publish(self, request: Request) -> Response:
        """Publish a datafile and tell whoever registered."""
        body = await _payload(request, PublishBody)
        project = changes.project_of(self._account, body.project_id)
        environment = changes.environment_of(project, body.environment)
        publication = self._account.optimizely.publish(project, environment, lag=body.edge_lag)
        told = webhooks.datafile_updated(
            self._account, self._addresses, project, environment, publication
        )
        deliveries = await webhooks.deliver(self._account, project, webhooks.DATAFILE_UPDATED, told)
        return wire.json(
            {
                "project_id": project.id,
                "environment": environment.key,
                "sdk_key": environment.sdk_key,
                "revision": publication.revision,
                "webhooks": deliveries,
            }
        )

    async def faults(self, request: Request) -> Response:
        """Let requests below a route go wrong."""
        body = await _payload(request, FaultBody)
        if not any(base.startswith(body.route) or body.route.startswith(base) for base in SERVED):
            raise BadControl("route", f"must lie on the way to one of {', '.join(SERVED)}")
        if body.status is None and not body.delay:
            raise BadControl("status", "give a status, a delay, or both")
        method = body.method.upper() if body.method else None
        fault = Fault(body.route, body.status, body.count, body.delay, method, body.retry_after)
        self._account.faults.add(fault)
        return wire.json({"fault": fault})

    async def oauth(self, request: Request) -> Response:
        """Set how the OAuth server behaves."""
        body = await _payload(request, OAuthBody)
        given = {
            name: value for name, value in msgspec.structs.asdict(body).items() if value is not None
        }
        for name, value in given.items():
            setattr(self._account.oauth, name, value)
        return wire.json({"oauth": given})

    async def webhooks(self, _: Request) -> Response:
        """Show the registered webhooks with their secrets, which no API of the service tells."""
        hooks = self._account.optimizely.webhooks.values()
        names = ("id", "project_id", "url", "secret")
        return wire.json({"webhooks": [{n: getattr(hook, n) for n in names} for hook in hooks]})

    async def received(self, request: Request) -> Response:
        """Answer what arrived, in order; `service`, `kind` and `after` narrow it."""
        query = request.query_params
        after = wire.whole(query.get("after", "0"))
        if after is None:
            raise BadControl("after", "must be a sequence number")
        self._account.brevo.settle()
        entries: list[dict[str, Any]] = self._account.received.entries(
            service=query.get("service", ""),
            kind=query.get("kind", ""),
            after=after,
        )
        return wire.json({"received": entries, "count": len(entries)})

    async def reset(self, _: Request) -> Response:
        """Return to the state of every start."""
        self._account.reset()
        return wire.json({"now": self._account.clock.now()})
