"""Files made to cost time or memory are refused by name, within both bounds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.host.rules.conformance.case import FORM, ORDERS
from tests.host.rules.conftest import App

SECONDS, MEGABYTES = 2.0, 300.0
# The process's own work, however busy the machine is; the first import belongs to the answer,
# Python's start does not.
VALIDATE = """\
import json, resource, sys, time
from pathlib import Path

started = time.process_time()
from mooring.rules import validate_app

problems = [(p.rule, p.file) for p in validate_app(Path(sys.argv[1]), ocp=True)]
seconds = time.process_time() - started
try:
    status = Path("/proc/self/status").read_text().partition("VmHWM:")[2]
    megabytes = int(status.split()[0]) / 1_000
except OSError:
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000_000
print(json.dumps([problems, seconds, megabytes]))
"""
SECTION = "sections: [{{key: a, label: '{0}', elements: []}}]"
RULE = (
    "sections: [{{key: a, label: b, elements: [{{type: text, key: c, label: d, help: e, "
    "validations: [{{regex: '{0}', message: f}}]}}]}}]"
)
PAGE, CODE = "assets/directory/overview.md", "src/functions/hook.py"


@pytest.mark.parametrize(
    ("file", "content", "rule"),
    [
        ("app.yml", b"x" * 10_000_000, "YML-2"),
        ("app.yml", b"- a\n" * 249_000, "YML-5"),
        (
            "app.yml",
            b"a: &a [x, x]\n" + b"".join(b"b%d: &b%d [*a, *a]\n" % (n, n) for n in range(999)),
            "YML-6",
        ),
        ("app.yml", b"a: &a\n  b: *a\n", "YML-6"),
        ("app.yml", b"a: &a {<<: *a}\n", "YML-6"),
        ("app.yml", b"[" * 900_000, "YML-4"),
        ("app.yml", b"- " * 400_000, "YML-4"),
        ("app.yml", b"".join(b" " * n + b"a:\n" for n in range(1_300)), "YML-4"),
        ("app.yml", bytes(range(256)) * 3_000, "YML-1"),
        ("app.yml", "meta: ü".encode("utf-16"), "YML-1"),
        ("app.yml", "meta: ü".encode("latin-1"), "YML-1"),
        ("app.yml", b"a: 1" + b":1" * 400_000, "MAN-1"),
        ("app.yml", b"a: " + b"9" * 900_000, "MAN-1"),
        (ORDERS, b"[{a: " * 100_000, "YML-4"),
        (FORM, SECTION.format("{{" * 400_000).encode(), "FRM-20"),
        (FORM, SECTION.format("{{#a.b}}" * 100_000).encode(), "FRM-20"),
        (FORM, SECTION.format("{{" + " " * 900_000).encode(), "FRM-20"),
        (FORM, RULE.format("a?" * 400_000).encode(), "FRM-14"),
        (FORM, RULE.format("a{1,99999}{1,99999}").encode(), "FRM-14"),
        (PAGE, b"![" * 40_000, None),
        (PAGE, b"[a](#b)\n\n" * 11_000, "AST-2"),
        (PAGE, b"x" * 10_000_000, "AST-4"),
        (CODE, b"a\n" * 99_000, "FUN-2"),
        (CODE, b"(" * 199_000, "FUN-1"),
        (CODE, b"a = " + b"-" * 190_000 + b"1", "FUN-1"),
        (CODE, b"x = 1\n" * 2_000_000, None),
    ],
    ids=lambda value: repr(value)[:30] if isinstance(value, bytes) else str(value),
)
def test_a_hostile_file_is_answered_for_in_time(
    app: App, file: str, content: bytes, rule: str | None
) -> None:
    (app.root / file).write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-c", VALIDATE, str(app.root)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    problems, seconds, megabytes = json.loads(done.stdout)
    if rule:
        assert [rule, "app.yml" if rule == "FUN-2" else file] in problems
    assert seconds < SECONDS
    assert megabytes < MEGABYTES


def test_a_folder_where_a_file_should_be_is_a_problem(app: App) -> None:
    for file in ("app.yml", FORM, ORDERS, PAGE, CODE):
        app.remove(file)
        Path(app.root / file).mkdir()
    found = {(problem.rule, problem.file) for problem in app.problems()}
    assert {("YML-1", "app.yml"), ("YML-1", FORM), ("YML-1", ORDERS), ("AST-1", PAGE)} <= found
