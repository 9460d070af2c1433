"""What is there to know about one run? A page for people: how far, how long, what it waits for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from mooring.adapters.log_reader import Line
from mooring.adapters.repositories.runs import NOT_YET
from mooring.cli.attention import attention_json
from mooring.cli.layout import aligned
from mooring.cli.run_lines import lines_of, written_elsewhere
from mooring.cli.set_aside import set_aside_by
from mooring.cli.workers import left_behind, remedy, waits_for_home
from mooring.errors import NotFound
from mooring.model.moment import iso
from mooring.model.progress import duration_text, pace
from mooring.model.run import NOTHING_YET, Run, RunStatus

if TYPE_CHECKING:
    from mooring.hosting.host import Host

SILENT_AFTER = timedelta(seconds=30)
TAIL_LINES = 10


def page_of(host: Host, run: Run) -> str:
    """Describe a run whose secrets are hidden."""
    now = host.clock.now()
    facts = {
        "run": run.run_id,
        "job": f"{run.app_id} {run.job} (account {run.account})",
        "status": run.status.value,
        **_some("waits", waits_for(host, run, now=now)),
        "steps": _steps(run),
        **_some("progress", _progress(host, run, now)),
        **_some("attempts", _attempts(run)),
        **_some("workers lost", str(run.workers_lost or "")),
        **_some("worker", run.worker or ""),
        **_some("set aside", set_aside_by(host, run)),
        "started": iso(run.started_at) or "-",
        "completed": _completed(run),
        "error": run.error or "-",
        **_some("what to do", what_to_do(host, run)),
        "parameters": json.dumps(dict(run.parameters), ensure_ascii=False),
        "state": json.dumps(dict(run.state), ensure_ascii=False, indent=2),
    }
    return "\n".join([*aligned(facts), *_tail(host, run)])


def note_of(run: Run) -> str:
    """Return the sentence for people that a job may leave in its state under ``note``."""
    note = run.state.get("note")
    return note if isinstance(note, str) else ""


def waits_for(host: Host, run: Run, *, now: datetime) -> str:
    """Say what keeps a run from going on, and until when if that is known; empty if nothing."""
    if run.status is RunStatus.RUNNING:
        return left_behind(host, run) or _silence(run, now)
    if run.status.final:
        return ""
    if run.scheduled_at >= NOT_YET:
        return "until the upgrade or installation that wrote it has ended"
    due = max(run.scheduled_at, run.not_before or run.scheduled_at)
    if due > now:
        why = f": {run.error}" if run.error else ""
        return f"until {iso(due)}, in {duration_text((due - now).total_seconds())}{why}"
    limit = host.jobs.limit(run)
    if limit is not None and host.runs.count_running(run.install_id, run.job) >= limit:
        return f"for a place: {limit} of this job may run at a time, and so many do"
    if host.jobs.has_worker:
        return waits_for_home(host) or "for a worker with room for it"
    return f"for a worker: none runs; {remedy(host)}"


def what_to_do(host: Host, run: Run) -> str:
    """Say how to mend what ended the run, if that is still to be done."""
    if run.status is not RunStatus.ERROR:
        return ""
    try:
        installation = host.installations.get(run.install_id)
    except NotFound:  # purged since
        return ""
    found = attention_json(host, installation)
    fixes = [each["fix"] for each in found if each["message"] in (run.error or "")]
    logged = f"`mooring jobs logs {run.run_id}` shows all that it logged."
    goes_on = f"`mooring jobs resume {run.run_id}` lets it go on from its last state."
    return " ".join([*fixes, logged, goes_on])


def _progress(host: Host, run: Run, now: datetime) -> str:
    """Say how far it is; how fast it goes only of a run that goes on."""
    found = pace(run, now=now)
    if found is None:
        return ""
    return found.count if left_behind(host, run) else str(found)


def _silence(run: Run, now: datetime) -> str:
    """Say so where a running run has not been heard of for long."""
    silent = now - (run.heartbeat_at or now)
    if silent < SILENT_AFTER:
        return ""
    span = duration_text(silent.total_seconds())
    return f"its worker has been silent for {span}; another one takes it over"


def _steps(run: Run) -> str:
    """Say how many steps were done, and what they took."""
    told = {**NOTHING_YET, **run.statistics}
    if not run.steps or not told["step_ms_total"]:
        return str(run.steps)
    mean = told["step_ms_total"] / run.steps
    return (
        f"{run.steps}; {_span(told['step_ms_total'])} in all, {_span(mean)} each, "
        f"{_span(told['step_ms_longest'])} the longest"
    )


def _attempts(run: Run) -> str:
    """Say how often steps failed, and what the waits for better times took."""
    failed, waited = (run.statistics.get(name, 0) for name in ("attempts_total", "waited_ms"))
    if not failed and not waited:
        return ""
    here = run.attempt + (run.status is RunStatus.ERROR)  # the last one ended it
    now = f", {here} of them at the present step" if run.attempt else ""
    waits = f"; put off for {_span(waited)} in all" if waited else ""
    return f"{failed} failed{now}{waits}"


def _completed(run: Run) -> str:
    if run.completed_at is None:
        return "-"
    took = run.completed_at - (run.started_at or run.completed_at)
    return f"{iso(run.completed_at)}, after {_span(took.total_seconds() * 1000)}"


def _span(milliseconds: float) -> str:
    if milliseconds < 10_000:
        return f"{milliseconds:,.0f} ms"
    return duration_text(milliseconds / 1000)


def _tail(host: Host, run: Run) -> list[str]:
    """Return the last lines of a run that failed, from the level of warnings on."""
    if run.status is not RunStatus.ERROR:
        return []
    lines = lines_of(host, run, level="warn", limit=TAIL_LINES)
    said = [_short(line) for line in lines] or [
        written_elsewhere(host, run) or "Its lines are no longer in the log of this home."
    ]
    return ["", "What it logged last:", *(f"  {line}" for line in said)]


def _short(line: Line) -> str:
    """Write a line of the log without what the page says already."""
    words = [str(line.get("time", "")), str(line.get("level", "")).upper().ljust(5)]
    told = (f"{name}={line[name]}" for name in ("error", "reason", "text") if line.get(name))
    return "  ".join([*words, str(line.get("event", "")), *told])


def _some(name: str, value: str) -> Mapping[str, str]:
    return {name: value} if value else {}
