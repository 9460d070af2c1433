"""How does a job go on without a record that it cannot handle, and take it up again later?

A record that is set aside is kept with its reason, sealed, until a later run has handled it or
somebody drops it. Of one key there is one letter, however often its record fails.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mooring.model.dead_letter import DeadLetter
from mooring.sdk.calling import MaybeAwaitable, refuse_on_loop
from mooring.sdk.context import current, services_of_installation
from mooring.sdk.dead_letters import DeadLettersPort

if TYPE_CHECKING:
    from mooring.sdk.job import JobInvocation

ENTRY_POINT = "job:"


class SetsAside:
    """What every job can do with single records."""

    invocation: JobInvocation

    def set_aside(self, record: Mapping[str, Any], reason: str, *, key: str) -> None:
        """Keep a record that cannot be handled, with the reason for people, and go on.

        ``key`` is what tells it from all others of this job, such as its id: set aside again, it
        replaces its former letter. A step that is repeated may do so again. Records of up to
        256 KB; raises RecordInvalid for larger ones and for what is not JSON.
        """
        job, port = shelf("set_aside")
        port.set_aside(
            job=job, run_id=self.invocation.job_id, key=key, record=record, reason=reason
        )

    async def aset_aside(self, record: Mapping[str, Any], reason: str, *, key: str) -> None:
        """Await ``set_aside``."""
        await asyncio.to_thread(self.set_aside, record, reason, key=key)

    def handled(self, *keys: str) -> int:
        """Say that these records are done, so that their letters go; return how many there were.

        Only a job that sets records aside needs to; keys without a letter cost one look at most.
        """
        job, port = shelf("handled")
        return port.handled(job=job, keys=keys)

    async def ahandled(self, *keys: str) -> int:
        """Await ``handled``."""
        return await asyncio.to_thread(self.handled, *keys)

    def letters(self, *keys: str) -> dict[str, DeadLetter]:
        """Return what is set aside under these keys: ``record``, ``reason``, ``times`` …"""
        job, port = shelf("letters")
        return port.of(job=job, keys=keys)

    async def aletters(self, *keys: str) -> dict[str, DeadLetter]:
        """Await ``letters``."""
        return await asyncio.to_thread(self.letters, *keys)

    def retry_records(self, letters: Sequence[DeadLetter]) -> MaybeAwaitable[None]:
        """Handle records that were set aside once more; a job that can do so defines this.

        ``mooring deadletter retry`` starts a run that calls it, with up to 50 letters at a time,
        in place of ``prepare`` and ``perform``. What it does not set aside again counts as handled.
        """
        raise NotImplementedError  # only ever called where a job defines it


def retries_records(job_class: type[Any]) -> bool:
    """Say whether a class of jobs can handle single records once more."""
    defined = getattr(job_class, "retry_records", SetsAside.retry_records)
    return defined is not SetsAside.retry_records


def shelf(call: str) -> tuple[str, DeadLettersPort]:
    """Return the present job's name, and where its letters are; ``call`` is what asks."""
    refuse_on_loop(f"self.{call}")
    services = services_of_installation(f"self.{call}")
    job = current().app.entry_point.removeprefix(ENTRY_POINT)
    return job, services.dead_letters
