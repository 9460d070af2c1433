"""The directions and bounds that hold in this tree, as tables; a failure names the line.

An exception stands in its table with the reason beside it. Exceptions only ever shrink: one that
is no longer needed fails too.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# -- who may import whom: a part of the tree -> the parts of ours that it may import, besides itself
#    cli, web -> hosting -> adapters -> sdk ports -> model -> errors

ADAPTERS_SEE = (
    *("mooring.errors", "mooring.model", "mooring.sdk"),
    *("mooring.engine.ports", "mooring.engine.job_engine"),
)
HOST_SEES = (
    *ADAPTERS_SEE,
    "mooring.__version__",
    "mooring.adapters",
    "mooring.engine",
    "mooring.hookspecs",
    "mooring.loader",
    "mooring.plugin_manager",
    "mooring.plugins",
    "mooring.quality",
    "mooring.reading",
    "mooring.rules",
)
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "mooring/__init__.py": (),
    "mooring/__main__.py": ("mooring.cli",),
    "mooring/errors.py": (),
    "mooring/model": ("mooring.errors",),
    "mooring/hookspecs.py": ("mooring.model",),
    "mooring/reading": ("mooring.errors", "mooring.model"),
    # A cron expression is valid if and only if the scheduler can read it; there is one reading.
    "mooring/rules": (
        *("mooring.errors", "mooring.model", "mooring.reading"),
        "mooring.engine.schedule",
    ),
    "mooring/quality": (
        *("mooring.errors", "mooring.model", "mooring.reading", "mooring.rules"),
        "mooring.engine.schedule",
    ),
    # Stubs have the signatures of the SDK itself.
    "mooring/porting": ("mooring.errors", "mooring.model", "mooring.reading", "mooring.sdk"),
    "mooring/sdk": ("mooring.errors", "mooring.model"),
    "mooring/engine": ("mooring.errors", "mooring.model", "mooring.sdk"),
    # A plan is driven as a run is, but knows nothing of rows, workers and schedules.
    "mooring/engine/plans": (
        *("mooring.errors", "mooring.model", "mooring.sdk"),
        *("mooring.engine.calling", "mooring.engine.failures", "mooring.engine.states"),
        "mooring.engine.ports",
    ),
    "mooring/adapters": ADAPTERS_SEE,
    "mooring/plugins": (*ADAPTERS_SEE, "mooring.adapters", "mooring.hookspecs", "mooring.loader"),
    "mooring/loader.py": ("mooring.errors", "mooring.model"),
    "mooring/plugin_manager.py": (
        *("mooring.errors", "mooring.model"),
        *("mooring.hookspecs", "mooring.plugins"),
    ),
    "mooring/hosting": HOST_SEES,
    "mooring/working": (*HOST_SEES, "mooring.hosting"),
    "mooring/web": (*HOST_SEES, "mooring.hosting", "mooring.working"),
    "mooring/cli": (
        *HOST_SEES,
        "mooring.porting",
        "mooring.hosting",
        "mooring.working",
        "mooring.web",
    ),
    "mooring/testing": ("mooring.errors", "mooring.model", "mooring.sdk", "mooring.engine"),
    "sandbox": (),
    "src": ("mooring.sdk",),
    "src/core": (),
    "src/clients": ("src.core", "mooring.sdk"),
    "scripts": ("mooring", "sandbox"),
    "benchmarks": ("mooring", "sandbox"),
}

# -- where a library may appear; in the host, one that is not listed may not appear at all

PLACES: dict[str, tuple[str, ...]] = {
    "alembic": ("mooring/adapters",),
    "click": ("mooring/cli", "scripts/generate_docs.py"),
    "cron_converter": ("mooring/engine/schedule.py",),
    "cryptography": ("mooring/adapters/secrets/aes.py",),
    "dbos": ("mooring/adapters/dbos_engine.py",),
    # There is one way to suggest a name; `mooring` itself suggests two, and apps have no host's.
    "difflib": ("mooring/model/known_names.py", "mooring/cli/main.py", "src"),
    "dotenv": ("mooring/adapters/app_environment.py",),
    "filelock": ("mooring/adapters/home_lock.py", "mooring/adapters/logs.py"),
    "httpcore": ("mooring/adapters/deadline_transport.py",),  # bounds what httpx leaves unbounded
    "httpx": (
        *("mooring/adapters/http_client.py", "mooring/adapters/deadline_transport.py"),
        *("sandbox", "scripts", "benchmarks"),
    ),
    "jinja2": ("mooring/web", "mooring/cli/scaffold.py"),
    "jsonpath_rfc9535": ("mooring/model/json_path.py",),
    "jsonschema": ("mooring/reading", "benchmarks/validate.py"),  # measured against
    "keyring": ("mooring/adapters/secrets",),
    "markdown_it": ("mooring/reading/markdown_reader.py",),
    "msgspec": ("mooring", "sandbox", "src"),
    "opentelemetry": ("mooring/adapters/spans.py", "mooring/cli/traces.py"),
    "optimizely": ("src/clients",),
    "packaging": ("mooring/loader.py",),
    "platformdirs": ("mooring/cli/configuration.py",),
    "pluggy": ("mooring/hookspecs.py", "mooring/hosting/host.py", "mooring/plugin_manager.py"),
    "prometheus_client": ("mooring/hosting/metrics.py",),
    "psycopg": ("mooring/adapters", "benchmarks/step_cost.py"),  # measured against
    "pytest": ("mooring/testing",),
    "rich": ("mooring/cli", "scripts"),
    "secretstorage": ("mooring/adapters/secrets",),
    "sqlalchemy": ("mooring/adapters",),
    # measured against, and looked into
    "sqlite3": ("mooring/adapters", "benchmarks/step_cost.py", "benchmarks/long_run.py"),
    "stamina": ("mooring/adapters",),
    "starlette": ("mooring/web", "sandbox", "benchmarks/rivals.py"),  # measured against
    "structlog": ("mooring/adapters",),
    "uvicorn": ("mooring/web", "sandbox"),
    "uvloop": ("mooring/web",),
    "yaml": ("mooring/reading", "benchmarks/validate.py"),
}

# -- parts that decide and never touch the world: the values come in as arguments

IO = (
    *("asyncio.subprocess", "ctypes", "ftplib", "http.client", "http.server", "multiprocessing"),
    *("os", "random", "secrets", "select", "shutil", "signal", "smtplib", "socket", "sqlite3"),
    *("ssl", "subprocess", "tempfile", "time", "urllib.request"),
)
PURE: dict[str, tuple[str, ...]] = {
    "mooring/errors.py": IO,
    "mooring/model": IO,
    "mooring/hookspecs.py": IO,
    "mooring/rules": IO,
    "mooring/quality": IO,
    "mooring/engine": IO,
    "src/core": (*IO, "asyncio", "io", "logging", "pathlib", "threading"),
}
ASKS_THE_WORLD = re.compile(r"\b((datetime|date)\.(now|utcnow|today)|uuid[14]|^open)$")
READS_THE_ENVIRONMENT = re.compile(r"\bos\.(environ|getenv|putenv)\b")
MAY_READ_THE_ENVIRONMENT = ("mooring/cli",)

# -- sizes

LINES_PER_MODULE, LINES_PER_MODULE_EVER, LINES_PER_FUNCTION = 350, 500, 60
MEDIAN_MODULE, NINE_IN_TEN_MODULES = 150, 350
LONGER_MODULES: dict[str, str] = {
    "mooring/adapters/tables.py": "the whole schema in one place: a list, and nothing to follow",
}
LONGER_FUNCTIONS: dict[str, str] = {}
SAYS_NOTHING = {"utils", "util", "helpers", "helper", "manager", "misc", "common", "shared", "base"}

SLOW_TO_IMPORT = ("dbos", "alembic", "optimizely", "psycopg", "sqlalchemy", "duckdb")


def modules(*parts: str) -> list[Path]:
    """Return the modules below these parts of the tree, as paths from its top."""
    found: set[Path] = set()
    for part in parts:
        path = ROOT / part
        found.update([path] if path.is_file() else path.rglob("*.py"))
    return sorted(p.relative_to(ROOT) for p in found if "mooring/templates" not in p.as_posix())


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"), filename=str(path))


def imported(path: Path) -> Iterator[tuple[int, str, int]]:
    """Yield every import as (line, absolute dotted name, dots it was written with)."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name, 0) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = path.parent.parts
            base = package[: len(package) - node.level + 1] if node.level else ()
            stem = [*base, *filter(None, [node.module])]
            for alias in node.names:
                yield node.lineno, ".".join([*stem, alias.name]), node.level


