"""Does Brevo show what Optimizely decides? The job that makes it so, in stages of small steps."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from mooring.sdk import DeadLetter, Job, JobStatus, errors, logger

from ..clients.stored_settings import load_settings
from ..core.settings import Settings
from .decide_flags import decide_flags
from .progress import progress_of
from .push import NotReadYet, push
from .read_catalogue import read_catalogue
from .read_contacts import read_contacts
from .retry_contacts import retry_contacts
from .stage import Work
from .tell_results import tell_results

STAGES: Mapping[str, Callable[[Work], bool]] = MappingProxyType(
    {
        "contacts": read_contacts,
        "catalogue": read_catalogue,
        "flags": decide_flags,
        "push": push,
    }
)


class Sync(Job):
    """Reads contacts and the catalogue, decides flags, writes differences.

    ``parameters.stages`` selects stages; they always run in the order of ``STAGES``.
    """

    def prepare(
        self, params: Mapping[str, Any], status: JobStatus | None = None, resuming: bool = False
    ) -> JobStatus:
        """Fix the run's time and stages; a resumed run goes on where it was."""
        if resuming and status is not None:
            return status
        stages = _chosen(params.get("stages"))
        settings = load_settings()
        note = _why_not(settings)
        if note:
            logger.warn("sync.skipped", reason=note)
        state: dict[str, Any] = {
            "stages": [] if note else stages,
            "position": {},
            "at": (self.invocation.planned_at or datetime.now(UTC)).timestamp(),
            "read_now": False,
            "report": {},
            "refused": {},
        }
        return JobStatus({**state, "note": note} if note else state)

    def perform(self, status: JobStatus) -> JobStatus:
        """Do one step of the first stage that is left."""
        state = copy.deepcopy(status.state)
        if state["stages"]:
            self._step(state)
            if not state["stages"]:
                tell_results(state["report"], refused=state.pop("refused", {}))
        return JobStatus(state, complete=not state["stages"], progress=progress_of(state))

    def retry_records(self, letters: Sequence[DeadLetter]) -> None:
        """Bring contacts that were set aside to what they should be now. Raises SettingsRefused."""
        settings = load_settings()
        if note := _why_not(settings):
            raise errors.SettingsRefused(note)
        at = self.invocation.scheduled_at.timestamp()
        state = {"at": at, "read_now": False, "position": {}, "report": {}}
        work = self._work(state, "push")
        retry_contacts(work, [letter.key for letter in letters])
        logger.info("sync.retried", **work.report)

    def _step(self, state: dict[str, Any]) -> None:
        name = state["stages"][0]
        try:
            done = STAGES[name](self._work(state, name))
        except NotReadYet:
            # The push starts anew, with its own numbers, once the contacts have been read.
            state["stages"] = ["contacts", *state["stages"]]
            state["report"].pop(name)
            state["position"], state["refused"] = {}, {}
            return
        if done:
            state["stages"] = state["stages"][1:]
            state["position"] = {}
            state["read_now"] = state["read_now"] or name == "contacts"
            logger.info("sync.stage_done", stage=name, **state["report"][name])

    def _work(self, state: dict[str, Any], name: str) -> Work:
        return Work(
            settings=load_settings(),
            run_id=self.invocation.job_id,
            at=state["at"],
            position=state["position"],
            report=state["report"].setdefault(name, {}),
            read_now=state["read_now"],
            wait=lambda seconds: self.sleep(seconds, interruptible=True),
            job=self,
            refused=state.setdefault("refused", {}),
        )


def _chosen(stages: object) -> list[str]:
    """Return the stages to run. Raises RequestInvalid naming those there are."""
    if stages is None:
        return list(STAGES)
    known = ", ".join(STAGES)
    if not isinstance(stages, list) or not stages:
        raise errors.RequestInvalid(
            "The parameter stages is a list of stages.", hint=f"There are: {known}."
        )
    unknown = [str(each) for each in stages if each not in STAGES]
    if unknown:
        raise errors.RequestInvalid(
            f"There is no stage {unknown[0]}.", where="stages", hint=f"There are: {known}."
        )
    return [name for name in STAGES if name in stages]


def _why_not(settings: Settings) -> str:
    """Say why there is nothing to do: switched off, or which section is still empty."""
    if not settings.enabled:
        return "The section What to synchronise switches this off; nothing was done."
    missing = " and ".join(settings.missing().values())
    if not missing:
        return ""
    return f"Not everything is connected yet: fill in the section {missing} of the settings first."
