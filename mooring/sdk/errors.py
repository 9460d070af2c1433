"""Which errors may an app catch or raise? The part of the host's tree that concerns apps."""

from __future__ import annotations

from mooring.errors import (
    Conflict,
    CredentialsRejected,
    MooringError,
    NotFound,
    NotWritten,
    OutboundDenied,
    RateLimited,
    RecordInvalid,
    RecordRefused,
    RequestInvalid,
    RequestRefused,
    ScheduleInvalid,
    ServiceError,
    ServiceUnavailable,
    SettingsRefused,
    SignatureInvalid,
)

__all__ = [
    "Conflict",
    "CredentialsRejected",
    "MooringError",
    "NotFound",
    "NotWritten",
    "OutboundDenied",
    "RateLimited",
    "RecordInvalid",
    "RecordRefused",
    "RequestInvalid",
    "RequestRefused",
    "ScheduleInvalid",
    "ServiceError",
    "ServiceUnavailable",
    "SettingsRefused",
    "SignatureInvalid",
]
