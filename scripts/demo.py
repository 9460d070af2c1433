"""Does the whole product work here? Runs it against local services and tells what happened.

Starts the sandbox (Optimizely and Brevo on this machine) and a host in `.demo/`, installs the
connector at the top of this tree, connects the accounts, synchronises, and lets a schedule and a
webhook do it again. With --stay both keep running until Ctrl-C.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from sandbox.running import Running, running
from scripts.local_services import APP, SETTINGS_FILE, SHOP, environment

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / ".demo"
FLAG = "gift_cards"
SHOWN = ("ENABLED_FEATURES", "EXPERIMENT_VARIATION", "EXPERIMENT_NAME", "VARIATION_NAME")
FREE_PORTS = ("--public-port", "0", "--console-port", "0")
EVERY_TEN_SECONDS, EVERY_TWO_HOURS = "0/10 * * * * ?", "0 */2 * * *"
PATIENCE = 90.0  # seconds until something that should happen by itself counts as missing

console = Console(highlight=False)


class Demo:
    """A host in a home of its own, driven through its command line as anybody would."""

    def __init__(self, sandbox: Running) -> None:
        self.sandbox = sandbox
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("MOORING_", "APP_ENV_"))},
            "MOORING_HOME": str(DEMO / "home"),
            "MOORING_SECRETS": "encrypted",
            **environment(sandbox),
        }

    def mooring(self, *arguments: str) -> Any:  # Any: JSON
        """Run a command and return what it says; one that fails ends the demo with its words."""
        console.print(f"[dim]$ mooring {shlex.join(arguments)}[/dim]", soft_wrap=True)
        done = subprocess.run(
            [sys.executable, "-m", "mooring", "--json", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"demo: mooring {arguments[0]} failed: {done.stderr or done.stdout}")
        return json.loads(done.stdout)

    @contextmanager
    def serve(self) -> Iterator[dict[str, str]]:
        """Run the host for the length of the block; give its addresses."""
        with (DEMO / "serve.log").open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "mooring", "serve", "--json", *FREE_PORTS],
                cwd=ROOT,
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise SystemExit(f"demo: the host did not start: {_tail(DEMO / 'serve.log')}")
            yield json.loads(line)
        finally:
            process.terminate()
            process.wait(15)

    def runs(self) -> list[dict[str, Any]]:
        """Return the latest runs, newest first, without showing the command."""
        done = subprocess.run(
            [sys.executable, "-m", "mooring", "--json", "jobs", "list", APP],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return list(json.loads(done.stdout))

    def next_run(self, known: set[str], *, why: str) -> dict[str, Any]:
        """Wait for a run that nobody here triggered to complete."""
        deadline = time.monotonic() + PATIENCE
        with console.status(f"waiting for {why} …"):
            while time.monotonic() < deadline:
                for run in self.runs():
                    if run["run_id"] not in known and run["status"] == "COMPLETE":
                        return run
                    if run["run_id"] not in known and run["status"] == "ERROR":
                        raise SystemExit(f"demo: the run failed: {run['error']}")
                time.sleep(0.5)
        raise SystemExit(f"demo: {why} did not happen within {PATIENCE:.0f} seconds.")


def main(arguments: list[str]) -> None:
    """Show the product at work, then stop or stay."""
    # Whoever ends the demo ends what it started, as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    stay = "--stay" in arguments
    started = time.monotonic()
    shutil.rmtree(DEMO, ignore_errors=True)
    DEMO.mkdir()
    with running() as sandbox:
        demo = Demo(sandbox)
        headline("Optimizely and Brevo, on this machine")
        console.print(f"{sandbox.url}/ has {len(sandbox.contacts()):,} contacts and four projects.")
        with demo.serve() as addresses:
            connect(demo)
            first_sync(demo)
            scheduled_sync(demo)
            webhook(demo)
            closing(demo, addresses, seconds=time.monotonic() - started)
            if stay:
                wait_for_ctrl_c()


def connect(demo: Demo) -> None:
    """Install the connector and submit its settings."""
    headline("Install the connector, connect the accounts")
    demo.mooring("install", ".")
    answer = demo.mooring("settings", APP, "--file", str(SETTINGS_FILE.relative_to(ROOT)))
    console.print("Saved: " + ", ".join(section["section"] for section in answer["sections"]))


def first_sync(demo: Demo) -> None:
    """Synchronise everything once and show three contacts before and after."""
    headline("First synchronisation")
    before = _by_email(demo.sandbox)
    run = demo.mooring("jobs", "trigger", APP, "sync", "--wait")
    report(run)
    after = _by_email(demo.sandbox)
    enriched = sum(bool(c["attributes"].get("FEATURE_FLAGS_SYNCED")) for c in after.values())
    console.print(f"[bold]{enriched:,} of {len(after):,} contacts synchronised in Brevo.[/bold]")
    if enriched != len(after):
        raise SystemExit("demo: not every contact was synchronised.")
    for email in list(after)[:3]:
        show_contact(email, before[email]["attributes"], after[email]["attributes"])


def scheduled_sync(demo: Demo) -> None:
    """Let a schedule start the next run, which has nothing to write."""
    headline("A run that the schedule starts")
    known = {run["run_id"] for run in demo.runs()}
    demo.mooring("settings", APP, "sync", "--set", f"schedule={EVERY_TEN_SECONDS}")
    run = demo.next_run(known, why="the schedule")
    demo.mooring("settings", APP, "sync", "--set", f"schedule={EVERY_TWO_HOURS}")
    report(run)
    _settle(demo)


def webhook(demo: Demo) -> None:
    """Change a flag over there and let the signed webhook bring it here."""
    headline(f"A flag changes in Optimizely: {FLAG} is switched on for 30 % of all")
    known = {run["run_id"] for run in demo.runs()}
    position = demo.sandbox.received()[-1]["sequence"]
    change = {"project_id": SHOP, "environment": "production", "flag": FLAG}
    demo.sandbox.change(**change, enable=True)
    demo.sandbox.change(**change, percentage=30)
    published = demo.sandbox.publish(SHOP)
    answers = ", ".join(str(posted["status"]) for posted in published["webhooks"])
    console.print(f"Datafile revision {published['revision']}; the webhook answered {answers}.")
    report(demo.next_run(known, why="the webhook's run"))
    writes = demo.sandbox.received(service="brevo", after=position)
    calls = "one call" if len(writes) == 1 else f"{len(writes)} calls"
    console.print(f"Only the contacts whose values changed were written, in {calls} to Brevo.")


def closing(demo: Demo, addresses: Mapping[str, str], *, seconds: float) -> None:
    """Say where everything is."""
    headline("Where everything is")
    urls = demo.mooring("functions", APP)
    for name, url in {**addresses, **urls, "sandbox": demo.sandbox.url}.items():
        console.print(f"  {name.ljust(20)} {url}", soft_wrap=True)
    console.print(f"  {'home'.ljust(20)} .demo/home  (MOORING_HOME)")
    console.print(f"\nDone in {seconds:.0f} seconds.")


def headline(text: str) -> None:
    """Begin a part of the story."""
    console.print(f"\n[bold]{text}[/bold]")


def report(run: Mapping[str, Any]) -> None:
    """Show what each stage of a run did."""
    table = Table("stage", "what it did", box=None, pad_edge=False)
    for stage, facts in run["state"]["report"].items():
        shown = (f"{_said(value)} {name}" for name, value in facts.items() if value != [])
        table.add_row(stage, ", ".join(shown))
    console.print(f"Run {run['run_id']}: {run['status']} in {run['steps']} steps")
    console.print(table)


def show_contact(email: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Show one contact's attributes before and after."""
    table = Table(email, "before", "after", box=None, pad_edge=False)
    for name in SHOWN:
        table.add_row(name, str(before.get(name) or "–"), str(after.get(name) or "–"))
    console.print(table)


def wait_for_ctrl_c() -> None:
    """Keep everything running."""
    console.print("Everything keeps running; Ctrl-C stops it.")
    try:
        while True:
            time.sleep(1)
    except KeyboardInterrupt:
        console.print("Stopped.")


def _settle(demo: Demo) -> None:
    """Wait until no run is under way, so that the next one can be told apart."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if all(run["status"] in ("COMPLETE", "ERROR", "TERMINATED") for run in demo.runs()):
            return
        time.sleep(0.5)


def _by_email(sandbox: Running) -> dict[str, dict[str, Any]]:
    return {contact["email"]: contact for contact in sandbox.contacts() if contact.get("email")}


def _said(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def _tail(path: Path) -> str:
    return "\n".join(path.read_text("utf-8", "replace").splitlines()[-5:])


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit("demo: stopped.")
