"""Optimizely is connected by OAuth, renewed once however many ask, lost, and connected again."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from mooring.hosting.host import Host
from mooring.model.config import HostConfig
from mooring.sdk.webhook import Request
from sandbox.running import Running
from scripts.local_services import APP, SETTINGS_FILE
from tests.conftest import ROOT, Program
from tests.scenarios.conftest import PATIENCE, Connector, written

CATALOGUE = json.dumps({"stages": ["catalogue"]})
LIFE = 7200  # seconds of an access token
ASKING = 3


@pytest.fixture
def prepared(connector: Connector) -> Connector:
    """Give the connector, installed and with nothing set up."""
    connector.ok("install", ".")
    return connector


def press(connector: Connector) -> str:
    """Press the button, and return where it leads."""
    credentials = connector.sandbox.credentials
    given = ("--set", f"client_id={credentials['oauth_client_id']}", "--set", "client_secret=-")
    answer = connector.ok(
        *("settings", APP, "optimizely", *given, "--authorize", "--json"),
        stdin=credentials["oauth_client_secret"],
    )
    return str(answer.json["url"])


def consent(sandbox: Running, url: str, decision: str = "allow") -> httpx.Response:
    """Look at the consent page, decide, and follow back to the host."""
    page = sandbox.http.get(url)
    ticket = re.findall(r'name="ticket" value="([^"]+)"', page.text)[0]
    form = {"ticket": ticket, "decision": decision}
    sent = sandbox.http.post(f"{sandbox.info['optimizely_oauth']}/authorize", data=form)
    assert sent.status_code == 302, sent.text
    return sandbox.http.get(sent.headers["location"])


def finish(connector: Connector, tmp_path: Path) -> None:
    """Submit the settings file without its access token."""
    file = tmp_path / "connector.yml"
    lines = SETTINGS_FILE.read_text("utf-8").splitlines(keepends=True)
    file.write_text("".join(line for line in lines if "access_token" not in line))
    connector.ok("settings", APP, "--file", str(file))


def renewals(sandbox: Running) -> list[str]:
    """Return what became of every renewal that was asked for."""
    entries = sandbox.received(kind="oauth.token")
    return [e["outcome"] for e in entries if e["grant_type"] == "refresh_token"]


def read_catalogue(connector: Connector) -> dict[str, Any]:
    """Run what asks Optimizely alone."""
    answer = connector(
        "jobs", "trigger", APP, "sync", "--parameters", CATALOGUE, "--wait", "--json"
    )
    return dict(answer.json)


@contextmanager
def opened(program: Program, **more: Any) -> Iterator[Host]:
    with Host.open(HostConfig(home=program.home, secrets="encrypted", **more)) as host:
        yield host


def kept_tokens(connector: Connector) -> dict[str, Any]:
    """Look into the secret store, as nobody can from outside."""
    with opened(connector.program) as host:
        return host.secrets(host.installation(APP)).get("oauth/optimizely")


def ask_from_everywhere(connector: Connector) -> None:
    """Let jobs there and functions here ask Optimizely at once; all of them get an answer."""
    addresses = {k: v for k, v in connector.environment.items() if k.startswith("APP_ENV_")}
    with opened(connector.program, environment=addresses) as host:
        installation = host.installation(APP)
        runs = [
            host.jobs.trigger(installation, "sync", {"stages": ["catalogue"]})
            for _ in range(ASKING)
        ]
        with ThreadPoolExecutor(ASKING) as threads:
            request = Request("GET")
            asked = [
                threads.submit(host.invoke, installation, "environment_options", request)
                for _ in runs
            ]
            assert [each.result().status for each in asked] == [200] * ASKING
        deadline = time.monotonic() + PATIENCE
        while not all(host.runs.get(run.run_id).status.final for run in runs):
            assert time.monotonic() < deadline, "the runs do not end"
            time.sleep(0.1)
        assert {host.runs.get(run.run_id).status.value for run in runs} == {"COMPLETE"}


def state_of(connector: Connector) -> str:
    with opened(connector.program) as host:
        return host.installation(APP).state.value


def test_from_consent_to_renewal_to_the_end_of_the_access_and_back(
    prepared: Connector, tmp_path: Path
) -> None:
    connector, sandbox = prepared, prepared.sandbox
    seen = []
    with connector.serve():
        page = consent(sandbox, press(connector))
        assert "Optimizely Connector is connected" in page.text, page.text
        seen.append(kept_tokens(connector))
        finish(connector, tmp_path)
        assert read_catalogue(connector)["status"] == "COMPLETE"
        assert renewals(sandbox) == []

        # The host's clock does not follow: the token is refused before its time.
        sandbox.control("oauth", rotates=True)
        sandbox.advance(LIFE)
        ask_from_everywhere(connector)
        assert renewals(sandbox) == ["ok"]
        seen.append(kept_tokens(connector))

        sandbox.change(token="oauth", revoke=True)
        run = read_catalogue(connector)
        assert run["status"] == "ERROR"
        assert "access" in run["error"] or "connection" in run["error"]
        assert state_of(connector) == "needs_attention"
        read_catalogue(connector)
        assert renewals(sandbox) == ["ok", "invalid_grant"], "what is refused is asked for once"

        with waiting(connector) as (url, outcome):
            consent(sandbox, url)
            assert outcome()["ok"] is True
        seen.append(kept_tokens(connector))
        assert state_of(connector) == "installed"
        assert read_catalogue(connector)["status"] == "COMPLETE"
        nothing_is_left(connector, seen)


@contextmanager
def waiting(connector: Connector) -> Iterator[tuple[str, Any]]:
    """Press the button with --wait: where it leads, and what the command says at its end."""
    program = connector.program
    command = ("settings", APP, "optimizely", "--authorize", "--wait", "--json")
    with subprocess.Popen(
        [sys.executable, "-m", "mooring", *command],
        cwd=ROOT,
        env={**program.environment, **connector.environment},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        begun = json.loads(process.stdout.readline())
        assert set(begun) == {"section", "url", "good_until"}

        def outcome() -> dict[str, Any]:
            assert process.stdout is not None
            return dict(json.loads(process.stdout.readline()))

        yield begun["url"], outcome
        process.wait(20)


def nothing_is_left(connector: Connector, seen: list[dict[str, Any]]) -> None:
    """Search everything that was written or is shown for tokens."""
    secrets = {tokens[name] for tokens in seen for name in ("access_token", "refresh_token")}
    secrets.add(connector.sandbox.credentials["oauth_client_secret"])
    said = [
        connector("settings", APP, "--json"),
        connector("secrets", APP),
        connector("logs", "--level", "debug"),
        connector("jobs", "list", "--json"),
    ]
    shown = "".join(answer.out + answer.err for answer in said).encode()
    everything = shown + written(connector.program.home)
    everything += (connector.program.home.parent / "serve.log").read_bytes()
    everything += json.dumps(connector.sandbox.received()).encode()
    assert [secret for secret in secrets if secret.encode() in everything] == []


def test_whoever_declines_changes_nothing(prepared: Connector) -> None:
    with prepared.serve():
        page = consent(prepared.sandbox, press(prepared), "deny")
        assert "Access was not granted" in page.text
        assert not prepared.ok("settings", APP, "--json").json["optimizely"].get("authorized")


def test_a_challenge_that_was_taken_out_on_the_way_connects_nothing(prepared: Connector) -> None:
    with prepared.serve():
        url = httpx.URL(press(prepared))
        kept = [(k, v) for k, v in url.params.multi_items() if not k.startswith("code_challenge")]
        page = consent(prepared.sandbox, str(url.copy_with(params=kept)))
        assert "is not connected yet" in page.text
        assert "invalid_grant" in page.text
        assert kept_tokens(prepared) == {}


def test_without_serve_nobody_is_sent_away(prepared: Connector) -> None:
    answer = prepared("settings", APP, "optimizely", "--set", "client_id=1", "--authorize")
    assert answer.status == 75
    assert "mooring serve" in answer.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--wait",), "belong to --authorize"),
        (("--authorize", "--action", "save"), "button of its own"),
    ],
)
def test_what_cannot_go_together_is_a_usage_error(
    connector: Connector, arguments: tuple[str, ...], said: str
) -> None:
    answer = connector("settings", APP, "optimizely", *arguments)
    assert answer.status == 2
    assert said in answer.err


RENEWING = """\
import sys, time
from pathlib import Path
from mooring.hosting.host import Host
from mooring.model.config import HostConfig
from mooring.sdk import oauth
from mooring.sdk.context import use

