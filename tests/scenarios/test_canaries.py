"""Credentials go in; nothing that comes out, and no file, holds them in clear."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import httpx
import pytest
import yaml

from scripts.local_services import APP
from tests.conftest import Answer, Program, Serving
from tests.scenarios.canaries import files, found
from tests.scenarios.conftest import Connector

TABS = ("", "/settings", "/jobs", "/functions", "/logs", "/activity")
PATIENCE = 30.0  # seconds


def test_credentials_stay_in_the_secret_store(connector: Connector) -> None:
    credentials = connector.sandbox.credentials
    canaries = {
        "Optimizely's token": credentials["optimizely_token"],
        "Brevo's key": credentials["brevo_api_key"],
        "the webhooks' secret": credentials["webhook_secret"],
        "a secret set by hand": "canary/decisions+4f2a9c==",
        "a former one": "canary/decisions+77b1d0==",
        "a sender's own": "canary/sender+b27e61==",
    }
    said: list[Answer] = []
    with connector.serve() as serving:
        connector.connect()
        for secret in ("a former one", "a secret set by hand"):
            given = ("secrets", APP, "set", "decisions_token=-", "--add")
            said.append(connector.ok(*given, stdin=canaries[secret]))
        answers = _send(connector, serving, canaries["a sender's own"])
        said += [
            connector("jobs", "trigger", APP, "sync", "--wait"),
            connector("settings", APP, "--json"),
            connector("secrets", APP),
            connector("secrets", "rotate", "--json"),
            connector("logs", "--level", "debug"),
            connector("doctor"),
            connector("functions", "deliveries"),
            connector("odp", "query", "SELECT * FROM customers LIMIT 3"),
            # the other side refuses from now on: errors are where secrets slip out
            _after_revoking(connector),
            connector("jobs", "list", "--json"),
        ]
        answers += [_page(f"{serving.console}/apps/{APP}{tab}") for tab in TABS]
    said += [connector("uninstall", APP), connector("logs", "--json"), connector("apps", APP)]
    shown = [(str(number), f"{each.out}{each.err}".encode()) for number, each in enumerate(said)]
    assert found(canaries, *shown, *answers, *_kept(connector.program)) == []
    assert _open_to_others(connector.program.home) == set()


def _send(connector: Connector, serving: Serving, credential: str) -> list[tuple[str, bytes]]:
    """Send with credentials of the sender's in every place, to functions of every kind."""
    urls = connector.ok("functions", APP, "--json").json
    headers = {"authorization": f"Bearer {credential}", "cookie": f"session={credential}"}
    sent = {"type": "track", "password": credential}
    return [
        _answer(httpx.post(url, json=sent, headers=headers, params={"token": credential}))
        for url in urls.values()
    ]


def _page(url: str) -> tuple[str, bytes]:
    return _answer(httpx.get(url, timeout=PATIENCE))


def _answer(response: httpx.Response) -> tuple[str, bytes]:
    head = b"\n".join(b"%s: %s" % pair for pair in response.headers.raw)
    return f"the answer of {response.url.path}", head + response.content


def _kept(program: Program) -> list[tuple[str, bytes]]:
    messages = program.home.parent / "serve.log"
    return [*files(program.home), ("the messages of serve", messages.read_bytes())]


def _open_to_others(home: Path) -> set[str]:
    """Name what others may read or write, apart from the apps' own code."""
    return {
        str(path.relative_to(home))
        for path in (home, *home.rglob("*"))
        if path.stat().st_mode & 0o077 and not path.is_relative_to(home / "apps")
    }


def _after_revoking(connector: Connector) -> Answer:
    connector.sandbox.change(token=connector.sandbox.credentials["brevo_api_key"], revoke=True)
    answer = connector("jobs", "trigger", APP, "sync", "--wait")
    assert answer.status == 1
    assert "Brevo" in answer.out
    return answer


# -- an app that lets its secrets slip wherever it can

