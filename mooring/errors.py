"""What can go wrong, as one tree; this module knows nothing else of the host.

MooringError
├── UsageError                 the command was typed wrongly
├── NotFound                   no such app, installation, run, function …
├── AppInvalid                 the app folder has problems; carries them
│   ├── ScheduleInvalid        a cron expression means nothing
│   └── EntryPointInvalid      a class cannot be loaded
├── ConfigurationInvalid       a setting, file or variable of this host is unusable
│   ├── HomeUnusable           the home folder cannot be read or written
│   ├── HomeBusy               another host works on this home
│   ├── AddressInUse           the port is taken
│   ├── SecretStoreUnusable    the recorded secret store cannot be opened
│   └── DatabaseAway           the database does not answer at present
├── NotWritten                 a part of the app is still to be written
├── SettingsRefused            the app did not accept the submitted settings
├── LifecycleFailed            an app's hook said no; what was done is undone
├── ArchiveInvalid             a file is no archive of this home, or not as it was written
├── Conflict                   the state of things does not allow this now
│   ├── LeaseLost              another worker owns this run
│   ├── DatabaseBusy           others write to the database all the time
│   └── WorldMoved             a plan does not hold any more
├── PlanFailed                 a job broke down while its writes were being collected
├── NotPlanned                 a run that applies a plan would write something else
├── ServiceError               the other side of an HTTP call
│   ├── ServiceUnavailable     it did not answer, or with 5xx
│   ├── RateLimited            it asked to wait; carries the seconds
│   ├── CredentialsRejected    it no longer accepts these credentials
│   └── RequestRefused         it refused this request for good (4xx)
├── OutboundDenied             the host is not in the manifest's outbound_domains
├── RequestInvalid             a webhook request is malformed
├── SignatureInvalid           a webhook's signature is missing or wrong
├── LoopBlocked                a plain service call was made on the event loop
├── NoContext                  a service was used outside a function, job or hook
└── RecordInvalid              one record is unusable; the others go on
    └── RecordRefused          … and is set aside by the job that met it, with its key

Every class states as data its stable ``code``, the exit status of a command that ends with it, the
HTTP status of a request that ends with it, and the reaction it asks of the host.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

Reaction = Literal["retry", "retry_after", "reconnect", "skip_record", "stop"]


class MooringError(Exception):
    """Something went wrong inside the host."""

    code: ClassVar[str] = "host.internal"
    exit_status: ClassVar[int] = 70
    http_status: ClassVar[int] = 500
    reaction: ClassVar[Reaction] = "stop"

    def __init__(self, message: str = "", *, where: str = "", hint: str = "") -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())
        self.where = where
        self.hint = hint

    @property
    def message(self) -> str:
        """The sentence alone, without place and remedy."""
        return str(self.args[0])

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        remedy = f" {self.hint}" if self.hint else ""
        return f"{place}{self.message}{remedy}"


def in_words(error: BaseException) -> str:
    """Say what went wrong: the host's own errors say it themselves, others with their name."""
    if isinstance(error, MooringError):
        return str(error)
    return f"{type(error).__name__}: {error}".removesuffix(": ")


class UsageError(MooringError):
    """The command was not understood."""

    code, exit_status, http_status = "usage", 2, 400


class NotFound(MooringError):
    """No such thing exists here."""

    code, exit_status, http_status = "not_found", 66, 404


class AppInvalid(MooringError):
    """The app has problems."""

    code, exit_status, http_status = "app.invalid", 1, 422

    def __init__(
        self, message: str = "", *, where: str = "", hint: str = "", problems: tuple[Any, ...] = ()
    ) -> None:
        super().__init__(message, where=where, hint=hint)
        self.problems = problems


class ScheduleInvalid(AppInvalid):
    """The cron expression means nothing."""

    code = "app.schedule"

    def __init__(
        self,
        message: str = "",
        *,
        where: str = "",
        hint: str = "",
        field: str = "",
        column: int = 0,
    ) -> None:
        super().__init__(message, where=where, hint=hint)
        self.field = field
        self.column = column  # in the expression, from 1; 0 when no one place is to blame


class EntryPointInvalid(AppInvalid):
    """The entry point cannot be loaded."""

    code = "app.entry_point"


class NotWritten(MooringError):
    """This part of the app is not written yet."""

    code, exit_status, http_status = "app.not_written", 1, 501


class ConfigurationInvalid(MooringError):
    """The configuration of this host is not usable."""

    code, exit_status = "config.invalid", 78


class HomeUnusable(ConfigurationInvalid):
    """The home folder cannot be used."""

    code, exit_status = "config.home", 73


