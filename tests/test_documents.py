"""What the documents tell people to type is understood; what they show can be used as it is."""

from __future__ import annotations

import importlib
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import click
import pytest
import yaml

from mooring.cli.main import COMMANDS, program
from mooring.cli.options import add_global_options
from sandbox.running import Running
from src.core.settings_file import read_settings_file
from tests.conftest import ROOT, Program

README = ROOT / "README.md"
PAGES = (
    *(README, ROOT / "sandbox/README.md", ROOT / "assets/directory/overview.md"),
    *sorted((ROOT / "docs").glob("*.md")),
)
TYPED = re.compile(r"`(mooring [^`]+)`|^ {4}(mooring .+)$", re.MULTILINE)
CURL = re.compile(r"^ {4}curl -s (.+)$", re.MULTILINE)
FENCED_YAML = re.compile(r"^```yaml\n(.+?)^```", re.MULTILINE | re.DOTALL)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def typed() -> Iterator[tuple[str, str]]:
    """Give every command of ours that a page shows, with the page."""
    for page in PAGES:
        for inline, line in TYPED.findall(page.read_text("utf-8")):
            for command in (inline or line).split(" && "):
                if command.startswith("mooring "):
                    yield named(page), command


@pytest.mark.parametrize(("page", "command"), sorted(set(typed())))
def test_a_command_that_a_page_shows_is_understood(page: str, command: str) -> None:
    words = shlex.split(command, comments=True)[1:]
    assert words[0] in COMMANDS, f"{page}: {command}"
    found: click.Command = importlib.import_module(f"mooring.cli.{words[0]}").command
    found = add_global_options(found)
    rest = words[1:]
    while isinstance(found, click.Group) and rest and rest[0] in found.commands:
        found, rest = found.commands[rest[0]], rest[1:]
    known = {name for each in (*found.params, *program.params) for name in each.opts}
    assert {word for word in rest if word.startswith("-")} <= known, f"{page}: {command}"


def test_the_way_to_an_app_of_ones_own_works_as_it_is_written(cli: Program, tmp_path: Path) -> None:
    section = README.read_text("utf-8").partition("## Your own app")[2]
    block = re.search(r"\n\n((?: {4}.+\n)+)", section)
    assert block is not None
    script = "set -e\n" + f'mooring() {{ "{sys.executable}" -m mooring "$@"; }}\n' + block[1]
    done = subprocess.run(
        ["bash", "-c", script],  # noqa: S607  # as a person's shell finds it
        cwd=tmp_path,
        env=cli.environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Ada" in done.stdout
    assert "COMPLETE" in done.stdout


def settings_files() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        for text in FENCED_YAML.findall(page.read_text("utf-8")):
            if text.startswith("connectors:"):
                yield named(page), text


@pytest.mark.parametrize(("page", "text"), tuple(settings_files()))
def test_a_settings_file_that_a_page_shows_is_read(page: str, text: str) -> None:
    sections = read_settings_file(yaml.safe_load(text))
    assert {"optimizely", "projects", "sync"} <= sections.keys(), page


def test_the_controls_of_the_sandbox_do_what_its_page_shows(sandbox: Running) -> None:
    examples = [
        shlex.split(line)
        for line in CURL.findall((ROOT / "sandbox/README.md").read_text("utf-8"))
        if "$C" in line
    ]
    assert len(examples) > 5
    for words in examples:
        (address,) = [word for word in words if "$C/" in word]
        url = address.replace("$C", sandbox.info["control"])
        given = words[words.index("-d") + 1] if "-d" in words else None
        method = "POST" if given or "POST" in words else "GET"
        body = None if given is None else json.loads(given)
        answer = sandbox.http.request(method, url, json=body)
        assert answer.status_code == 200, (urlsplit(url).path, given, answer.text)


def test_links_between_pages_lead_somewhere() -> None:
    lost = [
        f"{named(page)}: {target}"
        for page in (*PAGES, *(ROOT / "docs/decisions").glob("*.md"), ROOT / "CHANGELOG.md")
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8"))
        if not (page.parent / target).exists()
    ]
    assert lost == []
