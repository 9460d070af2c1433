"""Are jobs patient: paced, in short steps, resumable, and open about how far they are?"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from mooring.engine.schedule import parse_schedule
from mooring.errors import EntryPointInvalid, ScheduleInvalid
from mooring.model.entry_point import resolve_entry_point
from mooring.quality.rule import Finding, Level, QualityRule, Studied, in_code, in_file
from mooring.reading.app_code import CodeFile, Definition

STATUS = "mooring.sdk.JobStatus"


def _hasty(app: Studied) -> Iterator[Finding]:
    for name, path in app.inspected.entries("jobs"):
        cron = app.manifest.text((*path, "cron"))
        if cron and _times_a_minute(cron) > 1:
            place = app.manifest.position((*path, "cron"))
            yield in_file(app.manifest.file, f"`{name}` starts several times a minute.", place)


def _times_a_minute(cron: str) -> int:
    try:
        return len(parse_schedule(cron).seconds)
    except ScheduleInvalid:
        return 0


def _silent(app: Studied) -> Iterator[Finding]:
    for code, job in _job_classes(app):
        if not any(_tells_state(code, node) for node in ast.walk(job)):
            yield in_code(code, job, f"`{job.name}` never writes down how far it is.")


def _tells_state(code: CodeFile, node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr == "state"
    if isinstance(node, ast.Call) and code.origin(node.func) == STATUS:
        given = [*node.args[:1], *(k.value for k in node.keywords if k.arg == "state")]
        return any(not (isinstance(each, ast.Dict) and not each.keys) for each in given)
    return False


def _forgetful(app: Studied) -> Iterator[Finding]:
    for code, job in _job_classes(app):
        for method in _methods(job):
            if method.name == "prepare" and not _looks_back(method):
                yield in_code(code, method, f"`{job.name}` begins anew when it is resumed.")


def _looks_back(prepare: Definition) -> bool:
    """Whether ``prepare`` uses what it is told of an earlier attempt."""
    arguments = [*prepare.args.posonlyargs, *prepare.args.args, *prepare.args.kwonlyargs]
    earlier = {argument.arg for argument in arguments[2:]}
    names = [node for statement in prepare.body for node in ast.walk(statement)]
    return any(isinstance(node, ast.Name) and node.id in earlier for node in names)


def _endless(app: Studied) -> Iterator[Finding]:
    for code in app.code.files:
        if not f"{code.module}.".startswith("jobs."):
            continue
        for loop in code.every(ast.While):
            if isinstance(loop.test, ast.Constant) and loop.test.value:
                yield in_code(code, loop, "This loop has no end that the host can see.")


def _job_classes(app: Studied) -> Iterator[tuple[CodeFile, ast.ClassDef]]:
    """Walk the classes of the manifest's jobs."""
    for _, path in app.inspected.entries("jobs"):
        try:
            written = app.manifest.text((*path, "entry_point")) or ""
            module, name = resolve_entry_point("job", written)
        except EntryPointInvalid:
            continue
        code = app.code.modules.get(module)
        if code is not None:
            yield from ((code, each) for each in code.every(ast.ClassDef) if each.name == name)


def _methods(job: ast.ClassDef) -> Iterator[Definition]:
    return (each for each in job.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef))


RULES = (
    QualityRule(
        id="schedule-pace",
        level=Level.BRONZE,
        summary="No job starts more often than once a minute.",
        reason="Each start costs a row, a process's attention and calls of other services; what "
        "has to be quicker belongs into a webhook.",
        looks_at="The seconds of `cron` in app.yml.",
        remedy="Begin the expression with one second, as in 0 */5 * * * ?, or use a webhook.",
        check=_hasty,
    ),
    QualityRule(
        id="job-progress",
        level=Level.SILVER,
        summary="A job writes down in its state how far it is.",
        reason="The state is what the console and `mooring jobs show` tell people, and what an "
        "interrupted run goes on from.",
        looks_at="Whether the class of the job uses `state`, or gives JobStatus one.",
        remedy='Count in the state: JobStatus({"read": 500}).',
        check=_silent,
    ),
    QualityRule(
        id="job-resumes",
        level=Level.SILVER,
        summary="A job that is resumed goes on where it was.",
        reason="After a crash or a new version the host calls `prepare` with the last state; who "
        "ignores it does everything again.",
        looks_at="Whether `prepare` uses its arguments `status` or `resuming`.",
        remedy="Begin prepare with: if resuming and status is not None: return status",
        check=_forgetful,
    ),
    QualityRule(
        id="short-steps",
        level=Level.SILVER,
        summary="The steps of jobs are bounded.",
        reason="Between steps the host saves the state, stops, and takes turns; a step over a "
        "minute is ended.",
        looks_at="`while True` in the modules of `src/jobs`.",
        remedy="Do one round in a step, return its state, and let the host call again.",
        check=_endless,
    ),
)
