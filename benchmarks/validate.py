"""How long does an app take to validate? Against PyYAML's and jsonschema's own time for its files.

The raw limit reads the same files with the libraries' plainest calls: PyYAML's C loader and a
validator of the same JSON Schemas. Both sides take turns in one process; the ratio says what
places, rules and messages add. Memory is that of a fresh process that validates once.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from benchmarks.findings import Findings, as_text
from mooring.rules import validate_app

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 15
SCHEMA_FILES = 50
LINES = 500
META = """\
meta:
  app_id: large_app
  display_name: Large
  version: 1.0.0
  vendor: example
  support_url: https://example.com/support
  summary: Measures how long validating takes.
  contact_email: support@example.com
  categories:
    - Testing & Utilities
  availability:
    - all
runtime: python3.11
"""
FUNCTION = """\
  hook_{n}:
    entry_point: hooks:Hook{n}
    description: Takes what the service number {n} sends.
    delivery: direct
"""
JOB = """\
  sync_{n}:
    entry_point: syncs:Sync{n}
    description: Reads what the service number {n} keeps.
    cron: "0 {n} */2 * * ?"
    retry: {{attempts: 3, backoff_seconds: 10}}
    parameters: {{pages: {n}, full: false}}
"""
OBJECT = """\
name: large_app_object_{n}
display_name: Large Object {n}
fields:
  - {{name: key, type: string, display_name: Key, description: The key., primary: true}}
"""
FIELD = """\
  - name: field_{n}
    type: string
    display_name: Field {n}
    description: What the service calls number {n}.
"""
RELATION = """\
relations:
  - name: product
    display_name: Product
    child_object: products
    join_fields: [{parent: field_1, child: product_id}]
"""


def main() -> None:
    """Measure and print."""
    print(as_text(measure()))


def measure() -> Findings:
    """Make the app, and take both times in turn, and the memory."""
    with tempfile.TemporaryDirectory() as folder:
        app = Path(folder)
        lines = _write_app(app)
        ours, raw = _medians(lambda: validate_app(app), lambda: _raw(app))
        memory = _memory(app)
    return Findings(
        "Validating an app",
        f"{lines} lines of app.yml and {SCHEMA_FILES} schema files, against what PyYAML and "
        f"jsonschema take by themselves for the same files; medians of {ROUNDS} rounds.",
        ("", "ms", "ratio", "MB"),
        [
            ("mooring validate", f"{ours * 1000:.0f}", f"{ours / raw:.2f}", f"{memory:.0f}"),
            ("PyYAML and jsonschema", f"{raw * 1000:.0f}", "1", ""),
        ],
    )


def _write_app(app: Path) -> int:
    numbers = range(1, 48)
    functions = "".join(FUNCTION.format(n=n) for n in numbers)
    jobs = "".join(JOB.format(n=n) for n in numbers)
    text = f"{META}functions:\n{functions}jobs:\n{jobs}outbound_domains:\n"
    domains = LINES - len(text.splitlines())
    text += "".join(f"  - service{n}.example.com\n" for n in range(domains))
    _write(app / "app.yml", text)
    for n in range(SCHEMA_FILES):
        fields = "".join(FIELD.format(n=m) for m in range(1, 11))
        _write(app / f"schema/large_app_object_{n}.yml", OBJECT.format(n=n) + fields + RELATION)
    _write_code(app, numbers)
    for file in ("directory/overview.md", "icon.svg", "logo.svg"):
        _write(app / "assets" / file, "# Large\n")
    _write(app / "forms/settings.yml", "sections: []\n")
    return len(text.splitlines())


def _write_code(app: Path, numbers: range) -> None:
    hooks = "\n".join(f"class Hook{n}(Function):\n    def perform(self): ...\n" for n in numbers)
    _write(app / "src/functions/hooks.py", f"from mooring.sdk import Function\n\n{hooks}")
    steps = "    def prepare(self, params, status=None, resuming=False): ...\n"
    steps += "    def perform(self, status): ...\n"
    jobs = "\n".join(f"class Sync{n}(Job):\n{steps}" for n in numbers)
    _write(app / "src/jobs/syncs.py", f"from mooring.sdk import Job\n\n{jobs}")
    methods = "    def on_install(self): ...\n    def on_settings_form(self, *given): ...\n"
    text = f"from mooring.sdk import Lifecycle as Base\n\nclass Lifecycle(Base):\n{methods}"
    _write(app / "src/lifecycle/lifecycle.py", text)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def _raw(app: Path) -> list[Any]:
    """Read and check the files as the libraries do by themselves."""
    found: list[Any] = []
    for kind, pattern in (("app", "app.yml"), ("form", "forms/*.yml"), ("schema", "schema/*.yml")):
        schema = json.loads((files("mooring") / f"schemas/{kind}.schema.json").read_text("utf-8"))
        validator = Draft202012Validator(schema)
        for path in app.glob(pattern):
            value = yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)
            found += validator.iter_errors(value)
    return found


def _medians(ours: Callable[[], list[Any]], raw: Callable[[], list[Any]]) -> tuple[float, float]:
    taken: dict[str, list[float]] = {"ours": [], "raw": []}
    for round_ in range(ROUNDS + 1):
        for name, run in (("ours", ours), ("raw", raw)):
            started = time.perf_counter()
            problems = run()
            if round_:  # the first round imports
                taken[name].append(time.perf_counter() - started)
            if problems:
                raise SystemExit(f"The app to measure with is not valid: {problems[:3]}")
    return statistics.median(taken["ours"]), statistics.median(taken["raw"])


def _memory(app: Path) -> float:
    """Return the greatest memory of a process that validates the app, in MB."""
    code = (
        "import resource, sys; from pathlib import Path; from mooring.rules import validate_app; "
        "validate_app(Path(sys.argv[1])); "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(app)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return int(done.stdout) / (1_000_000 if sys.platform == "darwin" else 1_000)


if __name__ == "__main__":
    main()
