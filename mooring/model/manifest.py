"""What does an app declare in ``app.yml``? Typed values; the names are OCP's in snake_case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Delivery = Literal["inbox", "direct"]
Access = Literal["public", "form"]
Overlap = Literal["skip", "queue", "allow"]
Missed = Literal["run_once", "skip"]


@dataclass(frozen=True, slots=True)
class Meta:
    """Who the app is."""

    app_id: str
    display_name: str
    version: str
    vendor: str
    support_url: str
    summary: str
    contact_email: str
    categories: tuple[str, ...]
    availability: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InstallationResolution:
    """How a function's fixed URL finds the account: ``key`` names header, parameter or path.

    With the type ``GUID`` the address itself tells, and ``key`` has no meaning.
    """

    type: str
    key: str


@dataclass(frozen=True, slots=True)
class Verification:
    """How a function's requests are signed.

    ``profile`` names a signature profile of the host; with ``hmac`` header, algorithm, encoding and
    prefix say it here. ``secret`` is the name in the installation's secret store; ``tolerance`` is
    in seconds, and None leaves it to the profile.
    """

    profile: str
    secret: str
    header: str = ""
    algorithm: str = "sha256"
    encoding: str = "hex"
    prefix: str = ""
    tolerance: float | None = None


@dataclass(frozen=True, slots=True)
class FunctionEntry:
    """One webhook."""

    name: str
    entry_point: str
    description: str
    is_global: bool = False
    opal_tool: bool = False
    installation_resolution: InstallationResolution | None = None
    verify: Verification | None = None
    delivery: Delivery = "direct"
    access: Access = "public"

    @property
    def has_address(self) -> bool:
        """Whether the outside world can call it; else it serves the settings form alone."""
        return self.access == "public"

    @property
    def resolved_by(self) -> InstallationResolution | None:
        """How a request at the one address of all accounts says for which it is, if it has to."""
        rule = self.installation_resolution
        return None if self.is_global or rule is None or rule.type == "GUID" else rule


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a failing run is tried, counting the first; OCP retries a failed run once."""

    attempts: int = 2
    backoff_seconds: float = 30.0
    max_backoff_seconds: float = 3600.0


@dataclass(frozen=True, slots=True)
class JobEntry:
    """One job; without ``cron`` it runs only when triggered."""

    name: str
    entry_point: str
    description: str
    cron: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    timezone: str = "UTC"
    overlap: Overlap = "skip"
    missed: Missed = "run_once"
    jitter: int = 0
    retry: RetryPolicy = RetryPolicy()
    concurrency: int | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """The whole of ``app.yml``; the sections that the host does not use stay as written."""

    meta: Meta
    runtime: str
    environment: tuple[str, ...] = ()
    functions: Mapping[str, FunctionEntry] = field(default_factory=dict)
    jobs: Mapping[str, JobEntry] = field(default_factory=dict)
    outbound_domains: tuple[str, ...] = ()
    channel: Mapping[str, Any] | None = None
    consumers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    liquid_extensions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    destinations: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    sources: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def runs_here(self) -> bool:
        """Whether the app is written in Python; one for a Node runtime can only be ported."""
        return self.runtime.startswith("python")
