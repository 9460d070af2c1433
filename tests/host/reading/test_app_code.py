from __future__ import annotations

import ast
from pathlib import Path

import pytest

from mooring.model.problem import Position
from mooring.reading.app_code import AppCode, CodeFile


def app(root: Path, **modules: str) -> AppCode:
    for name, text in modules.items():
        path = root / "src" / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return AppCode(root)


def called(code: CodeFile) -> set[str]:
    return {origin for _, origin in code.calls()}


def test_names_are_followed_to_where_they_come_from(tmp_path: Path) -> None:
    text = (
        "import os.path\nimport time as clock\nfrom os import environ as env\n"
        "from mooring.sdk import storage\nfrom ..clients.shop import Shop\nfrom . import beside\n"
        "os.path.join()\nclock.sleep()\nenv.get()\nstorage.settings.get()\nShop()\n"
        "beside.go()\nprint()\nShop().orders()\n[0][0]()\n"
    )
    code = app(tmp_path, functions__hook=text).modules["functions.hook"]
    assert called(code) == {
        *("os.path.join", "time.sleep", "os.environ.get", "mooring.sdk.storage.settings.get"),
        *(".clients.shop.Shop", ".functions.beside.go", "print", ""),
    }


def test_places_count_characters(tmp_path: Path) -> None:
    code = app(tmp_path, one='"é名"; print()\n').modules["one"]
    [(call, _)] = code.calls()
    assert code.position(call) == Position(1, 7)


def test_a_mark_in_front_of_the_file_moves_nothing(tmp_path: Path) -> None:
    code = app(tmp_path, one="\ufeffprint()\n").modules["one"]
    [(call, _)] = code.calls()
    assert code.position(call) == Position(1, 1)


def test_imports_are_followed_through_the_app_in_circles_too(tmp_path: Path) -> None:
    (tmp_path / "src/clients").mkdir(parents=True)
    (tmp_path / "src/clients/__init__.py").write_text("")
    code = app(
        tmp_path,
        jobs__sync="from ..clients import shop\nfrom ..core.plan import Plan\n",
        clients__shop="from ..jobs.sync import Sync\nfrom .http import get\n",
        clients__http="import json\n",
        core__plan="",
        core__unused="",
    )
    assert {each.module for each in code.reached_from("jobs.sync")} == {
        *("jobs.sync", "clients", "clients.shop", "clients.http", "core.plan"),
    }
    assert code.reached_from("no.such") == []


def test_what_cannot_be_parsed_is_left_out(tmp_path: Path) -> None:
    code = app(tmp_path, good="x = 1\n", bad="def (:\n", deep="(" * 5000)
    assert list(code.modules) == ["good"]


def test_what_costs_too_much_memory_is_named_instead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mooring.reading.app_code.MOST_NODES", 100)
    code = app(tmp_path, a="#" * 100_001, b="f(1)\n" * 50, c="x = 1\n")
    assert list(code.modules) == ["b"]
    assert code.left_out == ["src/a.py", "src/c.py"]


def test_nodes_are_found_by_their_type(tmp_path: Path) -> None:
    text = "async def a() -> None: ...\ndef b() -> None:\n    def c() -> None: ...\n"
    code = app(tmp_path, one=text).modules["one"]
    assert {each.name for each in code.definitions()} == {"a", "b", "c"}
    assert list(code.every(ast.While)) == []
