"""What is an app made of in tests? Of functions and jobs that the test writes itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any

import yaml

HEAD = "import asyncio, time\nfrom mooring.sdk import Function, GlobalFunction, Response, storage\n"
LIFECYCLE = """\
from mooring.sdk import Lifecycle as Base, LifecycleResult, LifecycleSettingsResult


class Lifecycle(Base):
    def on_install(self):
        return LifecycleResult(success=True)

    def on_settings_form(self, section, action, form_data):
        return LifecycleSettingsResult()
"""
FORM = """\
sections:
  - key: main
    label: Main
    elements:
      - type: text
        key: name
        label: Name
        help: Any name.
"""
COUNT = """\
from mooring.sdk import Job, JobStatus, Progress, logger


class Count(Job):
    def prepare(self, parameters, status=None, resuming=False):
        return JobStatus(state={"n": 0})

    def perform(self, status):
        n = status.state["n"] + 1
        logger.info("counted", n=n)
        if why := self.invocation.parameters.get("fails"):
            logger.warn("odd", reason="the moon")
            raise ValueError(why)
        return JobStatus(state={"n": n}, complete=n == 3, progress=Progress(n, 3, "sheep"))
"""
FILES = (
    *("assets/directory/overview.md", "assets/icon.svg", "assets/logo.svg", "src/__init__.py"),
    *("src/functions/__init__.py", "src/lifecycle/__init__.py", "src/jobs/__init__.py"),
)


@dataclass
class App:
    """An app in the making: functions by name, as the body of their `perform`."""

    root: Path
    functions: dict[str, dict[str, Any]] = field(default_factory=dict)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)

    def function(self, name: str, body: str, **declared: Any) -> App:
        """Add a function; a body with `await` in it makes a coroutine."""
        class_name = name.title().replace("_", "")
        kind = "async def" if "await " in body else "def"
        base = "GlobalFunction" if declared.get("global") else "Function"
        lines = [f"class {class_name}({base}):", f"    {kind} perform(self):"]
        lines += [f"        {line}" for line in dedent(body).strip().splitlines()]
        code = HEAD + "\n\n" + "\n".join(lines) + "\n"
        self.write(f"src/functions/{name}.py", code)
        entry = {"entry_point": class_name, "description": f"Does {name}.", **declared}
        self.functions[name] = entry
        return self

    def counting(self, **declared: Any) -> App:
        """Add the job `count`: three steps, or one that fails for the reason it is given."""
        self.jobs["count"] = {"entry_point": "Count", "description": "Counts.", **declared}
        self.write("src/jobs/count.py", COUNT)
        return self

    def finish(self) -> Path:
        """Write everything else that an app needs."""
        for name in FILES:
            self.write(name, "x" if name.startswith("assets") else "")
        self.write("src/lifecycle/lifecycle.py", LIFECYCLE)
        self.write("forms/settings.yml", FORM)
        meta = {
            "app_id": "shop",
            "display_name": "The <Shop> & Co",
            "version": "1.0.0-dev",
            "vendor": "acme",
            "support_url": "https://example.com",
            "summary": "Sells things.",
            "contact_email": "a@example.com",
            "categories": ["Commerce Platform"],
            "availability": ["all"],
        }
        sections = {"functions": self.functions, "jobs": self.jobs}
        filled = {name: section for name, section in sections.items() if section}
        manifest = {"meta": meta, "runtime": "python3.11", **filled}
        self.write("app.yml", yaml.safe_dump(manifest, sort_keys=False))
        return self.root

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
