"""How do an app's calls reach other services? The one way out (sdk.ports.HttpPort), over httpx.

What a call may state, it states in :class:`HttpRequest`; the rest is decided here:

* ``timeout`` bounds the whole of ``send``: waiting for budgets, every try, the waits in between.
* Redirects come back as answers: credentials and counted calls go only where the app sent them.
* No cookie is kept, so that accounts which share a client share nothing else.
* The environment's proxies and ``.netrc`` are not used: this layer does not read the environment,
  and a ``.netrc`` would add credentials to calls of apps that do not own them. The system's
  certificates count beside the usual public ones.
"""

from __future__ import annotations

import http.cookiejar
import random
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any

import httpx
import stamina
import stamina.instrumentation

from mooring.adapters.budgets import Budgets
from mooring.adapters.deadline_transport import DeadlineTransport
from mooring.adapters.outbound import DEFAULT_PORTS, Origin, OutboundDomains
from mooring.errors import (
    MooringError,
    OutboundDenied,
    RateLimited,
    ServiceError,
    ServiceUnavailable,
)
from mooring.sdk.context import end_if_told
from mooring.sdk.ports import Clock, HttpRequest, HttpResponse

MOST_CONNECTIONS = 10
MOST_BYTES = 64 * 1024 * 1024
CONNECT_SECONDS = 10.0
FIRST_WAIT, LONGEST_WAIT = 0.25, 8.0
RATE_LIMITED_SECONDS = 60.0
LONGEST_ASKED = 24 * 3600.0
WAIT_HEADERS = ("retry-after", "ratelimit-reset", "x-sib-ratelimit-reset")
NOT_REPEATABLE = ("POST", "PATCH")


class HttpClient:
    """The HTTP client of one app version; used by any number of threads."""

    def __init__(
        self,
        *,
        app_id: str,
        outbound_domains: Iterable[str],
        loopback_origins: Iterable[str],
        budgets: Budgets,
        clock: Clock,
    ) -> None:
        self._app_id = app_id
        self._outbound = OutboundDomains(
            app_id, tuple(outbound_domains), frozenset(loopback_origins)
        )
        self._budgets = budgets
        self._clock = clock
        self._lock = threading.Lock()
        self._opened: _Connections | None = None
        # By default every retry is printed on stdout, which belongs to the command's data.
        stamina.instrumentation.set_on_retry_hooks(())

    def send(self, request: HttpRequest) -> HttpResponse:
        """Return any answer below 500 except 429; raise what the retries could not mend.

        Raises OutboundDenied, ServiceUnavailable (5xx, no answer) and RateLimited.
        """
        call = _Call(request, self._address(request), clock=self._clock)
        tries = stamina.retry_context(
            on=call.wait_after,
            attempts=max(request.attempts, 1),
            timeout=None,
            wait_initial=FIRST_WAIT,
            wait_max=LONGEST_WAIT,
            wait_jitter=FIRST_WAIT,
        )
        try:
            for attempt in tries:
                with attempt:
                    call.next_wait = attempt.next_wait
                    return self._tried(call)
        except _Failure as failure:
            raise call.error(failure) from failure.__cause__
        raise AssertionError("the last try returned or raised")

    def check(self, request: HttpRequest) -> None:
        """Refuse what ``send`` would not send anywhere. Raises OutboundDenied."""
        self._address(request)

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            if self._opened is not None:
                self._opened.client.close()
                self._opened = None

    def _address(self, request: HttpRequest) -> httpx.URL:
        """Parse the URL once, check that parse, and send to it: two parsers could disagree."""
        try:
            url = httpx.URL(request.url)
        except (httpx.InvalidURL, UnicodeError):
            url = httpx.URL()
        if url.scheme not in DEFAULT_PORTS or not url.host:
            raise OutboundDenied(
                f"The app {self._app_id} called something that is no address.",
                hint="Write https://host/path.",
            )
        self._outbound.check(_origin(url))
        return url.copy_merge_params(_pairs(request.params)) if request.params else url

    def _tried(self, call: _Call) -> HttpResponse:
        """Make one try. Raises _Failure for what another one may mend, and Interrupted."""
        end_if_told()
        if call.left() <= 0 and call.last is not None:
            raise call.last
        self._budgets.acquire(call.request.budgets, within=max(call.left(), 0.0))
        end_if_told()  # That may have taken its time.
        call.tries += 1
        try:
            return self._exchanged(call)
        except httpx.LocalProtocolError:
            # Its text quotes the header, which may be a credential.
            raise ServiceError(
                f"The request to {call.place} has a header that HTTP does not allow.",
                hint="Look for line breaks and control characters in its values.",
            ) from None
        except httpx.DecodingError as error:
            raise ServiceError(f"The answer of {call.place} cannot be unpacked.") from error
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            _refuse_untrusted(error, call)
            raise _Failure(_unsent(error)) from error
        except httpx.TimeoutException as error:
            what = f"did not answer within {call.request.timeout:g} s"
            raise _Failure(what, unclear=True) from error
        except httpx.TransportError as error:
            raise _Failure("broke the connection off", unclear=True) from error

    def _exchanged(self, call: _Call) -> HttpResponse:
        request, left = call.request, max(call.left(), 0.001)
        connections = self._connections()
        with (
            connections.transport.within(left),
            connections.client.stream(
                request.method,
                call.url,
                headers=dict(request.headers),
                content=request.body or None,
                timeout=httpx.Timeout(left, connect=min(left, CONNECT_SECONDS)),
            ) as response,
        ):
            body = _body(response, call)
            headers = {name.lower(): value for name, value in response.headers.items()}
        status = response.status_code
        if status != 429 and status < 500:
            address = str(call.url.copy_with(username=None, password=None))
            return HttpResponse(status, headers, body, address)
        wait = _wait(status, headers, now=self._clock.now())
        what = f"answered with status {status}"
        raise _Failure(what, unclear=wait is None, status=status, body=body, wait=wait)

    def _connections(self) -> _Connections:
        """Open the client on first use: that takes tens of milliseconds."""
        with self._lock:
            if self._opened is None:
                self._opened = _Connections.open(user_agent=f"mooring ({self._app_id})")
            return self._opened


