"""How does ``serve`` run? Both ports in one process and one event loop, jobs in a child process."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

import uvicorn
import uvloop
from starlette.types import ASGIApp

from mooring.adapters.home import Addresses
from mooring.adapters.home_lock import HomeLock
from mooring.adapters.journal_mover import moving_journal
from mooring.errors import HomeBusy
from mooring.hosting.host import Host
from mooring.web.console import console
from mooring.web.health import Health
from mooring.web.inbox import Inbox
from mooring.web.journal import Journal
from mooring.web.protocol import BoundedProtocol
from mooring.web.public import PublicServer
from mooring.web.shortcut import ShortcutProtocol
from mooring.web.sockets import base_url, listen
from mooring.web.threads import LoopThreads, Threads
from mooring.web.traced_calls import calls_of
from mooring.working.job_process import JobProcess

LOCK = "serve.lock"
SIGNALS = (signal.SIGINT, signal.SIGTERM)
LOOP_THREADS = 64  # for what coroutines of apps await: every `a…` call of the SDK takes one
DESK_THREADS = 32  # as many webhooks as these can share one write to the database
SWITCH_SECONDS = 0.001  # what a thread that wrote to the disk waits for its turn
GARBAGE = 5000  # objects more than there were, before the collector looks at the young ones
GRACE_SECONDS = 3  # for requests and deliveries in hand when the end is asked for
JOB_GRACE_SECONDS = 8.0


def serve(
    host: Host,
    *,
    public_host: str,
    public_port: int,
    console_host: str,
    console_port: int,
    on_ready: Callable[[Addresses], None],
    jobs: bool,
) -> None:
    """Serve functions and console, and keep a job process, until SIGINT or SIGTERM.

    Raises HomeBusy when another ``serve`` works on this home, AddressInUse for a taken port.
    """
    with ExitStack() as closing:
        closing.enter_context(_alone(host))
        public = closing.enter_context(listen(public_host, public_port, option="--public"))
        private = closing.enter_context(listen(console_host, console_port, option="--console"))
        closing.enter_context(host.log.libraries())
        host.signature_profiles, host.vault  # noqa: B018  # what is wrong with them, say now
        host.lifecycle.recover()
        addresses = Addresses(base_url(public), base_url(private), os.getpid())
        closing.enter_context(_recorded(host, addresses))
        closing.enter_context(moving_journal(host.database.sqlite_file))
        job_process = closing.enter_context(_job_process(host)) if jobs else None
        app = closing.enter_context(_public_server(host, job_process))
        servers = [
            (_Server(app, partial(ShortcutProtocol, functions=app.functions)), public),
            (_Server(console(host, bound_to=console_host), BoundedProtocol), private),
        ]
        host.log.log("info", "serve.started", {"public": addresses.public, "pid": addresses.pid})
        _run(servers, lambda: on_ready(addresses))
        host.log.log("info", "serve.stopping", {"pid": addresses.pid})


class _Server(uvicorn.Server):
    """uvicorn, whose signals, log lines and limits are ours."""

    def __init__(self, app: ASGIApp, protocol: Callable[..., BoundedProtocol]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                loop="uvloop",
                http=protocol,  # type: ignore[arg-type]  # is only called, as a class would be
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )
        self.answers = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone: one handler ends both servers."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, and say so."""
        await super().startup(sockets=sockets)
        self.answers.set()


def _run(servers: list[tuple[_Server, socket.socket]], ready: Callable[[], None]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_until_told_to_stop(servers, ready))


async def _until_told_to_stop(
    servers: list[tuple[_Server, socket.socket]], ready: Callable[[], None]
) -> None:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(LoopThreads(most=LOOP_THREADS))
    stop = _told_to_stop(loop)
    serving = [asyncio.create_task(server.serve([listening])) for server, listening in servers]
    for server, _ in servers:
        await server.answers.wait()
    ready()
    _run_evenly()
    ended = asyncio.create_task(stop.wait())
    await asyncio.wait({ended, *serving}, return_when=asyncio.FIRST_COMPLETED)
    for server, _ in servers:
        server.should_exit = True
    await asyncio.gather(*serving)
    ended.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await ended


def _run_evenly() -> None:
    """Let no thread keep the others waiting for long, and the collector leave alone what stays."""
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE, 20, 20)


def _told_to_stop(loop: asyncio.AbstractEventLoop) -> asyncio.Event:
    """Watch for the signals that end the program; a second one ends it at once."""
    stop = asyncio.Event()

    def told() -> None:
        stop.set()
        for number in SIGNALS:
            loop.remove_signal_handler(number)

    for number in SIGNALS:
        loop.add_signal_handler(number, told)
    return stop


@contextmanager
def _alone(host: Host) -> Iterator[None]:
    """Be the one ``serve`` of this home. Raises HomeBusy."""
    lock = HomeLock(host.home.path / LOCK)
    if not lock.acquire():
        running = host.home.addresses()
        place = f" at {running.public} (process {running.pid})" if running else ""
        raise HomeBusy(
            f"Another `mooring serve` works on this home{place}.",
            where=str(host.home.path),
            hint="Stop it, or give this one a home of its own with --home DIR.",
        )
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _recorded(host: Host, addresses: Addresses) -> Iterator[None]:
    host.home.record_addresses(addresses)
    try:
        yield
    finally:
        host.home.forget_addresses()


@contextmanager
def _job_process(host: Host) -> Iterator[JobProcess]:
    process = JobProcess(host.home.path, log=host.log, safe_mode=host.config.safe_mode)
    process.start()
    try:
        yield process
    finally:
        process.stop(timeout=JOB_GRACE_SECONDS)


@contextmanager
def _public_server(host: Host, job_process: JobProcess | None) -> Iterator[PublicServer]:
    desk, journal = Threads("desk", most=DESK_THREADS), Journal(host)
    calls, inbox = calls_of(host, journal=journal), Inbox(host, journal=journal)
    jobs_run = (lambda: job_process.pid is not None) if job_process else None
    health = Health(host, threads=desk, jobs_run=jobs_run)
    inbox.start()
    try:
        yield PublicServer(host, desk=desk, calls=calls, inbox=inbox, health=health)
    finally:
        inbox.stop(timeout=GRACE_SECONDS)
        calls.close()
        desk.close()
        journal.close()