def under(name: str, *prefixes: str) -> bool:
    return any(name == prefix or name.startswith(f"{prefix}.") for prefix in prefixes)


def inside(path: Path, *places: str) -> bool:
    return any(path == Path(place) or Path(place) in path.parents for place in places)


def row_of(path: Path) -> str | None:
    """Return the narrowest part of the tree in MAY_IMPORT that this module belongs to."""
    return max((part for part in MAY_IMPORT if inside(path, part)), key=len, default=None)


OURS = ("mooring", "sandbox", "src", "scripts", "benchmarks")


def test_every_module_belongs_to_a_layer() -> None:
    homeless = [str(path) for path in modules(*OURS) if row_of(path) is None]
    assert not homeless, f"Give these a row in MAY_IMPORT: {homeless}"


def test_layers_point_one_way() -> None:
    wrong = []
    for path in modules(*OURS):
        part = row_of(path) or ""
        own = part.removesuffix(".py").replace("/", ".")
        for line, name, _ in imported(path):
            ours = under(name, *OURS, "tests", "examples")
            if ours and not under(name, own, *MAY_IMPORT.get(part, ())):
                wrong.append(f"{path}:{line} imports {name}; {part} may not")
    assert not wrong, "\n".join(wrong)


def test_only_tests_import_tests_and_testing() -> None:
    wrong = [
        f"{path}:{line} imports {name}"
        for path in modules(*OURS)
        for line, name, _ in imported(path)
        if under(name, "tests", "mooring.testing") and not inside(path, "mooring/testing")
    ]
    assert not wrong, "\n".join(wrong)


