"""On whose behalf is this code running? One ContextVar, set by the host around every app call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from mooring.errors import CredentialsRejected, NoContext
from mooring.sdk.dead_letters import DeadLettersPort
from mooring.sdk.interruption import UNINTERRUPTED, Interrupted, Interruption
from mooring.sdk.oauth_port import OAuthPort
from mooring.sdk.ports import (
    Clock,
    FunctionsPort,
    HttpPort,
    JobsPort,
    KeyValueStore,
    LogPort,
    NotificationsPort,
    OdpPort,
    RecordStore,
)


@dataclass(frozen=True, slots=True)
class AppContext:
    """Which app, version, account and installation; ``install_id`` 0 means a global function."""

    app_id: str
    version: str
    tracker_id: str
    install_id: int
    entry_point: str
    run_id: str | None = None

    @property
    def is_global(self) -> bool:
        """Whether no installation stands behind this call."""
        return self.install_id <= 0


@dataclass(frozen=True, slots=True)
class Services:
    """The ports of one call."""

    settings: RecordStore
    secrets: RecordStore
    kv_store: KeyValueStore
    shared_kv_store: KeyValueStore
    http: HttpPort
    odp: OdpPort
    jobs: JobsPort
    functions: FunctionsPort
    notifications: NotificationsPort
    oauth: OAuthPort
    log: LogPort
    clock: Clock
    dead_letters: DeadLettersPort
    environment: Mapping[str, str] = field(default_factory=dict)


def _unheard(error: CredentialsRejected) -> None:
    """Tell nobody; for calls on behalf of no installation."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """One call into an app: who it is for, what it may use, whom it tells, what may end it."""

    app: AppContext
    services: Services
    log_fields: dict[str, Any] = field(default_factory=dict)
    on_rejected: Callable[[CredentialsRejected], None] = _unheard
    interruption: Interruption = UNINTERRUPTED


_current: ContextVar[Invocation] = ContextVar("mooring_invocation")


def present() -> Invocation | None:
    """Return the present call; None outside functions, jobs and hooks."""
    return _current.get(None)


def current() -> Invocation:
    """Return the present call. Raises NoContext outside functions, jobs and hooks.

    Raises Interrupted in a job that was told to end: it has no services any more.
    """
    try:
        invocation = _current.get()
    except LookupError:
        raise NoContext(
            hint="In a test, ask for the `invocation` fixture of mooring.testing."
        ) from None
    if invocation.interruption.told:
        raise Interrupted
    return invocation


def end_if_told() -> None:
    """Raise Interrupted in a job that was told to end: it has nothing to do any more."""
    if invocation := present():
        invocation.interruption.check()


def get_app_context() -> AppContext:
    """Return which installation this code is running for."""
    return current().app


def is_global_context() -> bool:
    """Say whether a global function is running (a call with no installation behind it)."""
    invocation = _current.get(None)
    return invocation is not None and invocation.app.is_global


def services_of_installation(service: str) -> Services:
    """Return the ports of the present call for something that belongs to an installation.

    Raises NoContext in a global function, which runs on behalf of none.
    """
    invocation = current()
    if invocation.app.is_global:
        raise NoContext(
            f"{service} belongs to an installation, and a global function runs for none.",
            where=invocation.app.entry_point,
            hint="Use storage.shared_kv_store, or forward to a function of the installation.",
        )
    return invocation.services


class use:  # noqa: N801  # reads as the function it could be, at half the price
    """Run the body on behalf of ``invocation``; nesting restores the outer one."""

    __slots__ = ("_invocation", "_token")

    def __init__(self, invocation: Invocation) -> None:
        self._invocation = invocation

    def __enter__(self) -> Invocation:
        self._token = _current.set(self._invocation)
        return self._invocation

    def __exit__(self, *exception: object) -> None:
        _current.reset(self._token)
