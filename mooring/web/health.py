"""Is this host alive, and is it ready for work? Two addresses for whatever watches over it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from mooring.adapters.repositories.installations import INSTALLS
from mooring.hosting.host import Host
from mooring.sdk.webhook import Response
from mooring.web.threads import Threads

DATABASE_SECONDS = 2.0


class Health:
    """Answers ``/healthz`` and ``/readyz``; ``jobs_run`` is None where no jobs are wanted."""

    def __init__(
        self, host: Host, *, threads: Threads, jobs_run: Callable[[], bool] | None
    ) -> None:
        self._host = host
        self._threads = threads
        self._jobs_run = jobs_run

    def alive(self) -> Response:
        """Say that the server answers."""
        return Response(200, {"status": "ok"})

    async def ready(self) -> Response:
        """Say whether the database answers and jobs are run: 200, else 503."""
        database = "ok" if await self._database_answers() else "down"
        parts = {"database": database, "jobs": self._jobs()}
        ready = "down" not in parts.values()
        return Response(200 if ready else 503, {"ready": ready, **parts})

    async def _database_answers(self) -> bool:
        try:
            async with asyncio.timeout(DATABASE_SECONDS):
                await self._threads.run(lambda: self._host.database.revision(INSTALLS))
        except Exception as error:  # noqa: BLE001  # whatever it is, the database is not ready
            self._host.log.log("warn", "health.database", {"error": repr(error)})
            return False
        return True

    def _jobs(self) -> str:
        if self._jobs_run is None:
            return "off"
        return "ok" if self._jobs_run() else "down"
