"""Does the code use what the host offers, in the way the host offers it?"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from mooring.quality.rule import Finding, Level, QualityRule, Studied, in_code
from mooring.reading.app_code import CodeFile, imported_from

SDK = "mooring.sdk"
SERVICES = tuple(
    f"{SDK}.{name}."
    for name in ("storage", "http", "odp", "jobs", "functions", "notifications", "oauth")
)
BEGIN_WITH_A = ("active", "add_", "append", "access_token", "authorization_url")  # and are no twins
LEVELS = ("debug", "info", "warning", "error", "exception", "critical", "log")
WRITERS = frozenset(
    {
        *("print", "sys.stdout.write", "sys.stderr.write"),
        *("logging.basicConfig", "logging.getLogger", *(f"logging.{level}" for level in LEVELS)),
    }
)
ENVIRONMENT = frozenset({"os.environ", "os.getenv", "os.putenv", "os.environb"})
HTTP_CLIENTS = frozenset(
    {
        *("aiohttp", "ftplib", "http.client", "httpx", "pycurl", "requests", "smtplib"),
        *("socket", "urllib.request", "urllib3", "websockets"),
    }
)


def _own_output(app: Studied) -> Iterator[Finding]:
    for code in app.code.files:
        for call, origin in code.calls():
            if origin in WRITERS:
                yield in_code(code, call, f"`{origin}` writes past the app's log.")


def _own_environment(app: Studied) -> Iterator[Finding]:
    for code in app.code.files:
        for node in (*code.every(ast.Attribute), *code.every(ast.Name)):
            if (origin := code.origin(node)) in ENVIRONMENT:
                yield in_code(code, node, f"`{origin}` belongs to the whole host.")


def _own_http(app: Studied) -> Iterator[Finding]:
    for code in app.code.files:
        for statement, module in imported_modules(code):
            client = next((c for c in HTTP_CLIENTS if f"{module}.".startswith(f"{c}.")), None)
            if client:
                message = f"`{client}` reaches other services past the host."
                yield in_code(code, statement, message)


def _held_thread(app: Studied) -> Iterator[Finding]:
    for code in app.code.files:
        for call, origin in code.calls():
            if origin == "time.sleep":
                yield in_code(code, call, "`time.sleep` cannot be interrupted by the host.")


def _beyond_sdk(app: Studied) -> Iterator[Finding]:
    for code in app.code.files:
        for statement, module in imported_modules(code):
            inside = module == "mooring" or module.startswith("mooring.")
            if inside and not f"{module}.".startswith(f"{SDK}."):
                yield in_code(code, statement, f"`{module}` is the host's own.")


def _absolute_imports(app: Studied) -> Iterator[Finding]:
    for code in app.code.files:
        for statement, module in imported_modules(code):
            if module.partition(".")[0] == "src":
                message = f"`{module}` is not found once the app is installed."
                yield in_code(code, statement, message)


def _work_at_import(app: Studied) -> Iterator[Finding]:
    for code in app.code.files:
        for call in _own_calls(code.tree.body):
            origin = f"{code.origin(call.func)}."
            if origin.startswith((*SERVICES, f"{SDK}.logger.", f"{SDK}.environment.")):
                name = origin.removeprefix(f"{SDK}.").rstrip(".")
                yield in_code(code, call, f"`{name}` is called while the module is imported.")


def _own_calls(statements: Sequence[ast.stmt]) -> Iterator[ast.Call]:
    """Walk the calls that these statements make, not those of functions defined in them."""
    waiting: list[ast.AST] = list(statements)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.Call):
            yield node
        waiting.extend(ast.iter_child_nodes(node))


def _blocked_loop(app: Studied) -> Iterator[Finding]:
    for code in app.code.files:
        for function in code.every(ast.AsyncFunctionDef):
            for call in _own_calls(function.body):
                origin = code.origin(call.func)
                name = origin.rpartition(".")[2]
                is_twin = name.startswith("a") and not name.startswith(BEGIN_WITH_A)
                if origin.startswith(SERVICES) and name.islower() and not is_twin:
                    message = f"`{origin.removeprefix(f'{SDK}.')}` would hold up the event loop."
                    yield in_code(code, call, message)


def _naive_times(app: Studied) -> Iterator[Finding]:
    clock = "datetime.datetime."
    always = {f"{clock}utcnow", f"{clock}utcfromtimestamp", f"{clock}today", "datetime.date.today"}
    for code in app.code.files:
        for call, origin in code.calls():
            bare = origin == f"{clock}now" and not call.args and not call.keywords
            if bare or origin in always:
                yield in_code(code, call, f"`{origin}` says nothing of its time zone.")


def _glued_events(app: Studied) -> Iterator[Finding]:
    for code in app.code.files:
        for call, origin in code.calls():
            if origin.startswith(f"{SDK}.logger."):
                glued = next((each for each in call.args[:2] if _is_glued(each)), None)
                if glued is not None:
                    yield in_code(code, glued, "The event has values glued into it.")


def _is_glued(text: ast.expr) -> bool:
    formatted = isinstance(text, ast.Call) and isinstance(text.func, ast.Attribute)
    return (
        isinstance(text, ast.JoinedStr | ast.BinOp) or (formatted and text.func.attr == "format")  # type: ignore[attr-defined]  # seen above
    )


def _scattered_http(app: Studied) -> Iterator[Finding]:
    for code in app.code.files:
        if f"{code.module}.".startswith("clients."):
            continue
        for call, origin in code.calls():
            if origin.startswith(f"{SDK}.http."):
                yield in_code(code, call, f"{code.file} speaks to another service itself.")


def imported_modules(code: CodeFile) -> Iterator[tuple[ast.stmt, str]]:
    """Walk what a file imports from outside the app, with the statements."""
    for plain in code.every(ast.Import):
        yield from ((plain, alias.name) for alias in plain.names)
    for node in code.every(ast.ImportFrom):
        module = imported_from(node, [])
        if node.level == 0 and module:
            # `from http import client` imports http.client.
            yield from ((node, name) for name in dict.fromkeys(_from(node, module)))


def _from(node: ast.ImportFrom, module: str) -> Iterator[str]:
    deeper = [f"{module}.{alias.name}" for alias in node.names]
    yield from [name for name in deeper if name in HTTP_CLIENTS] or [module]


RULES = (
    QualityRule(
        id="host-logger",
        level=Level.BRONZE,
        summary="The app speaks through the logger of the SDK.",
        reason="What is printed has no level, no installation and no run, secrets in it are not "
        "masked, and `mooring logs` does not show it.",
        looks_at="Calls of `print`, `sys.stdout.write` and the functions of `logging` below `src`.",
        remedy='Write it as an event: logger.info("contacts.read", count=5) of mooring.sdk.',
        check=_own_output,
    ),
    QualityRule(
        id="app-environment",
        level=Level.BRONZE,
        summary="The app reads its values from `environment` of the SDK.",
        reason="The process's environment is shared by all apps and holds the host's own secrets; "
        "the SDK's holds the values of this version of this app alone.",
        looks_at="Uses of `os.environ`, `os.getenv` and `os.putenv` below `src`.",
        remedy="Take it from `environment` of mooring.sdk, and list the name in app.yml.",
        check=_own_environment,
    ),
    QualityRule(
        id="host-http",
        level=Level.BRONZE,
        summary="The app reaches other services through `http` of the SDK.",
        reason="The host's client keeps to `outbound_domains`, to budgets and time limits, repeats "
        "what failed for a moment, and keeps credentials out of the log.",
        looks_at="Imports of HTTP, mail and socket libraries below `src`.",
        remedy="Use `http` of mooring.sdk.",
        check=_own_http,
    ),
    QualityRule(
        id="interruptible-waits",
        level=Level.BRONZE,
        summary="The app waits so that the host can end the wait.",
        reason="A thread that sleeps holds its place, delays the stop of the host and cannot be "
        "woken when a run is terminated.",
        looks_at="Calls of `time.sleep` below `src`.",
        remedy="Wait in a job, with self.sleep(seconds, interruptible=True).",
        check=_held_thread,
    ),
    QualityRule(
        id="sdk-only",
        level=Level.BRONZE,
        summary="Of the host, the app imports `mooring.sdk` alone.",
        reason="Everything else changes without notice, and reaches past what separates apps.",
        looks_at="Imports of `mooring` below `src`.",
        remedy="Import from mooring.sdk.",
        check=_beyond_sdk,
    ),
    QualityRule(
        id="relative-imports",
        level=Level.BRONZE,
        summary="The app imports its own modules relatively.",
        reason="The host mounts each version of an app under a name of its own; `src` exists only "
        "where the app is developed.",
        looks_at="Imports that begin with `src` in files below `src`.",
        remedy="Write it with dots, as in: from ..clients.shop import Shop",
        check=_absolute_imports,
    ),
    QualityRule(
        id="no-work-at-import",
        level=Level.BRONZE,
        summary="Nothing of the host is called while modules are imported.",
        reason="At that time there is no installation on whose behalf it could happen: the call "
        "fails, and with it every function and job of the module.",
        looks_at="Calls of SDK services outside functions.",
        remedy="Call it in a function.",
        check=_work_at_import,
    ),
    QualityRule(
        id="awaited-twins",
        level=Level.BRONZE,
        summary="Coroutines call the awaitable twins of the SDK's services.",
        reason="A plain call would hold up everything else on the event loop; the host refuses it.",
        looks_at="Calls of SDK services in `async def`.",
        remedy="Await the twin, whose name has an a in front: await storage.settings.aget(…)",
        check=_blocked_loop,
    ),
    QualityRule(
        id="aware-times",
        level=Level.SILVER,
        summary="Times carry their zone.",
        reason="A time without a zone means another moment on another machine, and on this one "
        "twice a year.",
        looks_at="Calls of `datetime.now()` without a zone, `utcnow`, `today` and their kin.",
        remedy="Give the zone, as in datetime.now(UTC).",
        check=_naive_times,
    ),
    QualityRule(
        id="log-events",
        level=Level.GOLD,
        summary="Log lines are events with fields.",
        reason="Fields can be searched, counted and masked; a sentence with values glued in "
        "cannot.",
        looks_at="The first arguments of the logger's methods.",
        remedy='Name the event and pass the values: logger.info("order.kept", order=number)',
        check=_glued_events,
    ),
    QualityRule(
        id="clients-apart",
        level=Level.GOLD,
        summary="Only `src/clients` speaks to other services.",
        reason="What is decided can then be tested without a network, and a service that changes "
        "has one place in the code.",
        looks_at="Calls of the SDK's `http` outside `src/clients`.",
        remedy="Move the call into a module of src/clients.",
        check=_scattered_http,
    ),
)