LEAKY = "leaky"
CANARIES = {
    "of the form": 'canary "form" /4f+2a=<&>9c',
    "set by hand": 'canary "hand" /77+b1=<&>d0',
    "stored by the app": 'canary "token" /e0+92=<&>b3',
    "of the environment": "canary-environment-51c7/ab+12==",
    "of the sender": "canary-sender-a2f4/09+7d==",
    "in the body": 'canary "body" /6c+18=<&>f5',
}
SECRETS = '''
import os
from mooring.sdk import environment, storage

def secrets():
    """Everything that the app knows and must not tell."""
    return [
        storage.settings.get("main").get("token", ""),
        storage.secrets.get("by_hand").get("value", ""),
        storage.secrets.get("oauth").get("access_token", ""),
        environment.get("APP_ENV_API_KEY", ""),
    ]
'''
SPILL = '''
import asyncio, atexit, base64, gc, json, logging, sys, threading, urllib.parse
from mooring.sdk import Function, Response, http, logger, storage
from ..known import secrets


class Witness:
    def __init__(self, said):
        self.said = said

    def __del__(self):
        raise RuntimeError(self.said)


def fail(said, *, after=None):
    if after:
        after.join()
    raise RuntimeError(said)


class Spill(Function):
    """Lets every secret slip in the way that `how` names."""

    def perform(self):
        for secret in secrets():
            self.spill(self.request.params["how"], secret)
        return Response(200, {"spilled": len(secrets())})

    def spill(self, how, secret):
        if how == "store":
            storage.secrets.put("oauth", {"access_token": self.request.body_json["token"]})
        elif how == "print":
            print("about to use", secret)
            print(secret, file=sys.stderr)
        elif how == "log":
            logger.info("with %s and" % secret, secret=secret, deep={"in": [secret]})
            logging.getLogger("library").error("refused %s", secret)
            logger.info(base64.b64encode(f"user:{secret}".encode()).decode())
            logger.info("https://api.example.com/?token=" + urllib.parse.quote_plus(secret))
            logger.info(json.dumps({"body": json.dumps({"token": secret})}))
        elif how == "thread":
            thread = threading.Thread(target=fail, args=(f"in a thread: {secret}",))
            thread.start()
            thread.join()
        elif how == "unraisable":
            Witness(f"in __del__: {secret}")
            gc.collect()
        elif how == "ending":
            atexit.register(fail, f"at exit: {secret}")
            last = {"after": threading.main_thread()}
            given = {"args": (f"at last: {secret}",), "kwargs": last, "daemon": False}
            threading.Thread(target=fail, **given).start()
        elif how == "call":
            http.get("https://api.example.com/" + urllib.parse.quote(secret, safe=""))
        elif how == "raise":
            try:
                raise KeyError(secret)
            except KeyError:
                raise ValueError(f"cannot use {secret}") from None
'''
KEEP = '''
from mooring.sdk import Function, Response
from ..known import secrets


class Keep(Function):
    """Takes a delivery, and fails with what it knows."""

    def perform(self):
        assert self.request.headers["authorization"].startswith("Bearer canary-sender")
        raise RuntimeError(" ".join(secrets()))
'''
JOBS = '''
import os
from mooring.sdk import Job, JobStatus
from ..known import secrets


class {name}(Job):
    """Ends badly, with secrets in its hands."""

    def prepare(self, params, status=None, resuming=False):
        return status or JobStatus({{}})

    def perform(self, status):
        held = secrets()
        {end}
'''
LIFECYCLE = """
from mooring.sdk import Lifecycle as Base, LifecycleResult, LifecycleSettingsResult, storage
from ..known import secrets


class Lifecycle(Base):
    def on_install(self):
        return LifecycleResult(success=True)

    def on_settings_form(self, section, action, form_data):
        if action == "spill":
            raise RuntimeError(f"refused {form_data['token']} and {secrets()}")
        result = LifecycleSettingsResult()
        if action == "quote":
            return result.add_error("token", f"{form_data['token']} is not accepted")
        storage.settings.put(section, form_data)
        return result.add_toast("success", "Saved.")

    def on_uninstall(self):
        raise RuntimeError(f"cannot forget {secrets()}")
"""
FORM = """
sections:
  - key: main
    label: Main
    elements:
      - {type: secret, key: token, label: Token, help: Anything.}
      - {type: text, key: name, label: Name, help: Anything.}
      - {type: button, label: Save, action: save}
      - {type: button, label: Spill, action: spill}
      - {type: button, label: Quote, action: quote}
"""


