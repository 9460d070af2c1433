"""What an app imports, and nothing else of the host.

Further values that services take and return (``Customer``, ``JobDetail``, …) are in
``mooring.sdk.ports``, the present installation in ``mooring.sdk.context``, the other results beside
the base class that they belong to.
"""

from mooring.model.dead_letter import DeadLetter
from mooring.sdk import errors, functions, http, jobs, logger, notifications, oauth, odp, storage
from mooring.sdk.app_environment import environment
from mooring.sdk.channel import Channel
from mooring.sdk.destination import Destination, DestinationSchemaFunction
from mooring.sdk.function import Function, GlobalFunction
from mooring.sdk.job import Job, JobStatus, Progress
from mooring.sdk.lifecycle import Lifecycle, LifecycleResult
from mooring.sdk.liquid_extension import LiquidExtension
from mooring.sdk.ports import Budget, HttpResponse, Rate
from mooring.sdk.results import AuthorizationGrantResult, LifecycleSettingsResult
from mooring.sdk.sets import NumberSet, StringSet
from mooring.sdk.source import SourceFunction, SourceJob, SourceLifecycle, SourceSchemaFunction
from mooring.sdk.webhook import Request, Response

__all__ = [
    "AuthorizationGrantResult",
    "Budget",
    "Channel",
    "DeadLetter",
    "Destination",
    "DestinationSchemaFunction",
    "Function",
    "GlobalFunction",
    "HttpResponse",
    "Job",
    "JobStatus",
    "Lifecycle",
    "LifecycleResult",
    "LifecycleSettingsResult",
    "LiquidExtension",
    "NumberSet",
    "Progress",
    "Rate",
    "Request",
    "Response",
    "SourceFunction",
    "SourceJob",
    "SourceLifecycle",
    "SourceSchemaFunction",
    "StringSet",
    "environment",
    "errors",
    "functions",
    "http",
    "jobs",
    "logger",
    "notifications",
    "oauth",
    "odp",
    "storage",
]
