"""How do records that were set aside come into the hands of a run that handles them once more?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from mooring.adapters.repositories.dead_letters import ShownLetter
from mooring.engine.letter_retry import check_retries
from mooring.errors import Conflict
from mooring.model.dead_letter import RETRY
from mooring.model.run import Run

if TYPE_CHECKING:
    from mooring.hosting.host import Host


def retry_letters(host: Host, letters: Iterable[ShownLetter]) -> list[Run]:
    """Write a run for each job of an installation that has some of the letters.

    Raises NotWritten where a job cannot handle single records, and Conflict when another run has
    some of them since; nothing is written then.
    """
    together: dict[tuple[int, str], list[str]] = defaultdict(list)
    for shown in letters:
        together[shown.letter.install_id, shown.letter.job].append(shown.letter.letter_id)
    for install_id, job in together:
        check_retries(host.job_class(host.installations.get(install_id), job))
    with host.database.write():
        return [_run(host, *of, letter_ids=ids) for of, ids in sorted(together.items())]


def _run(host: Host, install_id: int, job: str, *, letter_ids: list[str]) -> Run:
    """Write a run and mark with it what it is asked for, so that it finds all of it or is not.

    To be called inside of a transaction.
    """
    installation = host.installations.get(install_id)
    run = host.jobs.trigger(installation, job, {}, reserved={RETRY: len(letter_ids)})
    asked = host.dead_letters.ask(letter_ids, run_id=run.run_id)
    if asked != len(letter_ids):
        raise Conflict(
            f"Of {len(letter_ids)} records {len(letter_ids) - asked} are no longer here to be "
            "handled: another run has them in hand, or they have left the shelf.",
            where=job,
            hint="`mooring deadletter list` shows what is left; then try again.",
        )
    return run