@dataclass(frozen=True, slots=True)
class _Connections:
    client: httpx.Client
    transport: DeadlineTransport

    @classmethod
    def open(cls, *, user_agent: str) -> _Connections:
        trusted = httpx.create_ssl_context(trust_env=False)
        trusted.load_default_certs()
        transport = DeadlineTransport(trusted=trusted, most_connections=MOST_CONNECTIONS)
        no_cookies = http.cookiejar.DefaultCookiePolicy(allowed_domains=())
        client = httpx.Client(
            transport=transport,
            cookies=http.cookiejar.CookieJar(no_cookies),
            headers={"user-agent": user_agent},
            follow_redirects=False,
            trust_env=False,
        )
        return cls(client, transport)


class _Failure(Exception):
    """One try went wrong; ``unclear`` if the request may have had its effect all the same."""

    def __init__(
        self,
        what: str,
        *,
        unclear: bool = False,
        status: int | None = None,
        body: bytes = b"",
        wait: float | None = None,
    ) -> None:
        super().__init__(what)
        self.what = what
        self.unclear = unclear
        self.status = status
        self.body = body
        self.wait = wait


@dataclass(slots=True)
class _Call:
    """One call of ``send`` while its tries go on."""

    request: HttpRequest
    url: httpx.URL
    clock: Clock = field(kw_only=True)
    deadline: datetime = field(init=False)
    tries: int = 0
    next_wait: float = 0.0
    last: _Failure | None = None

    def __post_init__(self) -> None:
        self.deadline = self.clock.now() + timedelta(seconds=self.request.timeout)

    @property
    def place(self) -> str:
        """Where the call goes: nothing of the address that may be secret."""
        return _origin(self.url).place

    def left(self) -> float:
        """Return the seconds that are left for the whole call."""
        return (self.deadline - self.clock.now()).total_seconds()

    def wait_after(self, error: Exception) -> bool | float:
        """Tell after how long to try again (True: the usual wait), or False for never."""
        if not isinstance(error, _Failure):
            return False
        self.last = error
        if error.unclear and not self._may_repeat():
            return False
        if (self.next_wait if error.wait is None else error.wait) >= self.left():
            return False
        if error.wait is None:
            return True
        # All who were told to wait equally long should not come back at one moment.
        return error.wait + random.uniform(0, FIRST_WAIT)  # noqa: S311  # no secret hangs on it

    def error(self, failure: _Failure) -> MooringError:
        """Turn the last failure into what the app and the host's retries understand."""
        times = "once" if self.tries == 1 else f"{self.tries} times"
        message = f"{self.place} {failure.what} (tried {times})."
        if failure.wait is None:
            return ServiceUnavailable(message, status=failure.status, body=failure.body)
        return RateLimited(
            message, status=failure.status, body=failure.body, retry_after=failure.wait
        )

    def _may_repeat(self) -> bool:
        stated = self.request.idempotent
        return self.request.method.upper() not in NOT_REPEATABLE if stated is None else stated


def _origin(url: httpx.URL) -> Origin:
    port = url.port or DEFAULT_PORTS[url.scheme]
    return Origin(url.scheme, url.raw_host.decode("ascii").lower(), port)


def _pairs(params: Mapping[str, Any] | Sequence[tuple[str, str]]) -> httpx.QueryParams:
    return httpx.QueryParams(params if isinstance(params, Mapping) else list(params))


def _body(response: httpx.Response, call: _Call) -> bytes:
    """Read the body up to the limit in size, which counts what is unpacked."""
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > MOST_BYTES:
            raise ServiceError(
                f"The answer of {call.place} is larger than {MOST_BYTES // 1024**2} MB.",
                hint="Ask for it in pages.",
                status=response.status_code,
            )
    return bytes(body)


def _refuse_untrusted(error: httpx.TransportError, call: _Call) -> None:
    """Raise at once what no further try can mend."""
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        raise ServiceUnavailable(
            f"The certificate of {call.place} is not trusted here.",
            hint="Check the machine's date; behind a proxy of your own, add its certificate to "
            "the system's.",
        ) from error


def _unsent(error: httpx.TransportError) -> str:
    if isinstance(error, httpx.PoolTimeout):
        return f"could not be called: all {MOST_CONNECTIONS} connections of the app are in use"
    if isinstance(error, httpx.ConnectTimeout):
        return "did not accept a connection in time"
    return f"cannot be reached: {error}"


def _wait(status: int, headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Return how long the service refuses such calls; None when it did not say that it does.

    A 503 without Retry-After may have had its effect; other headers count with 429 alone, since
    some services send them with every answer.
    """
    if status == 429:
        said = (_seconds(headers.get(name, ""), now=now) for name in WAIT_HEADERS)
        return next((wait for wait in said if wait is not None), RATE_LIMITED_SECONDS)
    return _seconds(headers.get("retry-after", ""), now=now) if status == 503 else None


def _seconds(text: str, *, now: datetime) -> float | None:
    """Read seconds or a date, at most a day ahead; None for anything else."""
    try:
        seconds = float(text)
    except ValueError:
        moment = _date(text)
        if moment is None:
            return None
        seconds = (moment - now).total_seconds()
    return min(max(seconds, 0.0), LONGEST_ASKED) if isfinite(seconds) else None


def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