def test_each_library_stays_in_its_place() -> None:
    wrong = []
    for path in modules(*OURS):
        for line, name, level in imported(path):
            library = name.partition(".")[0]
            if level == 0 and library in PLACES and not inside(path, *PLACES[library]):
                wrong.append(f"{path}:{line} imports {library}; only {PLACES[library]} may")
    assert not wrong, "\n".join(wrong)


def test_the_host_uses_no_library_without_a_place() -> None:
    known = {*sys.stdlib_module_names, *PLACES, "mooring"}
    wrong = [
        f"{path}:{line} imports {name}"
        for path in modules("mooring")
        for line, name, _ in imported(path)
        if name.partition(".")[0] not in known
    ]
    assert not wrong, "Give these a place in PLACES:\n" + "\n".join(wrong)


@pytest.mark.parametrize("part", PURE)
def test_deciding_parts_do_no_input_or_output(part: str) -> None:
    wrong = [
        f"{path}:{line} imports {name}"
        for path in modules(part)
        for line, name, _ in imported(path)
        if under(name, *PURE[part])
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("part", PURE)
def test_deciding_parts_ask_no_clock_and_open_no_file(part: str) -> None:
    wrong = [
        f"{path}:{node.lineno} calls {ast.unparse(node.func)}"
        for path in modules(part)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and ASKS_THE_WORLD.search(ast.unparse(node.func))
    ]
    assert not wrong, "\n".join(wrong)


def test_the_environment_is_read_at_the_edge_alone() -> None:
    wrong = [
        f"{path}:{node.lineno} reads {ast.unparse(node)}"
        for path in modules("mooring", "src")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute)
        and READS_THE_ENVIRONMENT.search(ast.unparse(node))
        and not inside(path, *MAY_READ_THE_ENVIRONMENT)
    ]
    assert not wrong, "\n".join(wrong)