@pytest.fixture
def leaky(cli: Program, tmp_path: Path) -> Program:
    """Install an app that lets its secrets slip, and give it some."""
    root = tmp_path / LEAKY
    cli.ok("init", str(root))
    manifest = yaml.safe_load((root / "app.yml").read_text())
    manifest["environment"] = ["APP_ENV_API_KEY"]
    manifest["outbound_domains"] = ["*.example.org"]
    manifest["functions"] = {
        "spill": {"entry_point": "Spill", "description": "Spills."},
        "keep": {
            "entry_point": "Keep",
            "description": "Keeps.",
            "verify": "brevo",
            "delivery": "inbox",
        },
    }
    manifest["jobs"] = {
        "raising": {"entry_point": "Raising", "description": "Raises."},
        "aborting": {"entry_point": "Aborting", "description": "Aborts."},
    }
    (root / "app.yml").write_text(yaml.safe_dump(manifest))
    written = {
        "forms/settings.yml": FORM,
        "src/known.py": SECRETS,
        "src/functions/spill.py": SPILL,
        "src/functions/keep.py": KEEP,
        "src/jobs/raising.py": JOBS.format(name="Raising", end="raise RuntimeError(held)"),
        "src/jobs/aborting.py": JOBS.format(name="Aborting", end="os.abort()"),
        "src/lifecycle/lifecycle.py": LIFECYCLE,
    }
    for name, text in written.items():
        (root / name).write_text(dedent(text).strip() + "\n")
    cli.environment["APP_ENV_API_KEY"] = CANARIES["of the environment"]
    cli.ok("install", str(root))
    cli.ok("settings", LEAKY, "main", "--set", "token=-", stdin=CANARIES["of the form"])
    cli.ok("secrets", LEAKY, "set", "by_hand=-", stdin=CANARIES["set by hand"])
    cli.ok("secrets", LEAKY, "set", "keep_signature=-", stdin=CANARIES["of the sender"])
    return cli


def test_what_an_app_lets_slip_is_hidden_wherever_it_comes_out(
    leaky: Program, serve: Callable[..., object]
) -> None:
    said: list[Answer] = []
    messages = leaky.home.parent / "serve.log"
    with leaky.serve(PYTHONFAULTHANDLER="1") as serving:
        urls = leaky.ok("functions", LEAKY, "--json").json
        answers = [_spill(urls, how) for how in ("store", "print", "log", "thread", "unraisable")]
        answers += [_spill(urls, how) for how in ("call", "raise", "ending")]
        delivery_id, accepted = _deliver(urls)
        answers.append(accepted)
        said += [
            leaky("functions", "invoke", LEAKY, "spill", "--method", "POST"),
            leaky("jobs", "trigger", LEAKY, "raising", "--wait", "--json"),
            leaky("jobs", "trigger", LEAKY, "aborting", "--json"),
            leaky("settings", LEAKY, "main", "--action", "spill"),
            leaky("settings", LEAKY, "main", "--action", "quote", "--json"),
        ]
        _until(lambda: "Fatal Python error: Aborted" in messages.read_text())
        _until(lambda: b"delivery.postponed" in _log(leaky))
        answers += [_page(f"{serving.console}/apps/{LEAKY}{tab}") for tab in TABS]
        said += [leaky("functions", "deliveries", "--json"), leaky("uninstall", LEAKY)]
        said.append(leaky.ok("functions", "deliveries", delivery_id))
        _ends(serving)
    said += [leaky("logs", "--level", "debug"), leaky("logs", "--json"), leaky("doctor", "--json")]
    shown = [(str(number), f"{each.out}{each.err}".encode()) for number, each in enumerate(said)]
    assert found(CANARIES, *shown, *answers, *_kept(leaky)) == []
    # It did slip, and everywhere: the places where it was hidden are there.
    for place in ("about to use", "in a thread:", "in __del__:", "at exit:", "at last:"):
        assert f"{place} •••" in messages.read_text()
    log = _log(leaky).decode()
    for place in ("with ••• and", "refused •••", "?token=•••", "cannot use •••"):
        assert place in log


def _spill(urls: dict[str, str], how: str) -> tuple[str, bytes]:
    sent = {"token": CANARIES["stored by the app"], "other": CANARIES["in the body"]}
    given = {"how": how, "key": CANARIES["of the sender"]}
    return _answer(httpx.post(urls["spill"], json=sent, params=given, timeout=PATIENCE))


def _deliver(urls: dict[str, str]) -> tuple[str, tuple[str, bytes]]:
    credential = CANARIES["of the sender"]
    response = httpx.post(
        urls["keep"],
        json={"password": CANARIES["in the body"], "note": CANARIES["set by hand"]},
        params={"token": CANARIES["in the body"]},
        headers={"authorization": f"Bearer {credential}", "cookie": f"session={credential}"},
    )
    assert response.status_code == 202, response.text
    return response.json()["delivery_id"], _answer(response)


def _log(program: Program) -> bytes:
    return (program.home / "logs" / "mooring.jsonl").read_bytes()


def _until(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not met():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _ends(serving: Serving) -> None:
    """End it as an operator does, and wait for its last words."""
    serving.process.send_signal(signal.SIGTERM)
    serving.process.wait(PATIENCE)
