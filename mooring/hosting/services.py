"""Of which adapters do the services of one call into an app consist?

Stores, clients and ODP files are opened on first use and kept until the host closes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from mooring.adapters.app_environment import app_environment, credentials_in
from mooring.adapters.budgets import BudgetKeeper, Budgets
from mooring.adapters.database import Database
from mooring.adapters.home import Home
from mooring.adapters.logs import JsonLog
from mooring.adapters.masking import Masker
from mooring.adapters.odp_embedded import EmbeddedOdp
from mooring.adapters.outbound import loopback_origins
from mooring.adapters.record_stores import KeyValueRecords, SecretRecords, SettingsRecords
from mooring.adapters.secrets.vault import Vault
from mooring.adapters.shared_budgets import SharedBudgets
from mooring.adapters.tracing import Tracing
from mooring.adapters.undo_journal import UndoJournal
from mooring.model.app import AppDefinition
from mooring.model.form import secret_fields
from mooring.model.installation import Installation
from mooring.sdk.context import Services
from mooring.sdk.dead_letters import DeadLettersPort
from mooring.sdk.oauth_port import OAuthPort
from mooring.sdk.ports import Clock, FunctionsPort, HttpRequest, JobsPort, NotificationsPort

if TYPE_CHECKING:
    from mooring.adapters.http_client import HttpClient


class AppServices:
    """Builds the services of installations, each its own and nobody else's."""

    def __init__(
        self,
        *,
        home: Home,
        database: Database,
        clock: Clock,
        given_environment: Mapping[str, str],
        closing: ExitStack,
        masker: Masker,
        tracing: Callable[[], Tracing],
    ) -> None:
        self._home = home
        self._database = database
        self._clock = clock
        self._given = given_environment
        self._closing = closing
        self._masker = masker
        self._tracing = tracing
        self._clients: dict[Path, HttpClient] = {}
        self._odp: dict[str, EmbeddedOdp] = {}
        self._opening = threading.Lock()

    def of(
        self,
        installation: Installation,
        definition: AppDefinition,
        *,
        vault: Vault,
        jobs: JobsPort,
        functions: FunctionsPort,
        notifications: NotificationsPort,
        oauth: OAuthPort,
        log: JsonLog,
        dead_letters: DeadLettersPort,
    ) -> Services:
        """Return the ports of a call on behalf of an installation."""
        environment = self._environment(definition)
        return Services(
            settings=self.settings(installation, definition, vault=vault),
            secrets=self.secrets(installation, vault=vault),
            kv_store=self._records(installation.owner),
            shared_kv_store=self._records(installation.shared_owner),
            http=self._tracing().http(
                self._client(definition, environment), app_id=installation.app_id
            ),
            odp=self.odp(installation.account),
            jobs=jobs,
            functions=functions,
            notifications=notifications,
            oauth=oauth,
            log=log,
            clock=self._clock,
            dead_letters=dead_letters,
            environment=environment,
        )

    def noting(
        self,
        services: Services,
        installation: Installation,
        definition: AppDefinition,
        *,
        journal: UndoJournal,
        jobs: JobsPort,
    ) -> Services:
        """Return the same ports, with what they change here noted in the journal."""
        database, vault = journal.database, journal.vault
        owner, shared = installation.owner, installation.shared_owner
        return replace(
            services,
            settings=self.settings(installation, definition, vault=vault, database=database),
            secrets=self.secrets(installation, vault=vault),
            kv_store=KeyValueRecords(database, owner=owner, clock=self._clock),
            shared_kv_store=KeyValueRecords(database, owner=shared, clock=self._clock),
            jobs=jobs,
        )

    def settings(
        self,
        installation: Installation,
        definition: AppDefinition,
        *,
        vault: Vault,
        database: Database | None = None,
    ) -> SettingsRecords:
        """Return the settings, whose secret fields live in the vault."""
        return SettingsRecords(
            database or self._database,
            owner=installation.owner,
            vault=vault,
            secret_fields={s.key: secret_fields(s) for s in definition.settings_form.sections},
            clock=self._clock,
        )

    def secrets(self, installation: Installation, *, vault: Vault) -> SecretRecords:
        """Return the installation's own secret records (not those of its form)."""
        return SecretRecords(vault, owner=installation.owner)

    def odp(self, account: str) -> EmbeddedOdp:
        """Return the account's embedded ODP."""
        with self._opening:
            if account not in self._odp:
                store = EmbeddedOdp.open(self._home.odp(account), clock=self._clock)
                self._closing.callback(store.close)
                self._odp[account] = store
            return self._odp[account]

    def outbound_check(self, definition: AppDefinition) -> Callable[[HttpRequest], None]:
        """Return what refuses, with OutboundDenied, a call that an app may not make."""
        return self._client(definition, self._environment(definition)).check

    def _records(self, owner: str) -> KeyValueRecords:
        return KeyValueRecords(self._database, owner=owner, clock=self._clock)

    def _environment(self, definition: AppDefinition) -> Mapping[str, str]:
        environment = app_environment(
            definition.root, declared=definition.manifest.environment, given=self._given
        )
        for value in credentials_in(environment):
            self._masker.learn(value)
        return environment

    def _client(self, definition: AppDefinition, environment: Mapping[str, str]) -> HttpClient:
        """Keep one HTTP client per app version: building one costs tens of milliseconds.

        Importing httpx costs as many, which commands that call no app should not pay.
        """
        from mooring.adapters.http_client import HttpClient

        with self._opening:
            if definition.root not in self._clients:
                client = HttpClient(
                    app_id=definition.manifest.meta.app_id,
                    outbound_domains=definition.manifest.outbound_domains,
                    loopback_origins=loopback_origins(environment),
                    budgets=self._budgets,
                    clock=self._clock,
                )
                self._closing.callback(client.close)
                self._clients[definition.root] = client
            return self._clients[definition.root]

    @cached_property
    def _budgets(self) -> Budgets:
        """What all processes keep to that use a credential: on this machine, or on several."""
        budgets: Budgets
        if self._database.is_postgresql:
            budgets = SharedBudgets(self._database, clock=self._clock)
        else:
            budgets = BudgetKeeper(self._home.path / "budgets.sqlite", clock=self._clock)
        self._closing.callback(budgets.close)
        return budgets
