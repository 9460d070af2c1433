"""What does an app's code need from whoever runs it? Protocols and their values, no I/O.

The façades (``storage``, ``http``, ``odp``, ``jobs``, ``functions``, ``logger``) find the present
call's ports in :mod:`mooring.sdk.context`; the host's adapters implement them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Protocol, TypeAlias, TypeVar

from mooring.errors import (
    CredentialsRejected,
    RateLimited,
    RequestRefused,
    ServiceError,
    ServiceUnavailable,
)
from mooring.model.notification import Level

Record = dict[str, Any]
"""One stored record: always a map of JSON values (OCP's "hash")."""

Updater = Callable[[Record], Record]

TtlUpdater = Callable[[Record, float | None], tuple[Record, float | None]]
"""Takes a record and the seconds that it has left (None: it stays), and returns both anew."""

T = TypeVar("T")

Edit: TypeAlias = Callable[[Record], tuple[Record | None, T]]
"""Takes a record; returns what replaces it (None: nothing does) and what the caller gets."""


class AnyStore(Protocol):
    """What the stores have in common: records by key, of one owner."""

    def get(self, key: str, fields: Sequence[str] | None = None) -> Record:
        """Return the record, or ``{}``; with ``fields`` only those that exist."""

    def patch(
        self, key: str, change: Mapping[str, Any] | Updater, *, ttl: float | None = None
    ) -> Record:
        """Merge at the top level, or apply an updater atomically; return the previous record.

        An updater gets a copy and may run several times; what it raises changes nothing. A missing
        record counts as ``{}`` and is created. Without ``ttl`` the expiry stays.
        """

    def exists(self, key: str) -> bool:
        """Say whether an unexpired record is there."""


class RecordStore(AnyStore, Protocol):
    """Settings and secrets: whole records by key, owned by one installation."""

    def put(self, key: str, value: Mapping[str, Any], *, ttl: float | None = None) -> bool:
        """Replace the record and its expiry; ``ttl`` in seconds; return True."""

    def delete(self, key: str, fields: Sequence[str] | None = None) -> bool:
        """Remove the record, or only some of its fields; True, whether or not it was there."""


class KeyValueStore(AnyStore, Protocol):
    """Non-secret state: records with previous values, edits of single fields and bulk access."""

    def put(self, key: str, value: Mapping[str, Any], *, ttl: float | None = None) -> Record:
        """Replace the record and its expiry; return the previous one (``{}`` if none)."""

    def delete(self, key: str, fields: Sequence[str] | None = None) -> Record:
        """Remove the record (or fields of it) and return what was removed."""

    def patch_with_ttl(self, key: str, updater: TtlUpdater) -> Record:
        """Apply an updater of the record and of its ttl atomically; return the previous record."""

    def edit(self, key: str, edit: Edit[T], *, ttl: float | None = None) -> T:
        """Apply an edit of ``sdk.field_edits`` in one transaction; return what it answers.

        It is quick, changes nothing outside of its record and is no app's code. What it raises
        changes nothing. Without ``ttl`` the expiry stays.
        """

    def get_many(self, keys: Sequence[str]) -> dict[str, Record]:
        """Return the records that exist among ``keys``."""

    def put_many(self, records: Mapping[str, Mapping[str, Any]]) -> None:
        """Replace many records in one transaction."""

    def delete_many(self, keys: Sequence[str]) -> int:
        """Remove many records in one transaction; return how many were there."""

    def scan(self, prefix: str, *, after: str = "", limit: int = 1000) -> list[tuple[str, Record]]:
        """Return up to ``limit`` records whose key starts with ``prefix``, past ``after``.

        The order is that of the keys' code points, on every backend.
        """

    def count(self, prefix: str) -> int:
        """Count the unexpired records whose key starts with ``prefix``."""


@dataclass(frozen=True, slots=True)
class Rate:
    """At most ``count`` calls in any window of ``seconds``."""

    count: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Budget:
    """A named allowance that every process using one credential shares.

    ``key`` tells credentials apart (any string; the host stores only a hash of it).
    """

    name: str
    key: str = field(repr=False)
    rates: tuple[Rate, ...]


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One outgoing call; ``timeout`` in seconds; ``attempts`` counts the first try too.

    ``idempotent`` says whether repeating it does no harm; None leaves that to the method.
    ``reads``, ``volatile``, ``planned`` and ``before`` are for plans (``sdk.http.Options``).
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    params: Mapping[str, Any] | Sequence[tuple[str, str]] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    timeout: float = 30.0
    attempts: int = 4
    budgets: tuple[Budget, ...] = ()
    idempotent: bool | None = None
    reads: bool = False
    volatile: bool = False
    planned: Any = field(default=None, repr=False)
    before: Any = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """What came back; header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        """The body as UTF-8 text, undecodable bytes replaced."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON; an empty body is None. Raises ServiceError for other text."""
        if not self.body.strip():
            return None
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise ServiceError(
                f"The answer of {self.place} is not JSON.", status=self.status, body=self.body
            ) from error

    @property
    def place(self) -> str:
        """The address without its query, which may hold credentials."""
        return self.url.partition("?")[0]

    def raise_for_status(self) -> HttpResponse:
        """Return this answer if its status is 2xx; raise what the status means otherwise.

        Raises CredentialsRejected (401, 403), RateLimited (429), ServiceUnavailable (5xx) and
        RequestRefused (everything else).
        """
        if self.ok:
            return self
        refused = _REFUSALS.get(self.status)
        if refused is None:
            refused = ServiceUnavailable if self.status >= 500 else RequestRefused
        raise refused(
            f"{self.place} answered with status {self.status}.", status=self.status, body=self.body
        )


_REFUSALS: Mapping[int, type[ServiceError]] = MappingProxyType(
    {401: CredentialsRejected, 403: CredentialsRejected, 429: RateLimited}
)


class HttpPort(Protocol):
    """The only way out: outbound_domains, budgets, retries and Retry-After are its business."""

    def send(self, request: HttpRequest) -> HttpResponse:
        """Return any answer below 500 except 429; raise what the retries could not mend.

        Raises OutboundDenied, ServiceUnavailable (5xx, no answer) and RateLimited.
        """


@dataclass(frozen=True, slots=True)
class Customer:
    """One ODP profile: identifiers and fields in one flat map, as ODP's ``attributes``."""

    customer_id: str
    attributes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CustomerPage:
    """Up to ``limit`` customers in a stable order; ``after`` continues, None at the end."""

    customers: tuple[Customer, ...]
    after: str | None


class OdpPort(Protocol):
    """The customer data of the installation's account, embedded or remote."""

    def upsert_customers(self, rows: Sequence[Mapping[str, Any]]) -> int:
        """Merge rows ``{"attributes": {…}}`` (identifiers among them); return how many."""

    def customer(self, identifier: str, value: str) -> Customer | None:
        """Return the customer with this identifier (``email``, …), if there is one."""

    def customers(self, *, after: str | None = None, limit: int = 1000) -> CustomerPage:
        """Walk all customers in a stable order (embedded ODP only)."""

    def send_events(self, events: Sequence[Mapping[str, Any]]) -> int:
        """Append events ``{type, action, identifiers, data}``; equal idempotence_id once."""

    def upsert_objects(self, name: str, rows: Sequence[Mapping[str, Any]]) -> int:
        """Merge rows of an object by primary key; return how many."""

    def objects(self, name: str, *, after: str | None = None, limit: int = 1000) -> list[Record]:
        """Return rows of an object in primary-key order (embedded ODP only)."""


@dataclass(frozen=True, slots=True)
class JobDetail:
    """A run as an app sees it."""

    job_id: str
    job: str
    status: str
    parameters: Mapping[str, Any]
    state: Mapping[str, Any]
    errors: str
    started_at: datetime | None
    completed_at: datetime | None


MANIFEST_CRON = "@manifest"  # in place of a cron: the one that app.yml gives the job


class JobsPort(Protocol):
    """Runs and schedules of the present installation."""

    def trigger(self, job: str, parameters: Mapping[str, Any] | None = None) -> JobDetail:
        """Write a run; a worker picks it up within a second."""

    def get_detail(self, job_id: str) -> JobDetail:
        """Return a run of this installation. Raises NotFound."""

    def active(self, job: str) -> list[JobDetail]:
        """Return the runs of a job that are not in a final state."""

    def reschedule(self, job: str, cron: str | None, *, timezone: str = "UTC") -> datetime | None:
        """Set this installation's cron for a job (None switches it off); return the next time.

        MANIFEST_CRON goes back to what the manifest says. Raises ScheduleInvalid.
        """


class FunctionsPort(Protocol):
    """Addresses of the present installation's functions."""

    def get_endpoints(self, install_id: int | None = None) -> dict[str, str]:
        """Map function names to absolute URLs without trailing slash."""

    def get_global_endpoints(self) -> dict[str, str]:
        """Map global function names to absolute URLs."""

    def get_authorization_grant_url(self) -> str:
        """Return the OAuth callback address of this app."""


class NotificationsPort(Protocol):
    """What the people are told whose account it is."""

    def add(
        self, level: Level, activity: str, title: str, summary: str, details: str | None = None
    ) -> object:
        """Keep one entry; what is too long is cut."""


class LogPort(Protocol):
    """Where structured log lines go; the host masks secrets at its one exit."""

    def log(self, level: str, event: str, fields: Mapping[str, Any]) -> None:
        """Write one line; ``level`` is debug, info, warn or error."""


class Clock(Protocol):
    """The time and waiting, injected so that tests own both."""

    def now(self) -> datetime:
        """Return the present moment, aware, UTC."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


def in_chunks(rows: Sequence[Any], size: int) -> Iterable[Sequence[Any]]:
    """Cut a sequence into runs of at most ``size``."""
    return (rows[start : start + size] for start in range(0, len(rows), size))
