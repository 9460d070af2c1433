"""Where are an installation's settings shown and submitted, section by section or as a file?"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mooring.engine.forms import Answers
from mooring.engine.settings import AUTHORIZE, SAVE, SettingsDesk, SettingsOutcome
from mooring.errors import SettingsRefused
from mooring.model.installation import Installation
from mooring.reading.settings_file import fill_from_environment, read_settings_file

if TYPE_CHECKING:
    from mooring.hosting.host import Host


class AppSettings:
    """The settings of one host's installations."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def of(self, installation: Installation) -> SettingsDesk:
        """Return where the installation's settings are shown and submitted."""
        host, definition = self._host, self._host.definition(installation)
        return SettingsDesk(
            definition.settings_form,
            host.services.settings(installation, definition, vault=host.vault),
            call_app=lambda hook, *arguments: host.lifecycle.call(installation, hook, *arguments),
            app_id=installation.app_id,
            mask=host.masker,
            submitted=partial(self._submitted, installation),
            rejected=host.attention.noticing(installation, began=host.clock.now()),
            bound=host.oauth.of(installation).bound,
        )

    def answers(self, installation: Installation) -> Answers:
        """Return what is stored of the installation's form, secrets in clear."""
        host, definition = self._host, self._host.definition(installation)
        stored = host.services.settings(installation, definition, vault=host.vault)
        return {s.key: stored.get(s.key) for s in definition.settings_form.sections}

    def submit_file(
        self, installation: Installation, path: Path, *, environment: Mapping[str, str]
    ) -> list[SettingsOutcome]:
        """Expand a configuration file and submit what the app makes of it.

        Raises ConfigurationInvalid and SettingsRefused with the line.
        """
        file = read_settings_file(path, environment=environment)
        variables = self._host.lifecycle_class(installation).settings_file_variables
        fill_from_environment(file.values, variables, environment=environment)
        try:
            return self.of(installation).submit_document(file.values)
        except SettingsRefused as refusal:
            raise file.placed(refusal) from refusal

    def _submitted(self, installation: Installation, action: str, outcome: SettingsOutcome) -> None:
        """Keep who submitted what, but no value; what is accepted needs attention no more."""
        self._host.history.record(
            installation,
            "settings",
            outcome="done" if outcome.ok else "failed",
            message=f"section {outcome.section}, action {action}",
        )
        # Whoever sets out to a provider has yet to come back with an access that works.
        if outcome.ok and action != AUTHORIZE and (action == SAVE or outcome.renewed):
            self._host.attention.clear(installation, outcome.section)
