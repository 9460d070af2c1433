"""An option that is given an empty text is not one that was left out."""

from __future__ import annotations

import click
import pytest

from mooring.cli.main import COMMANDS, program
from mooring.cli.options import NotEmpty
from tests.conftest import Program

EMPTY = (
    ("jobs", "trigger", "app", "sync", "--apply", ""),
    ("jobs", "trigger", "app", "sync", "--plan", "--apply", ""),
    ("jobs", "trigger", "app", ""),
    ("jobs", "list", ""),
    ("jobs", "show", ""),
    ("jobs", "logs", ""),
    ("deadletter", "list", "--job", ""),
    ("deadletter", "retry", "--all", ""),
    ("deadletter", "show", ""),
    ("logs", "--run", ""),
    ("logs", "--app", ""),
    ("apps", "--account", ""),
    ("apps", "--home", ""),
    ("validate", ""),
)


@pytest.mark.parametrize("given", EMPTY, ids=" ".join)
def test_an_empty_value_is_refused(cli: Program, given: tuple[str, ...]) -> None:
    answer = cli(*given)
    assert answer.status == 2
    assert "it is empty." in answer.err
    assert not cli.home.exists()


def test_every_text_of_every_command_says_something_or_is_empty_by_default() -> None:
    context = click.Context(program)
    commands = [program.get_command(context, name) for name in COMMANDS]
    texts = {
        f"{command.name} {parameter.name}": isinstance(parameter.type, NotEmpty)
        for command in filter(None, commands)
        for parameter in command.params
        if parameter.type.name in ("text", "path", "file", "directory")
    }
    assert {name for name, refused in texts.items() if not refused} == set()


def test_what_is_empty_by_default_may_be_given_empty(installed: Program) -> None:
    answer = installed("functions", "call", "greeter", "hello", "--body", "")
    assert "it is empty." not in answer.err