def test_the_app_imports_its_own_modules_relatively() -> None:
    wrong = [
        f"{path}:{line} imports {name}; write it with a leading dot"
        for path in modules("src")
        for line, name, level in imported(path)
        if level == 0 and under(name, "src")
    ]
    assert not wrong, "\n".join(wrong)


def test_the_app_takes_the_sdk_from_its_one_door() -> None:
    wrong = [
        f"{path}:{node.lineno} imports from {node.module}; `from mooring.sdk import …` is the way"
        for path in modules("src")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("mooring.sdk.")
    ]
    assert not wrong, "\n".join(wrong)


def test_modules_stay_short() -> None:
    long = {
        str(path): lines
        for path in modules(*OURS)
        if (lines := _length(path)) > LINES_PER_MODULE and str(path) not in LONGER_MODULES
    }
    assert not long, f"More than {LINES_PER_MODULE} lines: {long}"


def test_no_module_is_ever_longer_than_the_last_bound() -> None:
    long = {
        str(path): lines
        for path in modules(*OURS, "tests")
        if (lines := _length(path)) > LINES_PER_MODULE_EVER
    }
    assert not long, f"More than {LINES_PER_MODULE_EVER} lines: {long}"


def test_most_modules_are_shorter_still() -> None:
    lengths = sorted(n for path in modules("mooring", "src", "sandbox") if (n := _length(path)))
    assert lengths[len(lengths) // 2] <= MEDIAN_MODULE
    assert lengths[len(lengths) * 9 // 10] <= NINE_IN_TEN_MODULES


def test_functions_stay_short() -> None:
    long = {
        name: lines
        for name, lines in _functions()
        if lines > LINES_PER_FUNCTION and name not in LONGER_FUNCTIONS
    }
    assert not long, f"More than {LINES_PER_FUNCTION} lines: {long}"


def test_exceptions_to_the_sizes_are_still_needed() -> None:
    functions = dict(_functions())
    stale = [p for p in LONGER_MODULES if _length(Path(p)) <= LINES_PER_MODULE]
    stale += [f for f in LONGER_FUNCTIONS if functions.get(f, 0) <= LINES_PER_FUNCTION]
    assert not stale, f"Take these off the lists: {stale}"


def test_module_names_say_something() -> None:
    empty = [str(path) for path in modules(*OURS) if path.stem in SAYS_NOTHING]
    assert not empty, f"Name the thing: {empty}"


def test_every_module_says_what_question_it_answers() -> None:
    silent = [
        str(path)
        for path in modules("mooring", "sandbox", "src", "scripts", "benchmarks")
        if tree(path).body and not ast.get_docstring(tree(path))
    ]
    assert not silent, f"No docstring: {silent}"


def test_every_suppressed_warning_has_its_reason_beside_it() -> None:
    directive = re.compile(r"#\s*(type:\s*ignore|noqa)\b(\[[^\]]*\]|:\s*[A-Z0-9, ]+)?(?P<rest>.*)")
    bare = [
        f"{path}:{number} {line.strip()}"
        for path in modules(*OURS, "tests")
        for number, line in enumerate((ROOT / path).read_text(encoding="utf-8").splitlines(), 1)
        if (found := directive.search(line)) and not re.search(r"[a-z]{2}", found["rest"])
    ]
    assert not bare, "\n".join(bare)


def test_help_imports_nothing_slow() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "mooring", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "mooring.cli.main" in loaded
    slow = sorted(name for name in loaded if under(name, *SLOW_TO_IMPORT))
    assert not slow, f"`mooring --help` imports {slow[:10]}"


def _length(path: Path) -> int:
    return len((ROOT / path).read_text(encoding="utf-8").splitlines())


def _functions() -> Iterator[tuple[str, int]]:
    for path in modules(*OURS, "tests"):
        for node in ast.walk(tree(path)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield f"{path}:{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1