home, database, key, begin, environment = sys.argv[1:]
config = HostConfig(
    home=Path(home), database_url=database, master_key=key, secrets="encrypted",
    environment=dict(pair.split("=", 1) for pair in environment.split("|")),
)
with Host.open(config) as host:
    invocation = host.invocation(host.installation("optimizely_connector"), entry_point="job:sync")
    client = oauth.Client(
        config.environment["APP_ENV_OPTIMIZELY_OAUTH_URL"] + "/token", *CREDENTIALS
    )
    with use(invocation):
        rejected = oauth.kept("optimizely").access_token
        print("ready", flush=True)
        sys.stdin.readline()
        print(oauth.access_token("optimizely", refresh=client, rejected=rejected))
"""
PROCESSES = 4


def test_of_several_processes_one_renews_and_all_get_what_it_got(
    connector: Connector, database_url: str, tmp_path: Path
) -> None:
    sandbox, key = connector.sandbox, "k" * 43
    connector.environment |= {"MOORING_DATABASE_URL": database_url, "MOORING_MASTER_KEY": key}
    connector.ok("install", ".")
    with connector.serve("--no-jobs"):
        consent(sandbox, press(connector))
    sandbox.control("oauth", rotates=True)
    # A slow provider, so that all of them ask before the first has its answer.
    sandbox.control("faults", route="/oauth2/token", delay=0.5, count=1)
    credentials = sandbox.credentials
    client = (credentials["oauth_client_id"], credentials["oauth_client_secret"])
    code = RENEWING.replace("*CREDENTIALS", ", ".join(map(repr, client)))
    services = "|".join(f"{k}={v}" for k, v in connector.environment.items() if "APP_ENV" in k)
    arguments = (str(connector.program.home), database_url, key, "", services)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            cwd=ROOT,
            env=connector.program.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(PROCESSES)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=30)[0] for process in processes]
    assert len(set(said)) == 1
    assert said[0].startswith("2:sandbox-access-")
    assert renewals(sandbox) == ["ok"]
