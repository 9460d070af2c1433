"""Every hook is documented, called by the host, and answered or observed for real."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pluggy
import pytest

from mooring import hookspecs
from mooring.errors import ConfigurationInvalid
from mooring.hookspecs import hookimpl
from mooring.hosting.host import Host
from mooring.model.installation import Installation
from mooring.model.run import Run, RunStatus
from mooring.model.signature import SignatureProfile
from mooring.plugin_manager import plugin_manager
from mooring.sdk.webhook import Request, Response
from tests.conftest import ROOT
from tests.host.apps import App

HOOKS: dict[str, Callable[..., Any]] = {
    name: hook for name, hook in vars(hookspecs).items() if name.startswith("mooring_")
}
OBSERVING = {"mooring_run_changed", "mooring_function_handled"}
COUNT_UP = """\
from mooring.sdk import Job, JobStatus


class Count(Job):
    def prepare(self, params, status=None, resuming=False):
        return JobStatus({"n": 0})

    def perform(self, status):
        status.state["n"] += 1
        return JobStatus(status.state, complete=status.state["n"] == 2)
"""


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_says_when_it_is_called_who_answers_and_how_that_looks(name: str) -> None:
    said = inspect.getdoc(HOOKS[name]) or ""
    sentence, *rest = said.split("\n\n")
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert re.search(r"^When: .+\. Who: .+\.", "\n".join(rest), re.MULTILINE | re.DOTALL)
    assert re.search(r"^Example: ``.+``$", said, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", HOOKS)
def test_the_host_calls_a_hook_and_hands_over_what_it_promises(name: str) -> None:
    code = "".join(path.read_text("utf-8") for path in sorted((ROOT / "mooring").rglob("*.py")))
    calls = re.findall(rf"\.hook\.{name}\(([^()]*)\)", code)
    offered = set(inspect.signature(HOOKS[name]).parameters)
    assert calls, f"nothing calls {name}"
    assert [set(re.findall(r"(\w+)=", call)) for call in calls] == [offered] * len(calls)


@pytest.fixture
def installation(host: Host, tmp_path: Path) -> Installation:
    app = App(tmp_path / "app").function("hello", "return Response(200, {'by': 'the app'})")
    app.write("src/jobs/count.py", COUNT_UP)
    app.jobs["count"] = {"entry_point": "Count", "description": "Counts to two."}
    return host.lifecycle.install(app.finish())


@pytest.mark.parametrize("name", sorted(HOOKS.keys() - OBSERVING))
def test_a_hook_that_asks_something_has_an_answer_of_our_own(
    host: Host, installation: Installation, name: str
) -> None:
    host.definition(installation)  # mounts the app, whose manifest answers the app hooks
    caller: pluggy.HookCaller = getattr(host.plugins.hook, name)
    assert caller.get_hookimpls()


def test_a_plugin_that_asks_to_be_first_answers_for_the_app(
    host: Host, installation: Installation
) -> None:
    class Other:
        def __init__(self, request: Request) -> None:
            self.request = request

        def perform(self) -> Response:
            return Response(200, {"by": "the plugin"})

    class Plugin:
        @hookimpl(tryfirst=True)
        def mooring_function_class(self, app: str, name: str) -> type[Any] | None:
            return Other if (app, name) == (installation.app, "hello") else None

    request = Request("POST")
    assert host.invoke(installation, "hello", request).body_json == {"by": "the app"}
    host.plugins.register(Plugin())
    assert host.invoke(installation, "hello", request).body_json == {"by": "the plugin"}


def test_a_run_is_observed_from_its_start_to_its_end(
    host: Host, installation: Installation
) -> None:
    seen: list[tuple[str, RunStatus, int]] = []

    class Observer:
        @hookimpl
        def mooring_run_changed(self, run: Run) -> None:
            seen.append((run.job, run.status, run.steps))

    host.plugins.register(Observer())
    host.jobs.execute_until_final(host.jobs.trigger(installation, "count", {}).run_id)
    assert seen == [("count", RunStatus.RUNNING, 0), ("count", RunStatus.COMPLETE, 2)]


def test_an_observer_that_fails_costs_the_run_nothing(
    host: Host, installation: Installation
) -> None:
    class Broken:
        @hookimpl
        def mooring_run_changed(self, run: Run) -> None:
            raise RuntimeError(f"no room for {run.job}")

    host.plugins.register(Broken())
    done = host.jobs.execute_until_final(host.jobs.trigger(installation, "count", {}).run_id)
    assert done.status is RunStatus.COMPLETE
    assert "no room for count" in (host.home.logs / "mooring.jsonl").read_text("utf-8")


def test_a_plugin_brings_a_signature_of_its_own(host: Host) -> None:
    acme = SignatureProfile(name="acme", header="x-acme", algorithms=("sha256",))
    host.plugins.register(SimpleNamespace(mooring_signature_profiles=hookimpl(lambda: [acme])))
    assert host.signature_profiles["acme"] == acme
    assert "github" in host.signature_profiles


def test_two_signatures_of_one_name_are_an_error(host: Host) -> None:
    github = SignatureProfile(name="github", header="x-other")
    host.plugins.register(SimpleNamespace(mooring_signature_profiles=hookimpl(lambda: [github])))
    with pytest.raises(ConfigurationInvalid, match=r"called github.*--safe-mode"):
        _ = host.signature_profiles


def test_a_plugin_with_a_hook_that_no_spec_knows_is_refused_by_its_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    unknown = SimpleNamespace(mooring_run_vanished=hookimpl(lambda: None))
    monkeypatch.setattr(
        "mooring.plugin_manager.load_distributions",
        lambda manager: manager.register(unknown, name="harbour 1.0: pier"),
    )
    with pytest.raises(ConfigurationInvalid, match=r"harbour 1\.0: pier.*mooring_run_vanished"):
        plugin_manager()
    assert not plugin_manager(safe_mode=True).has_plugin("harbour 1.0: pier")