class HomeBusy(ConfigurationInvalid):
    """Another host is already working on this home."""

    code, exit_status = "config.home_busy", 75


class AddressInUse(ConfigurationInvalid):
    """The port is already in use."""

    code, exit_status = "config.address", 74


class SecretStoreUnusable(ConfigurationInvalid):
    """The secret store cannot be opened."""

    code = "config.secrets"


class DatabaseAway(ConfigurationInvalid):
    """The database does not answer."""

    code, reaction = "config.database", "retry"


class SettingsRefused(MooringError):
    """The app did not accept these settings."""

    code, exit_status, http_status = "settings.refused", 1, 422


class LifecycleFailed(MooringError):
    """The app's lifecycle hook failed; what was done has been undone."""

    code, exit_status, http_status = "lifecycle.failed", 1, 422


class ArchiveInvalid(MooringError):
    """The archive cannot be restored."""

    code, exit_status, http_status = "archive.invalid", 65, 422


class Conflict(MooringError):
    """The present state does not allow this."""

    code, exit_status, http_status = "conflict", 75, 409


class LeaseLost(Conflict):
    """Another worker owns this run now."""

    code = "job.lease_lost"


class WorldMoved(Conflict):
    """The world has moved since the plan was made."""

    code = "plan.world_moved"


class PlanFailed(MooringError):
    """The job broke down while its writes were being collected; nothing was written."""

    code, exit_status, http_status = "plan.failed", 1, 422


class NotPlanned(MooringError):
    """A run that applies a plan would write something else."""

    code = "plan.not_planned"


class DatabaseBusy(Conflict):
    """Others are writing to the database all the time."""

    code, reaction = "database.busy", "retry"


class ServiceError(MooringError):
    """The other service answered with an error."""

    code, exit_status, http_status = "service.error", 69, 502

    def __init__(
        self,
        message: str = "",
        *,
        where: str = "",
        hint: str = "",
        status: int | None = None,
        body: bytes = b"",
    ) -> None:
        super().__init__(message, where=where, hint=hint)
        self.status = status
        self.body = body


class ServiceUnavailable(ServiceError):
    """The other service does not answer."""

    code, http_status, reaction = "service.unavailable", 503, "retry"


class RateLimited(ServiceError):
    """The other service asks to wait."""

    code, http_status, reaction = "service.rate_limited", 503, "retry_after"

    def __init__(
        self,
        message: str = "",
        *,
        where: str = "",
        hint: str = "",
        status: int | None = 429,
        body: bytes = b"",
        retry_after: float = 60.0,
    ) -> None:
        super().__init__(message, where=where, hint=hint, status=status, body=body)
        self.retry_after = retry_after


class CredentialsRejected(ServiceError):
    """The other service no longer accepts these credentials."""

    code, exit_status, reaction = "auth.rejected", 77, "reconnect"

    def __init__(
        self,
        message: str = "",
        *,
        where: str = "",
        hint: str = "",
        status: int | None = None,
        body: bytes = b"",
        section: str = "",
    ) -> None:
        super().__init__(message, where=where, hint=hint, status=status, body=body)
        self.section = section  # of the settings form, where they are renewed


class RequestRefused(ServiceError):
    """The other service refused the request for good."""

    code = "service.refused"


class OutboundDenied(MooringError):
    """The app may not call this host: it is not in outbound_domains."""

    code = "http.outbound_denied"


class RequestInvalid(MooringError):
    """The request is malformed."""

    code, exit_status, http_status = "request.invalid", 65, 400


class SignatureInvalid(MooringError):
    """The signature is missing or wrong."""

    code, exit_status, http_status = "request.signature", 77, 401


class LoopBlocked(MooringError):
    """A plain service call was made on the event loop; await its twin instead."""

    code = "sdk.loop_blocked"


class NoContext(MooringError):
    """The service works only inside a function, a job or a lifecycle hook."""

    code = "sdk.no_context"


class RecordInvalid(MooringError):
    """This record cannot be used."""

    code, exit_status, http_status, reaction = "record.invalid", 65, 422, "skip_record"


class RecordRefused(RecordInvalid):
    """This record cannot be handled; its job sets it aside and does the step again without it.

    ``key`` tells the record from all others of its job, ``record`` is what is kept of it.
    """

    code = "record.refused"

    def __init__(
        self,
        message: str = "",
        *,
        key: str,
        record: Mapping[str, Any],
        where: str = "",
        hint: str = "",
    ) -> None:
        super().__init__(message, where=where, hint=hint)
        self.key = key
        self.record = record
