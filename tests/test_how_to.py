"""Every page of docs/how-to that teaches by doing is done here, command by command.

A ``console`` block is typed into one shell: each line after ``$`` has to succeed, unless its
comment says that it is refused, and each line below it has to be in what it prints. A block with a
title is saved under that name, a ``diff`` is applied.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.conftest import ROOT, Program

HOW_TO = ROOT / "docs" / "how-to"
FENCED = re.compile(r"^```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^```", re.MULTILINE | re.DOTALL)
# What a page assumes to be there, and the port that it uses.
NEWSLETTER = ROOT / "tests" / "host" / "porting" / "apps" / "newsletter"
PORT = "9100"
DATABASE = "postgresql://mooring:password@db.example.com:5432/mooring"
REFUSED = "# is refused"


@dataclass
class Step:
    """One command, and what it has to print."""

    command: str
    said: list[str] = field(default_factory=list)


@pytest.fixture
def shell(cli: Program, tmp_path: Path) -> dict[str, str]:
    """Give an environment in which `mooring` and `python` are the ones under test."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, started in (("mooring", "-m mooring "), ("python", "")):
        (programs / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {started}"$@"\n')
        (programs / name).chmod(0o755)
    path = f"{programs}{os.pathsep}{cli.environment['PATH']}"
    return {**cli.environment, "PATH": path, "PYTHONDONTWRITEBYTECODE": "1"}


def steps(page: str) -> Iterator[Step]:
    """Give what a reader of the page does, in order."""
    for language, title, text in FENCED.findall(page):
        if title:
            yield Step(f"cat > {title} <<'END_OF_FILE'\n{text}END_OF_FILE")
        elif language == "diff":
            yield Step(f"git apply - <<'END_OF_FILE'\n{text}END_OF_FILE")
        elif language == "console":
            for typed in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                command, *said = typed.splitlines()
                yield Step(command, [line.strip() for line in said])


def script(all_steps: list[Step]) -> str:
    """Write a script that says after each step which one it was and how it ended."""
    lines = ["set -m"]
    for number, step in enumerate(all_steps):
        # What stays in the background must not keep the output open.
        quiet = step.command.endswith(" &")
        command = f"{step.command[:-2]} >/dev/null 2>&1 &" if quiet else step.command
        lines += [command, f"printf '\\n=== {number} %s\\n' $?"]
    return "\n".join([*lines, "kill $(jobs -p) 2>/dev/null; exit 0"])


@pytest.mark.parametrize(
    "name",
    [
        *("write-an-app.md", "port-an-ocp-app.md", "receive-webhooks.md"),
        *("connect-with-oauth.md", "upgrade-an-app.md", "tell-people.md", "keep-secrets.md"),
        *("write-a-job.md", "test-a-job.md", "dead-letters.md"),
        "plan-before-write.md",
        "watch-a-host.md",
    ],
)
def test_what_a_page_teaches_works_as_shown(
    shell: dict[str, str], tmp_path: Path, name: str
) -> None:
    page = (HOW_TO / name).read_text("utf-8").replace(PORT, str(free_port()))
    walk(page, shell, tmp_path)


def test_three_machines_work_as_shown(
    shell: dict[str, str], tmp_path: Path, postgresql_url: str
) -> None:
    page = (HOW_TO / "scale-out.md").read_text("utf-8")
    assert DATABASE in page
    walk(page.replace(DATABASE, f"'{postgresql_url}'"), shell, tmp_path)
    # The code came by the database; whichever worker began the run, the third one was at it.
    assert list((tmp_path / "work" / "third" / "apps" / "counter").iterdir())


def walk(page: str, shell: dict[str, str], tmp_path: Path) -> None:
    """Do what a page teaches, in a folder with what it assumes to be there."""
    todo = list(steps(page))
    work = tmp_path / "work"
    work.mkdir()
    shutil.copytree(NEWSLETTER, work / "newsletter")
    done = subprocess.run(
        ["/bin/bash", "-c", script(todo)],
        cwd=work,
        env=shell,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=110,
        check=False,
    )
    parts = re.split(r"^=== (\d+) (\d+)\n", done.stdout, flags=re.MULTILINE)
    assert len(parts) == 3 * len(todo) + 1, done.stdout
    for step, printed, status in zip(todo, parts[0::3], parts[2::3], strict=False):
        assert (status == "0") is (REFUSED not in step.command), f"{step.command}\n{printed}"
        for line in step.said:
            assert line in printed, f"{step.command}\n{printed}"


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
