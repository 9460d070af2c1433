"""Functions through the command line: addresses, and direct calls."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import Program
from tests.host.cli.conftest import APP


def test_addresses_are_a_map_of_names_and_urls(installed: Program) -> None:
    urls = installed.ok("functions", APP, "--json").json
    assert list(urls) == ["hello"]
    public = installed.ok("functions", APP, "--json", MOORING_PUBLIC_URL="https://x.example/").json
    assert public["hello"].startswith(f"https://x.example/functions/{APP}/hello/")
    assert public["hello"].rpartition("/")[2] == urls["hello"].rpartition("/")[2]


def test_the_one_address_of_all_accounts_says_how_they_are_told_apart(
    cli: Program, app: Path
) -> None:
    manifest = app / "app.yml"
    entry = "    entry_point: Hello\n"
    rule = "    installation_resolution: {type: HEADER, key: X-Account}\n"
    manifest.write_text(manifest.read_text("utf-8").replace(entry, entry + rule), "utf-8")
    cli.ok("install", str(app))
    url = cli.ok("functions", APP, "--json").json["hello"]
    assert url.endswith(f"/functions/{APP}/hello")
    assert f"{url}  (header X-Account: the account)" in cli.ok("functions", APP).out


def test_a_direct_call_answers_with_status_headers_and_body(installed: Program) -> None:
    answer = installed.ok(
        "functions", "invoke", APP, "hello", "--body", '{"name": "Ada"}', "--json"
    )
    assert answer.json["status"] == 200
    assert answer.json["headers"]["content-type"] == "application/json"
    assert answer.json["body"] == {"greeting": "Hello Ada", "count": 1}


def test_what_a_function_prints_is_no_part_of_the_answer(installed: Program) -> None:
    installed.ok("secrets", APP, "set", "token=-", stdin="canary-7f3a9c\n")
    root = next((installed.home / "apps" / APP).iterdir())
    path = root / "src/functions/hello.py"
    path.write_text(
        "from mooring.sdk import Function, Response, storage\n\n\n"
        "class Hello(Function):\n"
        "    def perform(self) -> Response:\n"
        "        print('found', storage.secrets.get('token'))\n"
        "        return Response(200, {'ok': True})\n",
        "utf-8",
    )
    answer = installed.ok("functions", "invoke", APP, "hello", "--json")
    assert answer.json["body"] == {"ok": True}
    assert "found {'value': '•••'}" in answer.err
    logged = installed.ok("logs", "--json").out
    assert "app.printed" in logged
    assert "canary" not in answer.err + logged


def test_bad_input_is_the_functions_own_answer(installed: Program) -> None:
    answer = installed("functions", "invoke", APP, "hello", "--body", "{", "--json")
    assert answer.status == 0
    assert answer.json["status"] == 400
    assert "not JSON" in answer.json["body"]["error"]["message"]


def test_a_failing_function_ends_the_command_with_1(installed: Program) -> None:
    root = next((installed.home / "apps" / APP).iterdir())
    path = root / "src/functions/hello.py"
    path.write_text(
        "from mooring.sdk import Function, Response\n\n\n"
        "class Hello(Function):\n"
        "    def perform(self) -> Response:\n"
        "        raise RuntimeError('broken')\n",
        "utf-8",
    )
    answer = installed("functions", "invoke", APP, "hello", "--json")
    assert answer.status == 1
    assert answer.json["status"] == 500
    assert "Traceback" not in answer.out + answer.err


def test_an_unknown_function_is_named_with_those_there_are(installed: Program) -> None:
    answer = installed("functions", "invoke", APP, "hallo")
    assert answer.status == 66
    assert "Did you mean hello? It has: hello." in answer.err


def test_what_could_not_be_sent_is_refused(installed: Program) -> None:
    invoke = ("functions", "invoke", APP, "hello")
    answer = installed(*invoke, "--method", "G T")
    assert answer.status == 2
    assert "'G T' is not a method" in answer.err
    assert "DELETE, GET, PATCH, POST, PUT" in answer.err
    for header in ("x-a: 1\r\nx-b: 2", ": 1"):
        answer = installed(*invoke, "--header", header)
        assert answer.status == 2
        assert "--header NAME:VALUE" in answer.err


def test_a_repeated_header_of_the_answer_is_a_list(installed: Program) -> None:
    root = next((installed.home / "apps" / APP).iterdir())
    (root / "src/functions/hello.py").write_text(
        "from mooring.sdk import Function, Response\n\n\n"
        "class Hello(Function):\n"
        "    def perform(self) -> Response:\n"
        "        return Response(200, headers=[('set-cookie', 'a=1'), ('set-cookie', 'b=2')])\n",
        "utf-8",
    )
    answer = installed.ok("functions", "invoke", APP, "hello", "--json").json
    assert answer["headers"] == {"set-cookie": ["a=1", "b=2"]}
