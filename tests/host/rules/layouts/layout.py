"""How are public apps for OCP laid out? Small apps of the same shape, written for these tests.

Each has the features that its public counterpart shows: elements, conditions, folders, manifest
sections. The apps are written for Node, as those are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from textwrap import dedent

META = """\
meta:
  app_id: {app_id}
  display_name: Sample
  version: {version}
  vendor: sample_vendor
  support_url: https://example.com/help
  summary: Shows a layout.
  contact_email: dev@example.com
  categories: [{category}]
  availability: [{availability}]
runtime: {runtime}
"""


@dataclass(frozen=True, slots=True)
class Layout:
    """One app; ``expected`` are the rules of its problems, ``notice`` that it is for Node."""

    name: str
    form: str
    sections: str = ""
    files: dict[str, str] = field(default_factory=dict)
    expected: tuple[str, ...] = ()
    notice: tuple[str, ...] = ("RUN-1",)
    app_id: str = "sample_app"
    version: str = "1.0.0-dev.1"
    category: str = "CRM"
    availability: str = "us"
    runtime: str = "node22"
    without: str = ""

    def texts(self) -> dict[str, str]:
        """Return every file of the app."""
        meta = META.format(
            app_id=self.app_id,
            version=self.version,
            category=self.category,
            availability=self.availability,
            runtime=self.runtime,
        )
        return {
            "app.yml": (meta + dedent(self.sections)).replace(self.without, "")
            if self.without
            else meta + dedent(self.sections),
            "forms/settings.yml": dedent(self.form),
            "assets/directory/overview.md": "# Sample\n\nSee [the set-up](#sample).\n",
            "assets/icon.svg": "<svg/>",
            "assets/logo.svg": "<svg/>",
            "src/lifecycle/Lifecycle.ts": "export class Lifecycle {}\n",
            **{name: dedent(text) for name, text in self.files.items()},
        }
